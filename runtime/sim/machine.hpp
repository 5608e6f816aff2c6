#pragma once

#include "runtime/authority/log_sink.hpp"
#include "runtime/authority/transport.hpp"
#include "runtime/sim/disk.hpp"
#include "runtime/sim/machine_clock.hpp"
#include "runtime/sim/mail_listener.hpp"
#include "runtime/sim/random.hpp"
#include "runtime/sim/slow_disk.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace caf {
class actor_system;
class actor_system_config;
}  // namespace caf

namespace troupe::sim {

class machine;
class scheduler;
struct trace_name;
struct world_parts;

/// What runs on a machine: its root actor, with whose end the process ends, and what must live longer than the actors.
struct process {
  caf::actor root;
  std::shared_ptr<void> keep;  ///< destroyed when all actors are gone and before their system
};

/// Called at each start of a machine: makes the node's context of what the machine gives, and spawns its root.
using boot = std::function<process(machine&)>;

/// Which state of the disk a power loss leaves; see `simulated_disk::power_loss`.
struct power_cut {
  power_loss_mode mode = power_loss_mode::weakest;
  std::uint64_t seed = 0;
};

/// A computer of a world: a disk, clocks, random streams, a place in the network, and one process at a time. Its faults
/// are called from outside of actors, that is between two steps of the world. Made by `world::add_machine`.
class machine {
 public:
  /// Use `world::add_machine`.
  machine(world_parts& in, std::string name, boot how);
  ~machine();

  const std::string& name() const { return name_; }

  // -- what a process is given, from its boot on ------------------------------------------------------------------

  /// A fresh one at each start; only while the machine runs.
  caf::actor_system& system() { return *system_; }
  simulated_disk& storage() { return storage_; }
  machine_clock& time() { return time_; }
  random_source& random() { return random_; }
  transport& network() { return network_; }
  log_sink& log() { return *log_; }

  // -- its life ---------------------------------------------------------------------------------------------------

  /// Starts the process, and the machine when it was without power. Nothing when it runs.
  void start();
  /// The process dies: its memory is gone, the page cache is kept, the system closes its sockets.
  void crash();
  /// The machine loses power: nobody hears of it, and the disk keeps what was durable and some of the rest.
  void power_loss(power_cut how);
  /// The process dies at its n-th operation on the disk from now on, in the middle of a handler; 0 is the next. With
  /// `then`, the machine loses power with it. Void when the process ends before.
  void crash_at_disk_op(std::uint64_t n, std::optional<power_cut> then = {});
  /// Takes back `crash_at_disk_op` if that has not happened yet.
  void spare();
  /// Nothing of the process runs and its timers wait, until `resume`; they fire late then.
  void pause();
  void resume();
  /// Empties the disk; a running process crashes first.
  void wipe();
  /// Actors that work with the disk are held up from now on; see `slow_disk`.
  void slow_down(slow_disk how);

  /// From now on `to` hears of all messages of this and later processes; nobody when empty. For tests that let a
  /// message come once more, or late.
  void listen_to_mail(mail_listener to);

  bool is_running() const { return system_ != nullptr; }
  bool is_paused() const { return is_paused_; }
  /// The root of the running process, for messages to it: `caf::anon_send(m.root(), stop{})`.
  const caf::actor& root() const { return process_.root; }
  /// Why the root of the last process that ended by itself did so; none after an orderly end.
  const caf::error& exit_reason() const { return exit_reason_; }
  /// How many processes there were.
  std::uint64_t starts() const { return starts_; }
  /// How many actors the process has.
  std::size_t actor_count() const;

  // -- for the world ----------------------------------------------------------------------------------------------

  /// When one of its actors could run next; none when nothing waits.
  std::optional<virtual_time> next_job() const;
  /// When its next timer is due; none when there is none.
  std::optional<virtual_time> next_timer() const;
  /// One actor handles one message, which keeps the machine busy for `cost`.
  void run_one(std::chrono::nanoseconds cost);
  /// The next timer fires.
  void fire_next();

 private:
  class sink;

  void end_process(const std::string& how, const std::optional<power_cut>& power);
  void reap();
  bool is_silenced() const { return is_ending_ || storage_.is_cut(); }
  void tell(std::string what);

  world_parts& in_;
  const std::string name_;
  const boot boot_;
  const trace_name& called_;
  simulated_disk storage_;
  machine_clock time_;
  simulated_random random_;
  transport& network_;
  std::unique_ptr<log_sink> log_;

  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  scheduler* scheduler_ = nullptr;  ///< a module of the system
  process process_;
  bool is_paused_ = false;
  bool is_on_ = true;
  bool is_ending_ = false;
  bool has_root_ended_ = false;
  bool is_in_step_ = false;
  virtual_time free_at_{0};
  std::optional<power_cut> power_with_cut_;
  slow_disk slow_;
  mail_listener mail_listener_;
  caf::error exit_reason_;
  std::uint64_t starts_ = 0;
};

}  // namespace troupe::sim
