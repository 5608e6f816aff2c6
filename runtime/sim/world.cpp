#include "runtime/sim/world.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/sim/world_parts.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

/// Places in product code are heard of while this lives.
class watching {
 public:
  explicit watching(site_watch* who) : before_(watch_sites(who)) {}
  ~watching() { watch_sites(before_); }
  watching(const watching&) = delete;
  watching& operator=(const watching&) = delete;

 private:
  site_watch* before_;
};

}  // namespace

world::world(const options& how)
  : parts_(std::make_unique<world_parts>(how)), random_(how.seed, "world"), site_random_(how.seed, "sites"),
    disturbs_sites_(how.disturbs_sites) {}

world::~world() = default;

// -- who is in it -------------------------------------------------------------------------------------------------

machine& world::add_machine(const std::string& name, boot how) {
  auto added = std::make_unique<machine>(*parts_, name, std::move(how));
  order_.push_back(added.get());
  return *(machines_[name] = std::move(added));
}

transport& world::add_client(const std::string& name) {
  return parts_->net.add_host(name);
}

machine& world::at(const std::string& name) {
  const auto found = machines_.find(name);
  TROUPE_INVARIANT(found != machines_.end(), "no machine of the world is called " + name);
  return *found->second;
}

network& world::net() {
  return parts_->net;
}

// -- time ---------------------------------------------------------------------------------------------------------

virtual_time world::now() const {
  return parts_->now;
}

void world::at(virtual_time when, std::function<void()> action) {
  parts_->events.at(std::max(when, parts_->now), std::move(action));
}

bool world::step() {
  const auto next = next_turn();
  if (next)
    take(*next);
  return next.has_value();
}

void world::run_for(std::chrono::nanoseconds duration) {
  const auto end = parts_->now + duration;
  for (auto next = next_turn(); next && next->when <= end; next = next_turn())
    take(*next);
  parts_->now = end;
}

bool world::run_until(const std::function<bool()>& done, std::chrono::nanoseconds patience) {
  const auto end = parts_->now + patience;
  while (!done()) {
    const auto next = next_turn();
    if (!next || next->when > end) {
      parts_->now = end;
      return false;
    }
    take(*next);
  }
  return true;
}

/// At the same time, events come before timers and these before messages; among machines that are free, chance decides.
std::optional<world::turn> world::next_turn() {
  std::optional<turn> next;
  if (!parts_->events.empty())
    next = turn{turn::kind::event, std::max(parts_->events.next(), parts_->now), nullptr};
  for (auto* m : order_)
    if (const auto due = m->next_timer(); due && (!next || *due < next->when))
      next = turn{turn::kind::timer, std::max(*due, parts_->now), m};
  std::uint64_t free_machines = 0;
  for (auto* m : order_) {
    const auto due = m->next_job();
    if (!due || (next && *due > next->when) || (next && *due == next->when && next->what != turn::kind::job))
      continue;
    free_machines = next && *due == next->when ? free_machines + 1 : 1;
    if (free_machines == 1 || random_.below(free_machines) == 0)
      next = turn{turn::kind::job, *due, m};
  }
  return next;
}

void world::take(const turn& t) {
  const watching here{this};
  parts_->now = t.when;
  switch (t.what) {
    case turn::kind::event: parts_->events.pop()(); break;
    case turn::kind::timer: t.whose->fire_next(); break;
    case turn::kind::job: {
      const auto& how = parts_->options;
      const auto span = static_cast<std::uint64_t>((how.step_most - how.step_least).count());
      const auto extra = span == 0 ? 0 : random_.below(span + 1);
      ++messages_;
      t.whose->run_one(how.step_least + std::chrono::nanoseconds{extra});
      break;
    }
  }
}

// -- looking in ---------------------------------------------------------------------------------------------------

trace& world::told() {
  return parts_->told;
}

prng world::stream(std::string_view purpose) const {
  return prng{parts_->options.seed, purpose};
}

std::string world::last_events(std::size_t count) const {
  const auto lines = parts_->told.last_lines();
  std::string text = "seed " + std::to_string(parts_->options.seed) + "\n";
  for (auto at = lines.size() - std::min(count, lines.size()); at < lines.size(); ++at)
    text += lines[at] + "\n";
  return text;
}

/// Which places are disturbed at all depends on seed and name alone, so that a new one leaves the others as they are.
bool world::fires(std::string_view name) {
  if (const auto told = to_disturb_.find(name); told != to_disturb_.end() && told->second > 0)
    return --told->second, true;
  if (!disturbs_sites_)
    return false;
  auto site = sites_.find(name);
  if (site == sites_.end())
    site = sites_.emplace(name, prng{parts_->options.seed, name}.below(4) == 0).first;
  return site->second && site_random_.below(4) == 0;
}

void world::reached(std::string_view name) {
  auto found = probes_.find(name);
  if (found == probes_.end())
    found = probes_.emplace(name, 0).first;
  ++found->second;
}

}  // namespace troupe::sim
