#pragma once

#include "runtime/base/sites.hpp"
#include "runtime/sim/machine.hpp"
#include "runtime/sim/network.hpp"
#include "runtime/sim/prng.hpp"
#include "runtime/sim/trace.hpp"
#include "runtime/sim/world_options.hpp"

#include <map>
#include <memory>
#include <vector>

namespace troupe::sim {

/// A deterministic world: machines whose unchanged actors run on the caller's thread, a network and disks that fail on
/// request, and time that jumps from one event to the next. One seed is one run.
///
/// Each machine is one processor: while it is busy with a message, the others go on. What happens next is what is due
/// first: an event of the network or the test, a timer, or the next message of a machine that is free.
class world : private site_watch {
 public:
  using options = world_options;

  explicit world(const options& how = {});
  ~world() override;
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  // -- who is in it -----------------------------------------------------------------------------------------------

  /// A new machine, not started. Its name is its address in the network. Lives as long as the world.
  machine& add_machine(const std::string& name, boot how);
  /// A host for plain code that uses the network without being a machine. Lives as long as the world.
  transport& add_client(const std::string& name);
  /// The machine of that name, which must exist.
  machine& at(const std::string& name);
  /// All machines, in the order in which they were added.
  const std::vector<machine*>& machines() const { return order_; }
  network& net();

  // -- time -------------------------------------------------------------------------------------------------------

  virtual_time now() const;
  /// `action` happens at `when`, or as the next event when that has passed.
  void at(virtual_time when, std::function<void()> action);
  /// `action` happens when `delay` has passed.
  void after(std::chrono::nanoseconds delay, std::function<void()> action) { at(now() + delay, std::move(action)); }

  /// The next thing happens. False when there is nothing more to come.
  bool step();
  /// All that happens within `duration` happens, and that much time passes.
  void run_for(std::chrono::nanoseconds duration);
  /// Goes on until `done` is true, which is asked after each step, or `patience` has passed. Returns what `done` said.
  bool run_until(const std::function<bool()>& done, std::chrono::nanoseconds patience);

  /// No `buggify` fires from now on: for the part of a run in which everything has to come to rest.
  void leave_sites_alone() { disturbs_sites_ = false; }
  /// The `buggify` of that name fires the next `times` times that it is passed, whatever else holds: for tests.
  void disturb(std::string name, std::size_t times) { to_disturb_[std::move(name)] = times; }

  // -- looking in -------------------------------------------------------------------------------------------------

  /// Messages handled so far, on all machines.
  std::uint64_t messages() const { return messages_; }
  trace& told();
  /// A random stream of the seed for `purpose`, for workloads and fault plans.
  prng stream(std::string_view purpose) const;
  /// How often each rare state was reached; see `probe`.
  const std::map<std::string, std::uint64_t, std::less<>>& probes() const { return probes_; }
  /// The last `count` events as text, for the message of a failing test, under a line with the seed.
  std::string last_events(std::size_t count) const;

 private:
  struct turn {
    enum class kind : std::uint8_t { event, timer, job } what = kind::event;
    virtual_time when{0};
    machine* whose = nullptr;
  };
  std::optional<turn> next_turn();
  void take(const turn& t);
  bool fires(std::string_view name) override;
  void reached(std::string_view name) override;

  std::unique_ptr<world_parts> parts_;
  prng random_;
  prng site_random_;
  bool disturbs_sites_;
  std::map<std::string, bool, std::less<>> sites_;
  std::map<std::string, std::size_t, std::less<>> to_disturb_;
  std::map<std::string, std::uint64_t, std::less<>> probes_;
  std::map<std::string, std::unique_ptr<machine>> machines_;
  std::vector<machine*> order_;
  std::uint64_t messages_ = 0;
};

}  // namespace troupe::sim
