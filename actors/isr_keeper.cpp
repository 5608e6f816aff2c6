#include "actors/isr_keeper.hpp"

#include "actors/partition.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <map>
#include <utility>

namespace troupe {

struct isr_keeper_retry {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::isr_keeper_retry)

namespace troupe {

namespace {

using schema::IsrAnswer;
using schema::IsrChange;
using schema::IsrChanged;

class isr_keeper_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, caf::actor controller) {
    self_ = self;
    context_ = &context;
    controller_ = std::move(controller);
  }

  void want(const isr_wanted& m) {
    for (const auto wish : m.wish->getWishes())
      wishes_[{metadata::read_id(wish.getTopic()), partition_index{wish.getIndex()}}] = m;
    if (!under_way_ && !waiting_)
      ask();
  }

  void retry() {
    waiting_ = false;
    if (!wishes_.empty() && !under_way_)
      ask();
  }

 private:
  void ask() {
    under_way_ = true;
    asked_ = std::exchange(wishes_, {});
    wire_builder<IsrChange> b{64 + asked_.size() * 24};
    b->setNode(context_->self.value);
    b->setBrokerEpoch(context_->broker_epoch);
    auto all = b->initWishes(static_cast<unsigned>(asked_.size()));
    unsigned i = 0;
    for (const auto& [id, wanted] : asked_)
      all.setWithCaveats(i++, wanted.wish->getWishes()[0]);
    self_->request(controller_, bounds::controller_answer_max, std::move(b).freeze())
      .then([this](const wire<IsrChanged>& m) { answered(m); },
            [this](const caf::error&) {
              under_way_ = false;
              wishes_.merge(asked_);  // newer wishes stay
              waiting_ = true;
              self_->delayed_send(self_, bounds::isr_retry_pause, isr_keeper_retry{});
            });
  }

  void answered(const wire<IsrChanged>& m) {
    under_way_ = false;
    for (const auto answer : m->getAnswers()) {
      const partition_id id{metadata::read_id(answer.getTopic()), partition_index{answer.getIndex()}};
      if (const auto wish = asked_.find(id); wish != asked_.end())
        tell(wish->second, answer);
    }
    if (!wishes_.empty())
      ask();
  }

  void tell(const isr_wanted& asked, IsrAnswer::Reader answer) {
    wire_builder<IsrChanged> b;
    b->initAnswers(1).setWithCaveats(0, answer);
    self_->send(asked.partition, isr_settled{asked.wish->getWishes()[0].getPartitionEpoch(), std::move(b).freeze()});
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor controller_;
  std::map<partition_id, isr_wanted> wishes_;  ///< not asked for yet
  std::map<partition_id, isr_wanted> asked_;   ///< of the request under way
  bool under_way_ = false;
  bool waiting_ = false;
};

caf::behavior isr_keeper(caf::stateful_actor<isr_keeper_state>* self, node_context* context, caf::actor controller) {
  adopt(self, *context, "isr keeper");
  auto* state = &self->state;
  state->start(self, *context, std::move(controller));
  return {
    [state](const isr_wanted& m) { state->want(m); },
    [state](const isr_keeper_retry&) { state->retry(); },
  };
}

}  // namespace

caf::actor spawn_isr_keeper(node_context& context, caf::actor controller) {
  return context.spawn(isr_keeper, &context, std::move(controller));
}

}  // namespace troupe
