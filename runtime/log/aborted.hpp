#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/ids.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace troupe::log {

/// A transaction that was aborted: its producer's records in [first, last) are not for readers of committed records.
struct aborted_transaction {
  producer_id producer;
  offset first;   ///< of its records in this log
  offset last;    ///< of its marker
  offset stable;  ///< the last stable offset once the marker was there: a later transaction starts at or behind it
  bool operator==(const aborted_transaction&) const = default;
};

/// The aborted transactions of one log, in the order of their markers. On the disk each segment has those whose marker
/// lies in it, in Kafka's `.txnindex` format. Pure; owned by the log.
class aborted_transactions {
 public:
  static constexpr std::size_t entry_bytes = 34;

  /// One more; false when it was there before.
  bool add(const aborted_transaction& one);
  /// Those that a reader of [from, to) must know.
  std::vector<aborted_transaction> between(offset from, offset to) const;
  /// Those whose marker lies in [from, to).
  std::span<const aborted_transaction> ended_in(offset from, offset to) const;
  /// Takes out those whose marker lies in [from, to).
  void erase(offset from, offset to);
  void clear() { all_.clear(); }

 private:
  std::vector<aborted_transaction> all_;
};

/// The content of a `.txnindex` file.
std::vector<std::uint8_t> encode_aborted(std::span<const aborted_transaction> entries);
/// Reads one up to the first entry that cannot be true: an append that did not reach the disk leaves such a tail.
std::vector<aborted_transaction> decode_aborted(bytes_view content);

}  // namespace troupe::log
