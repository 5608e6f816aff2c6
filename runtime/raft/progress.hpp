#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/raft/log_terms.hpp"

#include <cstdint>
#include <deque>

namespace troupe::raft {

/// How a leader learns what a member has.
enum class progress_mode : std::uint8_t {
  probing,       ///< it is not known yet where the logs part: one message with entries at a time
  replicating,   ///< entries are sent before earlier ones are confirmed
  snapshotting,  ///< the entries it needs are gone: it gets a snapshot, piece by piece
};

/// What the leader of one term knows of one other member. Requests are numbered, and what a reply says is believed only
/// as far as it cannot be out of date: a confirmed entry stays confirmed, but a refusal counts only when it answers a
/// request that was sent after the last refusal that counted (M36).
class progress {
 public:
  /// A member whose log is believed to end before `next`.
  progress(std::int64_t next, monotonic_time now) : next_(next), heard_at_(now), caught_up_at_(now) {}

  progress_mode mode() const { return mode_; }
  std::int64_t match() const { return match_; }
  std::int64_t next() const { return next_; }
  monotonic_time heard_at() const { return heard_at_; }
  monotonic_time caught_up_at() const { return caught_up_at_; }

  /// A message of the member came in.
  void heard(monotonic_time now) { heard_at_ = now; }
  /// It has all the leader has.
  void caught_up(monotonic_time now) { caught_up_at_ = now; }

  /// Whether more entries may be on their way.
  bool may_send_entries() const;
  /// The number of the next request.
  std::int64_t take_number() { return ++number_; }
  /// Request `number` goes out with the entries from `next` to `until`.
  void sent(std::int64_t number, std::int64_t until);
  /// The same request carried less.
  void sent_until(std::int64_t number, std::int64_t until);

  /// Entries up to `match` are durable at the member.
  void accepted(std::int64_t number, std::int64_t match);
  /// The member misses something before `next`: the logs part at `parted`, the first entry to send. True when that is
  /// news, and worth sending at once.
  bool refused(std::int64_t number, std::int64_t parted);
  /// Begin at `next` again, with whatever was sent before forgotten.
  void restart(std::int64_t next);

  /// A snapshot on its way.
  struct transfer {
    entry_id at;
    std::int64_t offset = 0;
    std::int64_t number = 0;   ///< of the newest request
    monotonic_time sent_at{};  ///< likewise
  };
  void begin_snapshot(entry_id at);
  transfer& snapshot() { return transfer_; }

 private:
  progress_mode mode_ = progress_mode::probing;
  std::int64_t match_ = 0;
  std::int64_t next_;
  std::int64_t number_ = 0;
  std::int64_t obeyed_from_ = 0;        ///< older refusals are out of date
  std::int64_t entries_number_ = 0;     ///< of the newest request with entries
  bool probe_sent_ = false;
  std::deque<std::int64_t> in_flight_;  ///< ends of the requests with entries that are not confirmed
  transfer transfer_;
  monotonic_time heard_at_;
  monotonic_time caught_up_at_;
};

}  // namespace troupe::raft
