#include "runtime/sim/scheduler.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/sim/disk.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_actor.hpp>
#include <caf/message_handler.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scheduled_actor.hpp>

#include <algorithm>

namespace troupe::sim {

namespace {

/// Where `caf::aout` goes.
class line_printer final : public caf::monitorable_actor {
 public:
  line_printer(caf::actor_config& config, trace& to, const trace_name& machine) : monitorable_actor(config) {
    printed_.assign([&to, &machine](caf::add_atom, caf::actor_id, const std::string& text) {
      to.event(machine, "prints " + text);
    });
  }
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override { printed_(what->content()); }

 private:
  caf::message_handler printed_;
};

caf::scheduled_actor* as_actor(caf::resumable* job) {
  TROUPE_INVARIANT(job->subtype() == caf::resumable::scheduled_actor,
                   "only event-based actors run in a simulated world: no brokers, no blocking ones");
  return static_cast<caf::scheduled_actor*>(job);
}

}  // namespace

scheduler::scheduler(caf::actor_system& system, const scheduler_surroundings& around)
  : abstract_coordinator(system),
    around_(around),
    picker_(prng{around_.random.next()}, around.mode),
    disk_random_(around_.random.next()),
    unit_(system, *this),
    clock_(around.time) {}

scheduler::~scheduler() = default;

void scheduler::start() {
  caf::actor_config config{&unit_};
  utility_actors_[printer_id] = caf::make_actor<line_printer, caf::actor>(system().next_actor_id(), system().node(),
                                                                     &system(), config, around_.told, around_.machine);
}

/// CAF ends its own actors now, and those of the node have been ended before.
void scheduler::stop() {
  while (!jobs_.empty()) {
    auto* job = jobs_.back();
    jobs_.pop_back();
    job_ids_.pop_back();
    while (job->resume(&unit_, 1) == caf::resumable::resume_later)
      continue;
    intrusive_ptr_release(job);
  }
}

// -- jobs ---------------------------------------------------------------------------------------------------------

void scheduler::enqueue(caf::resumable* job) {
  auto& entry = entry_of(job);
  if (entry.held_until > around_.now && !stopped_)
    entry.held_job = job;
  else
    requeue(job);
}

scheduler::actor_entry& scheduler::entry_of(caf::resumable* job) {
  auto* actor = as_actor(job);
  auto [found, is_new] = actors_.try_emplace(actor->id());
  if (is_new) {
    found->second.ref = caf::weak_actor_ptr{actor->ctrl()};
    found->second.name = &around_.names.of_actor(*actor);
  }
  return found->second;
}

void scheduler::requeue(caf::resumable* job) {
  jobs_.push_back(job);
  job_ids_.push_back(as_actor(job)->id());
}

void scheduler::run_one() {
  const auto at = picker_.pick(job_ids_);
  auto* job = jobs_[at];
  const auto id = job_ids_[at];
  jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(at));
  job_ids_.erase(job_ids_.begin() + static_cast<std::ptrdiff_t>(at));
  auto& entry = actors_.at(id);
  if (entry.uses_disk && !std::exchange(entry.was_held, false) && disk_random_.chance(slow_.per_million)) {
    entry.was_held = true;
    entry.held_job = job;
    const auto longest = static_cast<std::uint64_t>(slow_.longest.count());
    return hold(id, entry, around_.now + std::chrono::nanoseconds{disk_random_.below(longest) + 1});
  }
  tell(entry, *as_actor(job));
  const auto ops_before = around_.storage.ops();
  held_after_handler_ = {};
  // An actor starts in a step of its own, so that its first message can come after those of others.
  const auto result = job->resume(&unit_, entry.started ? 1 : 0);
  entry.started = true;
  entry.uses_disk |= around_.storage.ops() != ops_before;
  if (held_after_handler_.count() > 0 && result != caf::resumable::done)
    hold(id, entry, around_.now + held_after_handler_);
  if (result == caf::resumable::resume_later)
    return enqueue(job);
  if (result == caf::resumable::done)
    actors_.erase(id);
  intrusive_ptr_release(job);
  forget_dead();
}

void scheduler::hold(caf::actor_id id, actor_entry& entry, virtual_time until) {
  entry.held_until = until;
  held_.emplace(until, id);
}

void scheduler::tell(const actor_entry& entry, caf::scheduled_actor& actor) {
  static const trace_name start{"start"};
  static const trace_name nothing{"nothing"};
  const auto* what = &start;
  if (entry.started) {
    const auto* mail = actor.peek_at_next_mailbox_element();
    what = mail ? &around_.names.of_message(actor, mail->content()) : &nothing;
    if (mail && mail_listener_)
      mail_listener_(caf::actor_cast<caf::actor>(caf::strong_actor_ptr{actor.ctrl()}), mail->copy_content_to_message());
  }
  around_.told.message(around_.machine, *entry.name, actor.id(), *what);
}

/// Actors that nobody knows any more end without a last step.
void scheduler::forget_dead() {
  if (actors_.size() < forget_at_)
    return;
  std::erase_if(actors_, [](const auto& known) { return known.second.ref->strong_refs == 0; });
  forget_at_ = std::max<std::size_t>(64, 2 * actors_.size());
}

// -- time ---------------------------------------------------------------------------------------------------------

std::optional<virtual_time> scheduler::next_due() {
  auto due = clock_.next_due();
  if (!held_.empty() && (!due || held_.begin()->first < *due))
    due = held_.begin()->first;
  return due;
}

void scheduler::fire_next() {
  const auto timer = clock_.next_due();
  if (held_.empty() || (timer && *timer <= held_.begin()->first)) {
    const auto id = clock_.fire_next();
    around_.told.event(around_.machine, "timer of #" + std::to_string(id));
    return;
  }
  const auto id = held_.begin()->second;
  held_.erase(held_.begin());
  const auto found = actors_.find(id);
  if (found != actors_.end() && found->second.held_job)
    requeue(std::exchange(found->second.held_job, nullptr));
}

// -- the end ------------------------------------------------------------------------------------------------------

void scheduler::kill_all() {
  stopped_ = true;
  // Ending one may schedule another that was never seen before.
  while (!actors_.empty()) {
    std::vector<caf::actor_id> ids;
    for (const auto& [id, entry] : actors_)
      ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    for (const auto id : ids) {
      auto entry = std::move(actors_.at(id));
      actors_.erase(id);
      if (entry.held_job)
        requeue(entry.held_job);
      const auto alive = entry.ref.lock();
      if (!alive)
        continue;
      auto* actor = static_cast<caf::scheduled_actor*>(alive->get());
      actor->quit(caf::exit_reason::kill);
      actor->finalize();
    }
    clock_.cancel_all();
    drop_jobs();
  }
  held_.clear();
  TROUPE_INVARIANT(system().registry().running() == 0, "an actor outlives the crash of its machine");
}

void scheduler::drop_jobs() {
  while (!jobs_.empty()) {
    auto* job = jobs_.back();
    jobs_.pop_back();
    job_ids_.pop_back();
    intrusive_ptr_release(job);
  }
}

}  // namespace troupe::sim
