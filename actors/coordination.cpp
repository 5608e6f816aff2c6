#include "actors/coordination.hpp"

#include "actors/api/handler.hpp"
#include "actors/peers.hpp"
#include "runtime/group/placement.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/cluster_view.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"
#include "runtime/transaction/state.hpp"
#include "schema/kafka/add_partitions_to_txn.hpp"
#include "schema/kafka/write_txn_markers.hpp"
#include "schema/partition.capnp.h"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <utility>

namespace troupe {

namespace {

using schema::CoordinatorReply;
using schema::CoordinatorRequest;
using schema::MarkerReply;
using schema::MarkerRequest;
using schema::PartitionAppended;
using schema::PartitionMarker;

constexpr std::int16_t markers_version = kafka::write_txn_markers_request::max_version;

error no_leader(const std::string& what) {
  return make_error(node_errc::no_coordinator, what + ": nobody leads it now");
}

/// The partitions of one marker request until all have answered.
struct marker_round {
  caf::typed_response_promise<wire<MarkerReply>> promise;
  kafka::write_txn_markers_response body;
  std::size_t open = 1;

  void arrived() {
    if (--open > 0)
      return;
    kafka::writer out;
    body.encode(out, markers_version);
    wire_builder<MarkerReply> b;
    b->setBody(b.attach(flatten(std::move(out).finish())));
    promise.deliver(std::move(b).freeze());
  }
};

wire<PartitionMarker> marker_of(const kafka::write_txn_markers_request::marker& m) {
  wire_builder<PartitionMarker> b;
  b->setProducerId(m.producer_id);
  b->setProducerEpoch(m.producer_epoch);
  b->setCoordinatorEpoch(m.coordinator_epoch);
  b->setCommits(m.transaction_result);
  b->setTransactionVersion(m.transaction_version);
  return std::move(b).freeze();
}

class coordination_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, caf::actor peers) {
    self_ = self;
    context_ = &context;
    peers_ = std::move(peers);
  }

  // -- from this node -----------------------------------------------------------------------------------------------

  caf::result<wire<CoordinatorReply>> ask(const transaction_question& m) {
    const auto image = context_->view.get()->image;
    const auto topic = image->find_topic(transaction::state_topic);
    if (!topic)
      return no_leader(std::string{transaction::state_topic});
    const auto index = group::responsible_partition(m.transactional_id, topic->partition_count());
    const auto leader = topic->find(partition_index{index})->leader;
    wire_builder<CoordinatorRequest> b;
    b->setApiKey(kafka::add_partitions_to_txn_request::api_key);
    b->setApiVersion(kafka::add_partitions_to_txn_request::max_version);
    b->setBody(b.attach(m.body));
    b->setCoordinator(index);
    return pass_on<CoordinatorReply>(leader, std::move(b).freeze());
  }

  caf::result<wire<MarkerReply>> send_markers(const markers_for& m) {
    return pass_on<MarkerReply>(m.node, m.request);
  }

  // -- from other nodes ---------------------------------------------------------------------------------------------

  caf::result<wire<CoordinatorReply>> serve(const wire<CoordinatorRequest>& m) {
    const auto view = context_->view.get();
    const auto topic = view->image->find_topic(transaction::state_topic);
    auto leader = topic ? view->replicas.leader_of({topic->id, partition_index{m->getCoordinator()}}) : caf::actor{};
    if (!leader)
      return make_error(node_errc::not_leader, std::string{transaction::state_topic} + "-"
                                                 + std::to_string(m->getCoordinator()) + ": not led by this node");
    auto promise = self_->make_response_promise<wire<CoordinatorReply>>();
    promise.delegate(leader, m);
    return promise;
  }

  caf::result<wire<MarkerReply>> write_markers(const wire<MarkerRequest>& m) {
    if (m->getCoordinator() >= 0 && !is_newest(*m))
      return make_error(node_errc::not_leader, "a marker request has come too late");
    kafka::reader in{std::get<byte_slice>(m.attachment(m->getBody()))};
    kafka::write_txn_markers_request r;
    r.decode(in, markers_version);
    if (auto problem = kafka::check_read(in, r.api_name))
      return problem;
    auto round = std::make_shared<marker_round>();
    round->promise = self_->make_response_promise<wire<MarkerReply>>();
    round->body.markers.resize(r.markers.size());
    const auto view = context_->view.get();
    for (std::size_t i = 0; i < r.markers.size(); ++i)
      write_marker(*view, r.markers[i], round, i);
    round->arrived();
    return round->promise;
  }

 private:
  template <class Reply, class Request>
  caf::result<wire<Reply>> pass_on(node_id to, wire<Request> m) {
    if (to.value < 0)
      return no_leader("the partition");
    auto promise = self_->make_response_promise<wire<Reply>>();
    if (to == context_->self) {
      promise.delegate(caf::actor_cast<caf::actor>(self_), std::move(m));
      return promise;
    }
    self_->request(peers_, caf::infinite, peer_wanted{to, schema::LinkLane::CONTROL, "coordination"})
      .then([this, promise, m = std::move(m)](const peer_handle& there) mutable {
              self_->request(there.actor, caf::infinite, std::move(m))
                .then([promise](const wire<Reply>& answer) mutable { promise.deliver(answer); },
                      [promise](const caf::error& why) mutable { promise.deliver(why); });
            },
            [promise](const caf::error& why) mutable { promise.deliver(why); });
    return promise;
  }

  /// A coordinator has one request under way to this node: what is older was given up by its sender.
  bool is_newest(MarkerRequest::Reader m) {
    auto& last = newest_[m.getCoordinator()];
    const std::pair<std::int32_t, std::uint64_t> now{m.getEpoch(), m.getNumber()};
    if (now <= last)
      return false;
    last = now;
    return true;
  }

  void write_marker(const cluster_view& view, const kafka::write_txn_markers_request::marker& m,
                    const std::shared_ptr<marker_round>& round, std::size_t line) {
    auto& told = round->body.markers[line];
    told.producer_id = m.producer_id;
    told.topics.resize(m.topics.size());
    for (std::size_t t = 0; t < m.topics.size(); ++t) {
      told.topics[t].name = m.topics[t].name;
      told.topics[t].partitions.resize(m.topics[t].partition_indexes.size());
      const auto topic = view.image->find_topic(m.topics[t].name);
      for (std::size_t p = 0; p < m.topics[t].partition_indexes.size(); ++p) {
        const auto index = m.topics[t].partition_indexes[p];
        const auto say = [round, line, t, p](kafka::error_code code) {
          round->body.markers[line].topics[t].partitions[p].error_code = kafka::code_of(code);
        };
        told.topics[t].partitions[p].partition_index = index;
        auto leader = topic ? view.replicas.leader_of({topic->id, partition_index{index}}) : caf::actor{};
        if (!leader) {
          say(topic && topic->find(partition_index{index}) ? kafka::error_code::not_leader_or_follower
                                                           : kafka::error_code::unknown_topic_or_partition);
          continue;
        }
        ++round->open;
        self_->request(leader, caf::infinite, marker_of(m))
          .then([round, say](const wire<PartitionAppended>&) { say(kafka::error_code::none), round->arrived(); },
                [round, say](const caf::error& why) { say(api::code_of(why)), round->arrived(); });
      }
    }
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor peers_;
  std::map<std::int32_t, std::pair<std::int32_t, std::uint64_t>> newest_;  ///< of each coordinator: epoch and number
};

caf::behavior coordination(caf::stateful_actor<coordination_state>* self, node_context* context, caf::actor peers) {
  adopt(self, *context, "coordination");
  auto* state = &self->state;
  state->start(self, *context, std::move(peers));
  return {
    [state](const transaction_question& m) { return state->ask(m); },
    [state](const markers_for& m) { return state->send_markers(m); },
    [state](const wire<CoordinatorRequest>& m) { return state->serve(m); },
    [state](const wire<MarkerRequest>& m) { return state->write_markers(m); },
  };
}

}  // namespace

caf::actor spawn_coordination(node_context& context, caf::actor peers) {
  return context.spawn(coordination, &context, std::move(peers));
}

}  // namespace troupe
