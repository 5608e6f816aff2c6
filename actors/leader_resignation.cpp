#include "actors/leader_role.hpp"
#include "actors/partition_timers.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"

#include <caf/all.hpp>

namespace troupe {

// A replica whose disk has failed can be read from, no more. While another one is in sync that one shall lead; the
// question is repeated for as long as nobody else can.

void leader_role::log_failed(const error& why) {
  fail_waiting(why);
  resign();
}

void leader_role::on_resign_tick() {
  resigning_ = false;
  if (log_.has_failed())
    resign();
}

void leader_role::resign() {
  if (resigning_ || decided_.partition_epoch < 0)
    return;
  resigning_ = true;
  probe("leader resigns as its disk has failed");
  wire_builder<schema::IsrChange> b;
  begin_wish(b, decided_.partition_epoch).setResigns(true);
  self_.send(log_.spec().isr_keeper, isr_wanted{caf::actor_cast<caf::actor>(&self_), std::move(b).freeze()});
  self_.delayed_send(&self_, bounds::resign_pause, resign_tick{});
}

}  // namespace troupe
