#include "runtime/sim/fault_draw.hpp"

#include <algorithm>
#include <array>

namespace troupe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::array harmless_disk_faults = {fault_kind::write_error, fault_kind::short_write, fault_kind::no_space,
                                             fault_kind::no_handles};
// After a failed sync the page cache shows, also to the next process, what no later sync makes durable.
constexpr std::array damaging_disk_faults = {fault_kind::read_error,   fault_kind::bit_flip,
                                             fault_kind::zeroed_sector, fault_kind::sync_error,
                                             fault_kind::lost_write,   fault_kind::stale_sector,
                                             fault_kind::misdirected_write};

bool takes_machine_down(fault_action action) {
  switch (action) {
    case fault_action::crash:
    case fault_action::power_loss:
    case fault_action::crash_at_disk_op:
    case fault_action::power_loss_at_disk_op:
    case fault_action::wipe:
    case fault_action::pause:
    case fault_action::isolate:
    case fault_action::disk_fault: return true;
    default: return false;
  }
}

bool is_direction(fault_action action) {
  switch (action) {
    case fault_action::cut:
    case fault_action::clog:
    case fault_action::drop_dials:
    case fault_action::refuse_dials:
    case fault_action::reset: return true;
    default: return false;
  }
}

class plan_drawer {
 public:
  plan_drawer(prng random, const plan_options& options) : random_(random), options_(options) {}

  fault_plan draw() {
    fault_plan plan;
    for (std::size_t i = 0; i < options_.count; ++i)
      if (auto f = draw_fault(); f.at + f.lasting <= options_.until && is_allowed(f))
        plan.push_back(std::move(f));
    std::stable_sort(plan.begin(), plan.end(), [](const fault& a, const fault& b) { return a.at < b.at; });
    return plan;
  }

 private:
  std::chrono::nanoseconds between(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
    // In whole microseconds, which read better.
    return least + std::chrono::microseconds{random_.below(static_cast<std::uint64_t>((most - least) / 1us) + 1)};
  }

  const std::string& one_of(const std::vector<std::string>& names) { return names[random_.below(names.size())]; }

  fault draw_fault() {
    fault f;
    f.at = between(options_.from, options_.until);
    f.action = static_cast<fault_action>(random_.below(static_cast<std::uint64_t>(fault_action::isolate) + 1));
    f.host = one_of(options_.machines);
    if (is_direction(f.action))
      draw_direction(f);
    if (f.action != fault_action::reset && f.action != fault_action::step_clock
        && f.action != fault_action::disk_fault)
      f.lasting = random_.below(3) == 0 ? between(1s, 8s) : between(1ms, 1s);
    draw_amount(f);
    return f;
  }

  void draw_direction(fault& f) {
    auto others = options_.machines;
    std::erase(others, f.host);
    others.insert(others.end(), options_.clients.begin(), options_.clients.end());
    if (others.empty())
      others.push_back(f.host);
    f.peer = one_of(others);
    if (random_.below(2) == 0)
      std::swap(f.host, f.peer);
  }

  void draw_amount(fault& f) {
    switch (f.action) {
      case fault_action::power_loss:
      case fault_action::power_loss_at_disk_op:
        f.power = {random_.below(2) == 0 ? power_loss_mode::weakest : power_loss_mode::ordered,
                   random_.below(5) == 0 ? random_.below(4) : random_.below(1'000'000)};
        [[fallthrough]];
      case fault_action::crash_at_disk_op:
        f.amount = f.action == fault_action::power_loss ? 0 : static_cast<std::int64_t>(random_.below(40));
        break;
      case fault_action::step_clock:
        f.amount = (static_cast<std::int64_t>(random_.below(20'000)) - 10'000) * 1'000'000;
        break;
      case fault_action::drift: f.amount = static_cast<std::int64_t>(random_.below(200'001)) - 100'000; break;
      case fault_action::slow_disk: f.amount = between(1ms, 500ms).count(); break;
      case fault_action::disk_fault: draw_disk_fault(f); break;
      default: break;
    }
  }

  void draw_disk_fault(fault& f) {
    const auto drawn = random_.below(harmless_disk_faults.size() + damaging_disk_faults.size());
    f.disk = drawn < harmless_disk_faults.size() ? harmless_disk_faults[drawn]
                                                 : damaging_disk_faults[drawn - harmless_disk_faults.size()];
  }

  bool is_allowed(const fault& f) {
    if (options_.without.contains(f.action))
      return false;
    const bool damages = f.action == fault_action::wipe
                      || (f.action == fault_action::disk_fault
                          && std::find(damaging_disk_faults.begin(), damaging_disk_faults.end(), f.disk)
                               != damaging_disk_faults.end());
    if (damages && !damaged_.contains(f.host) && damaged_.size() >= options_.damaged_most)
      return false;
    // A disk that has failed once is used again after a restart, which may be anybody's.
    const auto end = f.action == fault_action::disk_fault ? options_.until : f.at + f.lasting;
    if (takes_machine_down(f.action) && !take_down({f.host, f.at, end + options_.recovery}))
      return false;
    if (damages)
      damaged_.insert(f.host);
    return true;
  }

  struct down {
    std::string machine;
    virtual_time from;
    virtual_time until;
  };

  bool take_down(down wanted) {
    std::set<std::string> at_once{wanted.machine};
    for (const auto& other : downs_)
      if (other.from < wanted.until && wanted.from < other.until)
        at_once.insert(other.machine);
    if (at_once.size() > options_.down_most)
      return false;
    downs_.push_back(std::move(wanted));
    return true;
  }

  prng random_;
  const plan_options& options_;
  std::vector<down> downs_;
  std::set<std::string> damaged_;
};

}  // namespace

fault_plan draw_plan(prng random, const plan_options& options) {
  return plan_drawer{random, options}.draw();
}

}  // namespace troupe::sim
