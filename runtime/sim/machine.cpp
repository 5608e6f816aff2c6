#include "runtime/sim/machine.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/error.hpp"
#include "runtime/sim/scheduler.hpp"
#include "runtime/sim/world_parts.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include <algorithm>
#include <limits>

namespace troupe::sim {

namespace {

/// A stream of its own for each machine and purpose.
prng stream(const world_parts& in, const std::string& machine, std::string_view purpose) {
  return prng{in.options.seed ^ stable_hash(machine), purpose};
}

machine_clock make_clock(const world_parts& in, const std::string& name) {
  auto random = stream(in, name, "clock");
  const auto uptime = std::chrono::seconds{1 + random.below(100'000)};
  const auto apart = in.options.wall_apart_most.count();
  const auto shift = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * apart + 1))) - apart;
  machine_clock clock{in.now, uptime, in.options.wall_start + std::chrono::milliseconds{shift}};
  const auto drift = static_cast<std::int64_t>(in.options.drift_ppm_most);
  const auto drawn = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * drift + 1))) - drift;
  clock.set_drift(static_cast<std::int32_t>(drawn));
  return clock;
}

}  // namespace

/// Log lines go into the trace, as long as the process lives.
class machine::sink final : public log_sink {
 public:
  explicit sink(machine& of) : of_(of) {}
  void write(log_level level, std::string_view component, std::string_view line) override {
    static constexpr const char* names[] = {"debug", "info", "warning", "error"};
    if (!of_.is_silenced())
      of_.tell(std::string{names[static_cast<int>(level)]} + " " + std::string{component} + ": " + std::string{line});
  }

 private:
  machine& of_;
};

machine::machine(world_parts& in, std::string name, boot how)
  : in_(in),
    name_(std::move(name)),
    boot_(std::move(how)),
    called_(in.names.of_text(name_)),
    storage_(stream(in, name_, "disk").next()),
    time_(make_clock(in, name_)),
    random_(stream(in, name_, "product").next()),
    network_(in.net.add_host(name_)),
    log_(std::make_unique<sink>(*this)) {
  in_.net.set_silenced(name_, [this] { return is_silenced(); });
  storage_.trace([this](const std::string& line) { tell("disk " + line); });
  storage_.on_slow([this](const std::string& path, std::chrono::nanoseconds duration) {
    if (!scheduler_)
      return;
    tell("slow call on " + path);
    scheduler_->hold_running(duration);
  });
}

machine::~machine() {
  if (is_running())
    end_process("ends with the world", std::nullopt);
}

// -- its life -----------------------------------------------------------------------------------------------------

void machine::start() {
  if (is_running())
    return;
  if (!is_on_)
    in_.net.power_on(name_);
  is_on_ = true;
  ++starts_;
  tell("starts");
  config_ = std::make_unique<caf::actor_system_config>();
  config_->set("logger.file-verbosity", caf::atom("quiet"));
  config_->set("logger.console-verbosity", caf::atom("quiet"));
  const auto random = stream(in_, name_ + "/" + std::to_string(starts_), "schedule");
  config_->module_factories.push_back([&](caf::actor_system& system) -> caf::actor_system::module* {
    scheduler_ = new scheduler{system, {in_.now, time_, storage_, in_.told, in_.names, called_, random,
                                        in_.options.mode}};
    return scheduler_;
  });
  system_ = std::make_unique<caf::actor_system>(*config_);
  scheduler_->slow_down(slow_);
  scheduler_->listen_to_mail(mail_listener_);
  has_root_ended_ = false;
  exit_reason_ = {};
  process_ = boot_(*this);
  process_.root->attach_functor([this](const caf::error& reason) {
    has_root_ended_ = true;
    if (!is_ending_)
      exit_reason_ = reason;
  });
}

void machine::crash() {
  if (is_running())
    end_process("crashes", std::nullopt);
}

void machine::power_loss(power_cut how) {
  if (is_running())
    return end_process("loses power", how);
  if (!is_on_)
    return;
  tell("loses power");
  in_.net.power_off(name_);
  is_on_ = false;
  storage_.power_loss(how.mode, how.seed);
}

void machine::crash_at_disk_op(std::uint64_t n, std::optional<power_cut> then) {
  if (!is_running())
    return;
  power_with_cut_ = then;
  storage_.cut_at(storage_.ops() + n);
}

void machine::spare() {
  if (is_running())
    storage_.cut_at(std::numeric_limits<std::uint64_t>::max());
}

void machine::pause() {
  if (!is_running() || is_paused_)
    return;
  tell("pauses");
  is_paused_ = true;
  in_.net.pause(name_, true);
}

void machine::resume() {
  if (!is_paused_)
    return;
  tell("goes on");
  is_paused_ = false;
  in_.net.pause(name_, false);
}

void machine::wipe() {
  crash();
  tell("loses its disk");
  const auto all = storage_.list("/");
  for (std::size_t i = 0; all && i < all->size(); ++i)
    storage_.remove_all("/" + (*all)[i].name);
  storage_.settle();
}

void machine::slow_down(slow_disk how) {
  slow_ = how;
  if (scheduler_)
    scheduler_->slow_down(how);
}

void machine::listen_to_mail(mail_listener to) {
  mail_listener_ = std::move(to);
  if (scheduler_)
    scheduler_->listen_to_mail(mail_listener_);
}

std::size_t machine::actor_count() const {
  return scheduler_ ? scheduler_->actor_count() : 0;
}

/// From the first line on, nothing of the process has an effect outside: not the states' destructors, not its files,
/// not its connections.
void machine::end_process(const std::string& how, const std::optional<power_cut>& power) {
  TROUPE_INVARIANT(!is_in_step_, "a machine cannot be ended by one of its own actors");
  tell(how);
  is_ending_ = true;
  if (!storage_.is_cut())
    storage_.cut_at(storage_.ops());
  scheduler_->kill_all();
  if (power)
    in_.net.power_off(name_);
  else
    in_.net.end_process(name_);
  process_.root = {};
  process_.keep.reset();
  scheduler_ = nullptr;
  system_.reset();
  config_.reset();
  if (power)
    storage_.power_loss(power->mode, power->seed);
  else
    storage_.process_crash();
  is_on_ = !power;
  is_paused_ = false;
  power_with_cut_.reset();
  free_at_ = {};
  is_ending_ = false;
}

// -- for the world ------------------------------------------------------------------------------------------------

std::optional<virtual_time> machine::next_job() const {
  if (is_paused_ || !scheduler_ || !scheduler_->has_job())
    return std::nullopt;
  return std::max(free_at_, in_.now);
}

std::optional<virtual_time> machine::next_timer() const {
  return is_paused_ || !scheduler_ ? std::nullopt : scheduler_->next_due();
}

void machine::run_one(std::chrono::nanoseconds cost) {
  is_in_step_ = true;
  scheduler_->run_one();
  is_in_step_ = false;
  free_at_ = in_.now + cost;
  reap();
}

void machine::fire_next() {
  scheduler_->fire_next();
}

/// A process that has died in the step before, at a cut of its disk or with its root, ends.
void machine::reap() {
  if (storage_.is_cut())
    return end_process("dies at operation " + std::to_string(storage_.ops()) + " on its disk", power_with_cut_);
  if (has_root_ended_)
    end_process(exit_reason_ ? "fails: " + render(exit_reason_) : "ends", std::nullopt);
}

void machine::tell(std::string what) {
  in_.told.event(called_, std::move(what));
}

}  // namespace troupe::sim
