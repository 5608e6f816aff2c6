#include "actors/replicator.hpp"

#include "actors/partition.hpp"
#include "actors/peers.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/node/context.hpp"
#include "schema/replication.capnp.h"

#include <caf/all.hpp>

#include <unordered_map>
#include <vector>

namespace troupe {

struct replicator_flush {};
struct replicator_retry {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replicator_flush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replicator_retry)

namespace troupe {

namespace {

using schema::ReplicaFetch;
using schema::ReplicaFetched;

class replicator_state {
 public:
  void start(caf::event_based_actor* self, node_context& context, node_id leader, caf::actor peers) {
    self_ = self;
    context_ = &context;
    leader_ = leader;
    peers_ = std::move(peers);
    self_->set_down_handler([this](caf::scheduled_actor*, caf::down_msg& m) {
      if (feeder_ && m.source == feeder_.address())
        lose(m.reason);
    });
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  void take(const follow& m) {
    auto& place = followed_[m.id];
    if (place.said.epoch > m.epoch)
      return;
    const bool still_ready = place.changed && place.said.epoch == m.epoch && place.said.ready;
    place.said = m;
    place.said.ready |= still_ready;
    place.ready = place.said.ready || (place.ready && m.epoch == place.epoch_told);
    if (!place.changed) {
      place.changed = true;
      changed_.push_back(m.id);
    }
    flush_soon();
  }

  void drop(const unfollow& m) {
    if (auto found = followed_.find(m.id); found != followed_.end() && found->second.said.epoch <= m.epoch)
      followed_.erase(found);
  }

  void flush() {
    flushing_ = false;
    if (feeder_)
      send_fetch();
    else
      find_feeder();
  }

  void retry() {
    waiting_ = false;
    if (!followed_.empty())
      find_feeder();
  }

 private:
  struct followed {
    follow said;
    bool changed = false;   ///< since the last fetch of this session
    bool ready = false;     ///< the partition waits for a slice
    leader_epoch epoch_told = no_epoch;
  };

  /// There is always one open; a second one only to say something new, which makes the other side answer the first.
  bool may_fetch() const {
    return open_fetches_ < bounds::replica_fetches_open && (!changed_.empty() || open_fetches_ == 0);
  }

  /// What several partitions say at a time goes in one fetch.
  void flush_soon() {
    if ((may_fetch() || !feeder_) && !std::exchange(flushing_, true))
      self_->send(self_, replicator_flush{});
  }

  // -- the link ---------------------------------------------------------------------------------------------------

  void find_feeder() {
    if (finding_ || waiting_ || feeder_)
      return;
    finding_ = true;
    self_->request(peers_, caf::infinite, peer_wanted{leader_, schema::LinkLane::DATA, "feeder"})
      .then([this](const peer_handle& m) { found(m.actor); },
            [this](const caf::error&) {
              finding_ = false;
              wait_a_moment();
            });
  }

  void found(const caf::actor& feeder) {
    finding_ = false;
    feeder_ = feeder;
    self_->monitor(feeder_);
    begin_session();
    send_fetch();
  }

  /// Everything is told anew, as the other side knows nothing of this session.
  void begin_session() {
    session_ = context_->random.next(random_purpose::session);
    open_fetches_ = 0;
    changed_.clear();
    for (auto& [id, place] : followed_) {
      place.changed = true;
      place.said.ready |= place.ready;
      changed_.push_back(id);
    }
  }

  void lose(const error& why) {
    context_->log.write(log_level::debug, "replicator of node " + std::to_string(leader_.value), render(why));
    feeder_ = nullptr;
    wait_a_moment();
  }

  void wait_a_moment() {
    if (!std::exchange(waiting_, true))
      self_->delayed_send(self_, bounds::follower_retry_pause, replicator_retry{});
  }

  // -- fetches ----------------------------------------------------------------------------------------------------

  void send_fetch() {
    if (!may_fetch() || followed_.empty())
      return;
    ++open_fetches_;
    self_->request(feeder_, caf::infinite, next_fetch())
      .then([this, session = session_](const wire<ReplicaFetched>& m) {
              if (session == session_ && feeder_)
                answered(m);
            },
            [this, session = session_](const caf::error& why) {
              if (session == session_ && feeder_)
                lose(why);
            });
  }

  wire<ReplicaFetch> next_fetch() {
    std::vector<followed*> places;
    const auto count = std::min(changed_.size(), bounds::replica_positions_max);
    for (std::size_t i = 0; i < count; ++i)
      if (auto found = followed_.find(changed_[i]); found != followed_.end())
        places.push_back(&found->second);
    changed_.erase(changed_.begin(), changed_.begin() + static_cast<std::ptrdiff_t>(count));
    wire_builder<ReplicaFetch> b{64 + places.size() * 12};
    b->setNode(context_->self.value);
    b->setBrokerEpoch(context_->broker_epoch);
    b->setSession(session_);
    auto positions = b->initPositions(static_cast<unsigned>(places.size()));
    for (unsigned i = 0; i < places.size(); ++i)
      write(positions[i], *places[i]);
    return std::move(b).freeze();
  }

  static void write(schema::ReplicaPosition::Builder to, followed& place) {
    const auto& said = place.said;
    metadata::write_id(to.initTopic(), said.id.topic);
    to.setIndex(said.id.index.value);
    to.setLeaderEpoch(said.epoch.value);
    to.setLogEnd(said.log_end.value);
    to.setDurableEnd(said.durable_end.value);
    to.setLastEpoch(said.last_epoch.value);
    to.setLogStart(said.log_start.value);
    to.setReady(said.ready);
    to.setPartitionEpoch(said.partition_epoch);
    place.changed = false;
    place.epoch_told = said.epoch;
    place.said.ready = false;
  }

  void answered(const wire<ReplicaFetched>& m) {
    --open_fetches_;
    for (const auto slice : m->getSlices()) {
      const partition_id id{metadata::read_id(slice.getTopic()), partition_index{slice.getIndex()}};
      const auto found = followed_.find(id);
      if (found == followed_.end())
        continue;
      // An answer to what was said in an earlier epoch takes nothing from the partition that waits in this one;
      // "fenced" always is such an answer, and names the epoch that the partition may have come to meanwhile.
      using Refusal = schema::ReplicaSlice::Refusal;
      const bool is_answer = slice.getRecords() != schema::NO_RECORDS || slice.getDivergingEnd() >= 0
                          || (slice.getRefusal() != Refusal::NONE && slice.getRefusal() != Refusal::FENCED_EPOCH);
      if (is_answer && slice.getLeaderEpoch() == found->second.said.epoch.value)
        found->second.ready = false;
      self_->send(found->second.said.partition, slice_of(m, slice, id));
    }
    flush_soon();
  }

  replica_slice slice_of(const wire<ReplicaFetched>& m, schema::ReplicaSlice::Reader from, const partition_id& id) {
    replica_slice out{id, context_->self, leader_epoch{from.getLeaderEpoch()}, m.attachment(from.getRecords()),
                      offset{from.getHighWatermark()}, offset{from.getLogStart()}, {}, from.getRefusal(),
                      offset{from.getFrom()}, from.getAsks()};
    if (from.getDivergingEnd() >= 0)
      out.diverging = log::epoch_end{leader_epoch{from.getDivergingEpoch()}, offset{from.getDivergingEnd()}};
    return out;
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  node_id leader_{-1};
  caf::actor peers_;
  caf::actor feeder_;
  std::unordered_map<partition_id, followed> followed_;
  std::vector<partition_id> changed_;
  std::uint64_t session_ = 0;
  std::size_t open_fetches_ = 0;
  bool finding_ = false;
  bool waiting_ = false;
  bool flushing_ = false;
};

caf::behavior replicator(caf::stateful_actor<replicator_state>* self, node_context* context, node_id leader,
                         caf::actor peers) {
  adopt(self, *context, "replicator of node " + std::to_string(leader.value));
  auto* state = &self->state;
  state->start(self, *context, leader, std::move(peers));
  return {
    [state](const follow& m) { state->take(m); },
    [state](const unfollow& m) { state->drop(m); },
    [state](const replicator_flush&) { state->flush(); },
    [state](const replicator_retry&) { state->retry(); },
  };
}

}  // namespace

caf::actor spawn_replicator(node_context& context, node_id leader, caf::actor peers) {
  return context.spawn(replicator, &context, leader, std::move(peers));
}

}  // namespace troupe
