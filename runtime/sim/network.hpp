#pragma once

#include "runtime/authority/transport.hpp"
#include "runtime/sim/event_queue.hpp"
#include "runtime/sim/prng.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::sim {

class name_book;
class trace;
struct network_state;

/// How long packets take in one direction: uniform between the two, and now and then much longer.
struct latency {
  std::chrono::nanoseconds least = std::chrono::microseconds{50};
  std::chrono::nanoseconds most = std::chrono::microseconds{500};
  std::uint32_t spikes_per_million = 1'000;
  std::chrono::nanoseconds spike_most = std::chrono::milliseconds{20};
};

/// The network between the hosts of a world. Byte streams keep their order and arrive cut at any byte; what is under
/// way goes on when its sender dies, and may come after what a newer connection brought. Conditions hold for one
/// direction, from the first host to the second; hosts are named, and a name that does not exist is a programming
/// error.
///
/// A cut drops packets: data waits in the sender's system and comes through when the cut heals, a reset is lost for
/// good, a dial is tried again until it times out. A clog delays everything until it is taken away.
class network {
 public:
  /// What one direction of a connection has under way at most, sent but not read: the system's buffers on both sides.
  static constexpr std::size_t window_bytes = 256 * 1024;
  /// How long a dial is tried when nothing comes back.
  static constexpr auto dial_patience = std::chrono::seconds{60};

  /// What the network is made in; all of it outlives the network.
  struct surroundings {
    event_queue& events;
    const virtual_time& now;
    trace& told;
    name_book& names;
    prng random;
  };
  explicit network(const surroundings& around);
  ~network();

  // -- hosts ----------------------------------------------------------------------------------------------------

  /// A new host, switched on. Its processes use the network through the result, which lives as long as the network.
  transport& add_host(const std::string& name);
  /// Nothing of the host's process has effect any more while this is true; asked at each call of it.
  void set_silenced(const std::string& host, std::function<bool()> is_silenced);
  /// The process of `host` ends: its sockets are closed by the system, its callbacks are forgotten.
  void end_process(const std::string& host);
  /// `host` loses power: nobody hears of it.
  void power_off(const std::string& host);
  /// `host` is there again; what is left of older connections is answered with resets.
  void power_on(const std::string& host);
  /// The process of `host` hears of nothing until it goes on; its system goes on taking connections and bytes.
  void pause(const std::string& host, bool is_paused);

  // -- conditions -----------------------------------------------------------------------------------------------

  void cut(const std::string& from, const std::string& to);   ///< one direction
  void heal(const std::string& from, const std::string& to);  ///< likewise
  void cut_both(const std::string& a, const std::string& b);
  void heal_both(const std::string& a, const std::string& b);
  /// Cuts `host` off from all others, in both directions.
  void isolate(const std::string& host);
  /// The opposite, whoever cut it off.
  void rejoin(const std::string& host);
  /// Takes all cuts and clogs away, and lets dials through.
  void heal_all();

  void clog(const std::string& from, const std::string& to);
  void unclog(const std::string& from, const std::string& to);

  void set_latency(const std::string& from, const std::string& to, latency how);
  /// Of all directions that exist or come, but not within a host.
  void set_latency(latency how);
  /// 0: without a limit, as at first.
  void set_bandwidth(const std::string& from, const std::string& to, std::uint64_t bytes_per_second);

  /// Dials are answered as if nobody listened.
  void refuse_dials(const std::string& from, const std::string& to, bool refused);
  /// Dials are not answered at all.
  void drop_dials(const std::string& from, const std::string& to, bool dropped);

  /// Breaks all connections between the two; both ends hear of it.
  void reset_connections(const std::string& a, const std::string& b);
  /// Each piece of data sent breaks its connection instead with this probability.
  void set_resets(std::uint32_t per_million);

  /// How many ends of connections the system of `host` knows.
  std::size_t connection_count(const std::string& host) const;

 private:
  std::shared_ptr<network_state> state_;
};

}  // namespace troupe::sim
