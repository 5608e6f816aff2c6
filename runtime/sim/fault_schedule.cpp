#include "runtime/sim/fault.hpp"
#include "runtime/sim/world.hpp"

namespace troupe::sim {

namespace {

constexpr std::uint32_t slow_share_per_million = 200'000;

void begin_on_machine(world& in, const fault& f) {
  auto& m = in.at(f.host);
  switch (f.action) {
    case fault_action::crash: return m.crash();
    case fault_action::power_loss: return m.power_loss(f.power);
    case fault_action::crash_at_disk_op: return m.crash_at_disk_op(static_cast<std::uint64_t>(f.amount));
    case fault_action::power_loss_at_disk_op:
      return m.crash_at_disk_op(static_cast<std::uint64_t>(f.amount), f.power);
    case fault_action::wipe: return m.wipe();
    case fault_action::pause: return m.pause();
    case fault_action::step_clock:
      return m.time().step_wall(std::chrono::milliseconds{f.amount / 1'000'000});
    case fault_action::drift: return m.time().set_drift(static_cast<std::int32_t>(f.amount));
    case fault_action::slow_disk:
      return m.slow_down({slow_share_per_million, std::chrono::nanoseconds{f.amount}});
    case fault_action::disk_fault: return m.storage().add_fault({f.disk, 0, 0, {}});
    default: return;
  }
}

void begin(world& in, const fault& f) {
  switch (f.action) {
    case fault_action::cut: return in.net().cut(f.host, f.peer);
    case fault_action::clog: return in.net().clog(f.host, f.peer);
    case fault_action::drop_dials: return in.net().drop_dials(f.host, f.peer, true);
    case fault_action::refuse_dials: return in.net().refuse_dials(f.host, f.peer, true);
    case fault_action::reset: return in.net().reset_connections(f.host, f.peer);
    case fault_action::isolate: return in.net().isolate(f.host);
    default: return begin_on_machine(in, f);
  }
}

void end(world& in, const fault& f) {
  switch (f.action) {
    case fault_action::crash_at_disk_op:
    case fault_action::power_loss_at_disk_op: in.at(f.host).spare(); [[fallthrough]];
    case fault_action::crash:
    case fault_action::power_loss:
    case fault_action::wipe: return in.at(f.host).start();
    case fault_action::pause: return in.at(f.host).resume();
    case fault_action::drift: return in.at(f.host).time().set_drift(0);
    case fault_action::slow_disk: return in.at(f.host).slow_down({});
    case fault_action::cut: return in.net().heal(f.host, f.peer);
    case fault_action::clog: return in.net().unclog(f.host, f.peer);
    case fault_action::drop_dials: return in.net().drop_dials(f.host, f.peer, false);
    case fault_action::refuse_dials: return in.net().refuse_dials(f.host, f.peer, false);
    case fault_action::isolate: return in.net().rejoin(f.host);
    case fault_action::step_clock:
    case fault_action::disk_fault:
    case fault_action::reset: return;
  }
}

}  // namespace

void schedule(world& in, const fault_plan& plan) {
  static const trace_name faults{"fault"};
  for (const auto& f : plan) {
    in.at(f.at, [&in, f] {
      in.told().event(faults, to_string(fault_plan{f}));
      begin(in, f);
    });
    if (f.lasting.count() > 0)
      in.at(f.at + f.lasting, [&in, f] { end(in, f); });
  }
}

}  // namespace troupe::sim
