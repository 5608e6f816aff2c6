#pragma once

#include "runtime/sim/actor_clock.hpp"
#include "runtime/sim/mail_listener.hpp"
#include "runtime/sim/name_book.hpp"
#include "runtime/sim/picker.hpp"
#include "runtime/sim/slow_disk.hpp"

#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <map>
#include <unordered_map>
#include <vector>

namespace troupe::sim {

class simulated_disk;

/// What the scheduler of one machine is told about the world; all of it outlives the scheduler.
struct scheduler_surroundings {
  const virtual_time& now;
  machine_clock& time;
  simulated_disk& storage;
  trace& told;
  name_book& names;
  const trace_name& machine;
  prng random;
  std::optional<pick_mode> mode;
};

/// CAF's scheduler module for a machine of a world: one message a step, on the world's thread, in an order drawn from
/// the seed. Knows every actor of its system that ever was scheduled, so that a crash can end them all.
class scheduler final : public caf::scheduler::abstract_coordinator {
 public:
  scheduler(caf::actor_system& system, const scheduler_surroundings& around);
  ~scheduler() override;

  // -- for the world --------------------------------------------------------------------------------------------

  /// Is there an actor that could run now?
  bool has_job() const { return !jobs_.empty(); }
  /// One actor starts or handles one message.
  void run_one();
  /// When the next timer is due or an actor that was held back may go on, whichever comes first.
  std::optional<virtual_time> next_due();
  /// Fires that timer or lets that actor go on.
  void fire_next();
  /// From now on disk calls are slow as told.
  void slow_down(slow_disk how) { slow_ = how; }
  /// The actor that is running now is to be held back for so long after its handler, since it made a slow call.
  void hold_running(std::chrono::nanoseconds duration) { held_after_handler_ += duration; }
  /// See `machine::listen_to_mail`.
  void listen_to_mail(mail_listener to) { mail_listener_ = std::move(to); }
  /// Ends all actors at once: no mail is handled, states are destroyed. Nothing runs here afterwards.
  void kill_all();
  /// How many actors there are.
  std::size_t actor_count() const { return actors_.size(); }

  // -- for CAF --------------------------------------------------------------------------------------------------

  void enqueue(caf::resumable* job) override;
  bool detaches_utility_actors() const override { return false; }
  actor_clock& clock() noexcept override { return clock_; }
  void start() override;
  void stop() override;

 private:
  struct unit final : caf::execution_unit {
    unit(caf::actor_system& system, scheduler& to) : execution_unit(&system), to_(to) {}
    void exec_later(caf::resumable* job) override { to_.enqueue(job); }
    scheduler& to_;
  };

  struct actor_entry {
    caf::weak_actor_ptr ref;
    const trace_name* name = nullptr;
    bool started = false;
    bool uses_disk = false;
    bool was_held = false;               ///< before the message that it is going to handle
    virtual_time held_until{0};
    caf::resumable* held_job = nullptr;  ///< a reference of ours
  };

  actor_entry& entry_of(caf::resumable* job);
  void hold(caf::actor_id id, actor_entry& entry, virtual_time until);
  void requeue(caf::resumable* job);
  void tell(const actor_entry& entry, caf::scheduled_actor& actor);
  void forget_dead();
  void drop_jobs();

  scheduler_surroundings around_;
  picker picker_;
  prng disk_random_;
  unit unit_;
  actor_clock clock_;
  slow_disk slow_;
  mail_listener mail_listener_;
  std::chrono::nanoseconds held_after_handler_{0};
  bool stopped_ = false;  ///< only CAF's own actors run, and only in `stop`

  // What could run, in the order of its coming: the job, a reference of ours, and the id of its actor.
  std::vector<caf::resumable*> jobs_;
  std::vector<std::uint64_t> job_ids_;
  std::unordered_map<caf::actor_id, actor_entry> actors_;  // looked up, walked only where order does not count
  std::multimap<virtual_time, caf::actor_id> held_;
  std::size_t forget_at_ = 64;
};

}  // namespace troupe::sim
