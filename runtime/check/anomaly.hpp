#pragma once

#include "runtime/check/operation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::check {

/// What a history can show that a correct log, read by correct clients, would not. Names as in Jepsen's Kafka workload,
/// where it has them.
enum class anomaly : std::uint8_t {
  lost_write,             ///< acknowledged, below something that was read, and read by nobody
  aborted_read,           ///< G1a: read although its send failed or its transaction aborted
  precommitted_read,      ///< a transaction reads what it has sent itself
  unwritten_read,         ///< read although nobody sent it
  duplicate,              ///< one value at several offsets
  inconsistent_offsets,   ///< several values at one offset
  nonmonotonic_send,      ///< a client's later send got the lower offset
  reordered_send,         ///< sent after another client's send was acknowledged, and got the lower offset
  nonmonotonic_poll,      ///< a client's poll goes back behind its last one
  poll_skip,              ///< a client's poll jumps over records that are there
  int_nonmonotonic_poll,  ///< within one operation a poll goes back
  int_poll_skip,          ///< within one operation a poll jumps over records that are there
  int_nonmonotonic_send,  ///< within one operation a later send got the lower offset
  int_send_skip,          ///< within one operation other records lie between two sends
  unseen,                 ///< acknowledged, and not read by the final reads
  consumed_twice,         ///< two committed transactions of a group consumed one record
  g0,                     ///< operations that each wrote before the other
  g0_process,             ///< likewise, when the order of each client's operations is kept
  g0_realtime,            ///< likewise, when what had ended stays before what had not begun
  g1c,                    ///< information that flows in a circle
  g1c_process,            ///< likewise, when the order of each client's operations is kept
  g1c_realtime,           ///< likewise, when what had ended stays before what had not begun
};

constexpr std::size_t anomaly_count = 22;
/// Of each anomaly so many cases are described; the others are counted.
constexpr std::size_t findings_kept_max = 8;

/// "lost-write" and so on, as reports and scripts spell it.
std::string_view name_of(anomaly what);

/// One case of an anomaly, with what a person needs to believe it.
struct finding {
  anomaly what{};
  log_key key = no_key;
  bool excused = false;  ///< there is a reason, named in the text, for which a correct log may show this
  std::string text;      ///< a sentence, then the operations, one a line
};

/// The cases that the checks found in one history.
class findings {
 public:
  /// Counts a case. Gives the finding to be described, or null when enough of its kind are; valid until the next call.
  finding* add(anomaly what, log_key key, bool excused = false);

  /// All cases of `what`, and how many of them are excused.
  std::size_t count(anomaly what) const { return counts_[static_cast<std::size_t>(what)]; }
  std::size_t excused_count(anomaly what) const { return excused_[static_cast<std::size_t>(what)]; }
  const std::vector<finding>& kept() const { return kept_; }

 private:
  std::array<std::size_t, anomaly_count> counts_{};
  std::array<std::size_t, anomaly_count> excused_{};
  std::vector<finding> kept_;
};

}  // namespace troupe::check
