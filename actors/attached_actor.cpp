#include "actors/attached_actor.hpp"

#include "actors/partition.hpp"
#include "actors/restart_pause.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <utility>

namespace troupe {

void attached_actor::start(caf::event_based_actor* self, node_context& context, const partition_spec& spec) {
  self_ = self;
  context_ = &context;
  attach_ = spec.attach;
  id_ = spec.id;
  topic_ = spec.topic;
  if (attach_)
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) { ended(m); });
}

void attached_actor::begin(leader_epoch epoch) {
  end();
  epoch_ = epoch;
  failures_ = 0;
  if (attach_)
    make();
}

void attached_actor::end() {
  epoch_.reset();
  if (auto gone = std::exchange(actor_, nullptr))
    self_->send(gone, attachment_ends{});
}

void attached_actor::ended(const caf::down_msg& m) {
  if (!actor_ || m.source != actor_.address())
    return;
  actor_ = nullptr;
  probe("a journaled actor failed");
  const auto pause = restart_pause(failures_++);
  context_->log.write(log_level::warning, "partition " + topic_ + "-" + std::to_string(id_.index.value),
                      "what is attached to it ended and is made anew in " + std::to_string(pause.count())
                        + " ms: " + render(m.reason));
  self_->delayed_send(self_, pause, attach_again{*epoch_});
}

void attached_actor::again(const attach_again& m) {
  if (epoch_ == m.epoch && !actor_)
    make();
}

void attached_actor::make() {
  actor_ = attach_(*context_, {caf::actor_cast<caf::actor>(self_), id_, topic_, *epoch_});
  self_->monitor(actor_);
}

}  // namespace troupe
