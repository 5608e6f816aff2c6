#pragma once

#include "actors/partition_timers.hpp"
#include "runtime/authority/clock.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/log/log.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/coordinator.capnp.h"
#include "schema/partition.capnp.h"

#include <caf/actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace troupe {

class node_context;

using append_promise = caf::typed_response_promise<wire<schema::PartitionAppended>>;

/// An append that waits until the coordinator has said whether the partition is a part of its transaction.
struct held_append {
  wire<schema::PartitionAppend> request;
  append_promise promise;
  std::int16_t epoch = -1;  ///< of the producer
};

/// The first batch of a transaction in a partition is appended only when the transaction's coordinator says that the
/// partition is a part of it, or makes it one: else a batch that comes late would begin a transaction that nobody ends,
/// or become a part of the next one (KIP-890). A part of the leader's role.
class transaction_check {
 public:
  /// What was held may go: one as it was judged, others as if they came now.
  using go_on = std::function<void(held_append, bool is_judged)>;

  /// `coordination` answers transaction_question.
  transaction_check(caf::event_based_actor& self, node_context& context, caf::actor coordination, go_on then);

  /// Whether the batch in `m`, whose head is `head`, must be held.
  bool must_wait(const log::log& log, const log::batch_head& head, schema::PartitionAppend::Reader m) const;
  /// Keeps it until the coordinator has answered; batches of one producer keep their order.
  void hold(held_append one, const log::batch_head& head, const std::string& topic, std::int32_t partition);
  /// A pause after "the transaction before is still being ended" is over.
  void ask_again(const transaction_retry_tick& m);
  /// A marker of that producer was appended: what the coordinator is about to say was said of the transaction before.
  void marked(producer_id producer);
  void fail_all(const error& why);

 private:
  struct inquiry {
    std::deque<held_append> held;
    std::string topic;
    std::int32_t partition = 0;
    std::int16_t epoch = -1;
    bool is_outdated = false;
    std::uint64_t number = 0;
    monotonic_time gives_up;
  };

  bool is_verification_on() const;
  void ask(producer_id producer);
  void answered(producer_id producer, std::uint64_t number, const error& why);

  caf::event_based_actor& self_;
  node_context& context_;
  caf::actor coordination_;
  go_on go_on_;
  std::map<producer_id, inquiry> open_;
  std::uint64_t last_number_ = 0;
  std::shared_ptr<transaction_check*> me_;  ///< answers may come when the role is over
};

}  // namespace troupe
