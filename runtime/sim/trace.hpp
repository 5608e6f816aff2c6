#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/sim/event_queue.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::sim {

/// A name that comes again and again: hashed once, kept by whoever made it for as long as the trace lives.
struct trace_name {
  explicit trace_name(std::string said);
  std::string text;
  std::uint64_t hash = 0;
};

/// What happened in a world: each event goes into a running hash, the last ones are kept for whoever looks into a
/// failure, and all are told to a callback on request. Nothing that depends on addresses or on the order of a hash
/// table may come in here: equal seeds must give equal hashes in any process.
class trace {
 public:
  /// Hears each event as a line for people.
  using listener = std::function<void(const std::string& line)>;

  /// Keeps the last `kept` events. `now` is the world's time and outlives this.
  trace(const virtual_time& now, std::size_t kept) : now_(now), ring_(kept) {}

  /// An event of `where`, a machine or a part of the world, told in `what`.
  void event(const trace_name& where, std::string what);
  /// An actor handles a message; called for each, so nothing is formatted here.
  void message(const trace_name& machine, const trace_name& actor, std::uint64_t id, const trace_name& what);
  /// The network has brought `bytes` to `where`; likewise.
  void received(const trace_name& where, std::size_t bytes, const trace_name& from);
  /// Bytes that somebody was given; only into the hash.
  void content(bytes_view bytes);

  void listen(listener to) { listener_ = std::move(to); }
  std::uint64_t hash() const { return hash_; }
  /// How many events there were.
  std::uint64_t count() const { return count_; }
  /// The events kept, oldest first.
  std::vector<std::string> last_lines() const;

 private:
  struct entry {
    virtual_time at;
    const trace_name* where = nullptr;
    const trace_name* actor = nullptr;
    const trace_name* message = nullptr;  ///< without an actor: where bytes came from
    std::uint64_t id = 0;                 ///< of the actor; or how many bytes
    std::string text;
  };
  static std::string line(const entry& of);
  void mix(std::uint64_t word);
  void keep(entry e);

  const virtual_time& now_;
  std::vector<entry> ring_;
  std::uint64_t count_ = 0;
  std::uint64_t hash_ = 0;
  listener listener_;
};

/// A hash of `text` that is the same on every platform.
std::uint64_t stable_hash(std::string_view text);

}  // namespace troupe::sim
