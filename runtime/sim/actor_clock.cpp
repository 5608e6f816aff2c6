#include "runtime/sim/actor_clock.hpp"

namespace troupe::sim {

std::optional<virtual_time> actor_clock::next_due() {
  if (schedule_.empty())
    return std::nullopt;
  const auto local = schedule_.begin()->first;
  if (local != asked_local_ || time_.version() != asked_version_) {
    asked_local_ = local;
    asked_version_ = time_.version();
    answered_ = time_.when(local);
  }
  return answered_;
}

caf::actor_id actor_clock::fire_next() {
  const auto first = schedule_.begin();
  const auto timer = std::move(first->second);
  if (timer->backlink != actor_lookup_.end())
    actor_lookup_.erase(timer->backlink);
  schedule_.erase(first);
  const auto receiver = receiver_of(*timer);
  ship(*timer);
  return receiver;
}

caf::actor_id actor_clock::receiver_of(const delayed_event& of) {
  switch (of.subtype) {
    case ordinary_timeout_type: return static_cast<const ordinary_timeout&>(of).self->id();
    case multi_timeout_type: return static_cast<const multi_timeout&>(of).self->id();
    case request_timeout_type: return static_cast<const request_timeout&>(of).self->id();
    case actor_msg_type: return static_cast<const actor_msg&>(of).receiver->id();
    default: return 0;
  }
}

}  // namespace troupe::sim
