#pragma once

#include "runtime/sim/name_book.hpp"
#include "runtime/sim/network.hpp"
#include "runtime/sim/trace.hpp"

#include <deque>
#include <map>
#include <vector>

namespace troupe::sim {

class dial_attempt;
class stream_end;

/// One direction between two hosts.
struct path {
  bool is_cut = false;
  bool is_clogged = false;
  bool refuses_dials = false;
  bool drops_dials = false;
  latency takes;
  std::uint64_t bytes_per_second = 0;
  virtual_time free_at{0};  ///< when the last byte that was sent has left, with a limited bandwidth

  bool is_blocked() const { return is_cut || is_clogged; }
};

/// A computer on the network: its system with sockets, and the process that uses them.
struct host {
  explicit host(std::string said) : name(std::move(said)) {}

  const std::string name;
  const trace_name* called = nullptr;
  bool is_on = true;
  bool is_paused = false;
  std::unique_ptr<transport> door;
  std::function<bool()> is_silenced = [] { return false; };

  struct listener {
    std::uint64_t number = 0;
    std::shared_ptr<acceptor> to;
  };
  std::map<std::uint16_t, listener> listeners;
  std::map<std::uint64_t, std::shared_ptr<stream_end>> ends;  ///< by number
  std::uint16_t next_port = 49'152;

  // What the process waits for; gone with it, for all of this may hold its actors.
  std::map<std::uint64_t, std::function<void()>> to_hear;
  std::deque<std::function<void()>> unheard;  ///< since it is paused
  std::map<std::uint64_t, std::shared_ptr<dial_attempt>> dials;
  virtual_time last_call{0};  ///< when the transport's thread does the last thing it was asked for
};

/// What the network knows; its parts call each other through here. Handles that outlive the network keep it.
struct network_state : std::enable_shared_from_this<network_state> {
  explicit network_state(const network::surroundings& around)
    : events(around.events), now(around.now), told(around.told), names(around.names), random(around.random) {}

  event_queue& events;
  const virtual_time& now;
  trace& told;
  name_book& names;
  prng random;
  std::map<std::string, host> hosts;
  std::map<std::pair<std::string, std::string>, path> paths;
  latency usual;
  std::uint32_t resets_per_million = 0;
  std::uint64_t last_number = 0;
  bool is_over = false;  ///< the world comes to its end: nothing happens any more

  /// The host of that name, which must exist.
  host& at(const std::string& name);
  /// The direction between the two, made at its first use.
  path& between(const host& from, const host& to);
  /// A time that packets take from one host to the other now.
  std::chrono::nanoseconds draw_latency(path& over);
  /// When `bytes` that leave now have arrived.
  virtual_time arrival(path& over, std::size_t bytes);

  /// The process of `at` hears of something as the next event, or when it is no longer paused; never once it has ended.
  void let_hear(host& at, std::function<void()> what);
  /// The process of `at` ends, and what it waited for with it.
  void end_process(host& at);
  /// The transport's thread of `at` does something soon, in the order of the calls.
  void call_soon(host& at, std::function<void()> what);
  /// What waited because of a condition goes on where it can.
  void release();
  /// A port of `on` that nobody listens on.
  std::uint16_t free_port(host& on);
  /// Tells the trace about `at`.
  void tell(const host& at, std::string what) { told.event(*at.called, std::move(what)); }

 private:
  void hear(host& at, std::uint64_t number);
};

}  // namespace troupe::sim
