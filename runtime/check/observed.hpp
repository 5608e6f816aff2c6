#pragma once

#include "runtime/base/error.hpp"
#include "runtime/check/history.hpp"

#include <span>
#include <vector>

namespace troupe::check {

/// No place, no log.
constexpr std::uint32_t none = UINT32_MAX;

/// What became of a value that was sent.
enum class fate : std::uint8_t {
  committed,  ///< acknowledged, committed, or of a transaction of which something was read
  failed,     ///< its send failed or its transaction aborted: it must not be seen
  unknown,    ///< nobody was told; it is there when it was read
  unwritten,  ///< nobody sent it
};

/// One value of one partition.
struct written {
  value what;
  fate is = fate::unwritten;
  bool finally_read = false;               ///< by the final reads
  operation_number writer = no_operation;  ///< whose send it is
  operation_number reader = no_operation;  ///< the first that read it; `writer` itself only when nobody else did
  offset at = no_offset;                   ///< lowest offset at which it is visible
  std::uint32_t first_place = none;        ///< place of that offset in the order
  std::uint32_t last_place = none;         ///< place of the highest one
};

/// A value seen at an offset.
struct sighting {
  offset at;
  std::uint32_t value_number;
  bool visible;  ///< read, or committed and acknowledged; not what an aborted transaction was told
  auto operator<=>(const sighting&) const = default;
};

/// What all operations together tell of one partition's log.
struct observed_log {
  log_key key;
  std::vector<written> values;      ///< by value; a value's place here is its number
  std::vector<sighting> sightings;  ///< each pair of offset and value once, by offset
  /// The known visible records, one an offset, without the gaps: indexes into `sightings`. Where several values were
  /// seen at an offset, the first stands for all.
  std::vector<std::uint32_t> order;
  /// How many records before each place (and one behind the last) a reader must not leave out.
  std::vector<std::uint32_t> due_before;

  const sighting& at_place(std::uint32_t place) const { return sightings[order[place]]; }
  const written& value_at(std::uint32_t place) const { return values[at_place(place).value_number]; }
  /// Place of the first known visible record at or behind `at`.
  std::uint32_t place_of(offset at) const;
  /// Records in [from, to) that a reader must not leave out.
  std::uint32_t due(std::uint32_t from, std::uint32_t to) const { return due_before[to] - due_before[from]; }
};

/// The logs as all operations together saw them, and where in them each step and record belongs. Borrows the history.
class observed {
 public:
  /// `reads_are_committed`: what was read of a transaction proves that all of it was committed. Fails with
  /// `errc::value_sent_twice` for a history that cannot be judged.
  static expected<observed> from(const history& h, bool reads_are_committed = true);

  const history& run() const { return *history_; }
  const std::vector<observed_log>& logs() const { return logs_; }
  /// The log that `s`, a step of the history, is about; `none` when it is about no partition.
  std::uint32_t log_of(const step& s) const { return log_of_step_[&s - history_->all_steps().data()]; }
  /// The value that the send `s` wrote.
  const written& value_of(const step& s) const;
  /// The value that `r`, a record of the poll `s`, holds.
  const written& value_of(const step& s, const record& r) const;
  /// The place of `r`, a record of a poll, in its log's order.
  std::uint32_t place_of(const record& r) const { return places_[&r - history_->all_records().data()]; }
  /// Where the send `s` went: where it was acknowledged, else where it was seen first; `no_offset` when unknown.
  offset offset_of(const step& s) const { return s.at != no_offset ? s.at : value_of(s).at; }

  /// The first operation that was told or read that `what` is at `at`; for reports, since it searches the history.
  operation_number witness(log_key key, value what, offset at) const;

 private:
  observed(const history& h, bool reads_are_committed) : history_(&h), reads_are_committed_(reads_are_committed) {}
  void find_logs();
  error number_sends();
  void number_reads();
  void decide_fates();
  void collect_sightings();
  void order_log(observed_log& log);
  void place_records();
  bool was_seen(const operation& op) const;

  const history* history_;
  bool reads_are_committed_;
  std::vector<observed_log> logs_;
  std::vector<std::uint32_t> log_of_step_;    // by step
  std::vector<std::uint32_t> value_of_step_;  // by step, of sends
  std::vector<std::uint32_t> value_of_record_;
  std::vector<std::uint32_t> places_;  // by record
};

}  // namespace troupe::check
