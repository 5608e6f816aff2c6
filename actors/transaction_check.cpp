#include "actors/transaction_check.hpp"

#include "actors/transaction_question.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/config/layers.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/cluster_view.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe {

namespace {

using schema::CoordinatorReply;
using schema::PartitionAppend;

bool is_repeated(const log::producer_state& known, const log::batch_head& head) {
  return known.epoch == head.producer_epoch
         && std::any_of(known.batches().begin(), known.batches().end(), [&](const auto& b) {
              return b.first_sequence == head.base_sequence && b.last_sequence == head.last_sequence;
            });
}

}  // namespace

transaction_check::transaction_check(caf::event_based_actor& self, node_context& context, caf::actor coordination,
                                     go_on then)
  : self_(self),
    context_(context),
    coordination_(std::move(coordination)),
    go_on_(std::move(then)),
    me_(std::make_shared<transaction_check*>(this)) {}

bool transaction_check::must_wait(const log::log& log, const log::batch_head& head, PartitionAppend::Reader m) const {
  if (!head.is_transactional() || m.getInternal() || mutation("M23"))
    return false;
  if (open_.contains(head.producer))
    return true;
  const auto* known = log.find_producer(head.producer);
  const bool is_open = known && known->epoch == head.producer_epoch && known->current_transaction_start != no_offset;
  if (is_open || (known && is_repeated(*known, head)))
    return false;
  return m.getAddsPartition() || is_verification_on();
}

/// It may be switched off while the node runs.
bool transaction_check::is_verification_on() const {
  const auto image = context_.view.get()->image;
  return config::broker_flag({nullptr, image->broker_config(context_.self), image->cluster_config(),
                              &context_.settings}, "transaction.partition.verification.enable");
}

void transaction_check::hold(held_append one, const log::batch_head& head, const std::string& topic,
                             std::int32_t partition) {
  auto& asked = open_[head.producer];
  one.epoch = head.producer_epoch;
  asked.held.push_back(std::move(one));
  if (asked.held.size() > 1)
    return;
  asked.topic = topic;
  asked.partition = partition;
  asked.epoch = head.producer_epoch;
  asked.gives_up =
    context_.time.monotonic_now() + context_.settings.duration("add.partitions.to.txn.retry.backoff.max.ms");
  ask(head.producer);
}

void transaction_check::ask(producer_id producer) {
  auto& asked = open_.at(producer);
  asked.is_outdated = false;
  asked.number = ++last_number_;
  const auto& first = *asked.held.front().request;
  const auto answer = [me = std::weak_ptr{me_}, producer, number = asked.number](const error& why) {
    if (const auto there = me.lock())
      (*there)->answered(producer, number, why);
  };
  self_.request(coordination_, caf::infinite,
                ask_about({first.getTransactionalId(), {producer, asked.epoch}, first.getAddsPartition()}, asked.topic,
                          asked.partition))
    .then([answer](const wire<CoordinatorReply>& m) { answer(verdict_of(m)); },
          [answer](const caf::error& why) {
            answer(make_error(node_errc::transaction_unverified,
                              "the transaction's coordinator cannot be asked: " + render(why)));
          });
}

void transaction_check::ask_again(const transaction_retry_tick& m) {
  if (const auto asked = open_.find(m.producer); asked != open_.end() && asked->second.number == m.number)
    ask(m.producer);
}

void transaction_check::marked(producer_id producer) {
  if (const auto asked = open_.find(producer); asked != open_.end())
    asked->second.is_outdated = true;
}

/// The first one goes as it was judged, the others as if they came now. After a refusal none of that epoch can go.
void transaction_check::answered(producer_id producer, std::uint64_t number, const error& why) {
  const auto asked = open_.find(producer);
  if (asked == open_.end() || asked->second.number != number)
    return;
  if (asked->second.is_outdated)
    return ask(producer);
  const bool is_soon = is_error(why, error_domain::node, static_cast<std::uint8_t>(node_errc::concurrent_transactions));
  if (is_soon && context_.time.monotonic_now() < asked->second.gives_up) {
    self_.delayed_send(&self_, context_.settings.duration("add.partitions.to.txn.retry.backoff.ms"),
                       transaction_retry_tick{producer, number});
    return;
  }
  auto held = std::move(asked->second.held);
  const auto epoch = asked->second.epoch;
  open_.erase(asked);
  bool is_judged = !why;
  for (auto& one : held) {
    if (why && one.epoch == epoch)
      one.promise.deliver(why);
    else
      go_on_(std::move(one), std::exchange(is_judged, false));
  }
}

void transaction_check::fail_all(const error& why) {
  for (auto& [producer, asked] : std::exchange(open_, {}))
    for (auto& one : asked.held)
      one.promise.deliver(why);
}

}  // namespace troupe
