#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::replication {

/// Requests that wait until the high watermark passes an offset, or until their deadline. `Reply` is whatever answers
/// them. Pure; owned by the partition actor. Offsets needed never go down, as appends come in order.
template <class Reply>
class parked_acks {
 public:
  /// `capacity` bounds the queue: `full` must be asked before parking.
  explicit parked_acks(std::size_t capacity) : capacity_(capacity) {}

  bool full() const { return waiting_.size() >= capacity_; }
  bool empty() const { return waiting_.empty(); }

  void park(offset needs, monotonic_time deadline, Reply reply) {
    waiting_.push_back({needs, deadline, std::move(reply)});
  }

  /// All whose offset lies at or below `high_watermark`, oldest first.
  std::vector<Reply> release(offset high_watermark) {
    std::vector<Reply> ready;
    auto next = waiting_.begin();
    for (; next != waiting_.end() && next->needs <= high_watermark; ++next)
      ready.push_back(std::move(next->reply));
    waiting_.erase(waiting_.begin(), next);
    return ready;
  }

  /// All whose deadline has passed at `now`.
  std::vector<Reply> expire(monotonic_time now) {
    std::vector<Reply> late;
    std::vector<entry> kept;
    for (auto& waiting : waiting_)
      if (waiting.deadline <= now)
        late.push_back(std::move(waiting.reply));
      else
        kept.push_back(std::move(waiting));
    waiting_ = std::move(kept);
    return late;
  }

  /// All whose offset lies above `end`, for a log that is cut there.
  std::vector<Reply> take_above(offset end) {
    std::vector<Reply> cut;
    auto next = waiting_.begin();
    while (next != waiting_.end() && next->needs <= end)
      ++next;
    for (auto it = next; it != waiting_.end(); ++it)
      cut.push_back(std::move(it->reply));
    waiting_.erase(next, waiting_.end());
    return cut;
  }

  /// Nobody waits for longer than until `latest`.
  void limit_deadlines(monotonic_time latest) {
    for (auto& waiting : waiting_)
      waiting.deadline = std::min(waiting.deadline, latest);
  }

  /// Everyone, for a loss of the log.
  std::vector<Reply> take_all() { return release(offset{INT64_MAX}); }

  /// The earliest deadline, or `monotonic_time::max()`.
  monotonic_time next_deadline() const {
    auto next = monotonic_time::max();
    for (const auto& waiting : waiting_)
      next = std::min(next, waiting.deadline);
    return next;
  }

 private:
  struct entry {
    offset needs;
    monotonic_time deadline;
    Reply reply;
  };
  std::size_t capacity_;
  std::vector<entry> waiting_;
};

/// Readers that wait until there is more to read, or until their deadline; one request a reader, named by `reader`.
/// Pure; owned by the partition actor.
template <class Request, class Reply>
class parked_reads {
 public:
  struct entry {
    std::uint64_t reader = 0;
    monotonic_time deadline;
    Request request;
    Reply reply;
  };

  bool empty() const { return waiting_.empty(); }

  /// Parks a request and returns an older one of the same reader, which is to be answered now.
  std::optional<entry> park(entry added) {
    for (auto& waiting : waiting_)
      if (waiting.reader == added.reader)
        return std::exchange(waiting, std::move(added));
    waiting_.push_back(std::move(added));
    return std::nullopt;
  }

  /// All whose deadline has passed at `now`.
  std::vector<entry> expire(monotonic_time now) {
    return take([now](const entry& e) { return e.deadline <= now; });
  }

  std::vector<entry> take_all() {
    return take([](const entry&) { return true; });
  }

  /// The earliest deadline, or `monotonic_time::max()`.
  monotonic_time next_deadline() const {
    auto next = monotonic_time::max();
    for (const auto& waiting : waiting_)
      next = std::min(next, waiting.deadline);
    return next;
  }

 private:
  template <class Which>
  std::vector<entry> take(Which which) {
    std::vector<entry> taken, kept;
    for (auto& waiting : waiting_)
      (which(waiting) ? taken : kept).push_back(std::move(waiting));
    waiting_ = std::move(kept);
    return taken;
  }

  std::vector<entry> waiting_;
};

}  // namespace troupe::replication
