#include "actors/feeder.hpp"

#include "actors/partition.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <deque>
#include <map>

namespace troupe {

struct feeder_flush {};
struct feeder_tick {};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::feeder_flush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::feeder_tick)

namespace troupe {

namespace {

using schema::ReplicaFetch;
using schema::ReplicaFetched;
using schema::ReplicaSlice;

class feeder_state {
 public:
  void start(caf::event_based_actor* self, node_context& context) {
    self_ = self;
    context_ = &context;
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  caf::result<wire<ReplicaFetched>> fetch(const wire<ReplicaFetch>& m) {
    const node_id follower{m->getNode()};
    auto& to = followers_[follower];
    if (to.session != m->getSession()) {
      drop(to);
      to.session = m->getSession();
    }
    while (to.open.size() >= bounds::replica_fetches_open - 1 && !to.open.empty())
      answer(to);
    auto promise = self_->make_response_promise<wire<ReplicaFetched>>();
    to.open.push_back({context_->time.monotonic_now() + bounds::replica_fetch_park_max, promise});
    for (const auto position : m->getPositions())
      pass_on(follower, m->getBrokerEpoch(), position, to);
    if (!to.ready.empty())
      flush_soon();
    arm();
    return promise;
  }

  void gather(replica_slice& m) {
    const auto found = followers_.find(m.follower);
    if (found == followers_.end())
      return;
    found->second.ready.push_back(std::move(m));
    flush_soon();
  }

  void flush() {
    flushing_ = false;
    for (auto& [id, to] : followers_)
      while (!to.ready.empty() && !to.open.empty())
        answer(to);
  }

  void tick() {
    armed_ = false;
    const auto now = context_->time.monotonic_now();
    for (auto& [id, to] : followers_)
      while (!to.open.empty() && to.open.front().until <= now)
        answer(to);
    arm();
  }

 private:
  struct open_fetch {
    monotonic_time until;
    caf::typed_response_promise<wire<ReplicaFetched>> promise;
  };
  struct follower_node {
    std::uint64_t session = 0;
    std::deque<open_fetch> open;
    std::deque<replica_slice> ready;  ///< one a partition at most, and what is said of the high watermark
  };

  void pass_on(node_id follower, std::int64_t broker_epoch, schema::ReplicaPosition::Reader from, follower_node& to) {
    const partition_id id{metadata::read_id(from.getTopic()), partition_index{from.getIndex()}};
    const leader_epoch epoch{from.getLeaderEpoch()};
    const auto view = context_->view.get();
    const auto leader = view ? view->replicas.leader_of(id) : caf::actor{};
    if (!leader) {
      to.ready.push_back({id, follower, epoch, {}, offset{0}, offset{0}, {}, ReplicaSlice::Refusal::NOT_LEADER});
      return;
    }
    follower_position position{follower, broker_epoch, epoch, offset{from.getLogEnd()}, offset{from.getDurableEnd()},
                               leader_epoch{from.getLastEpoch()}, offset{from.getLogStart()}, from.getReady(),
                               caf::actor_cast<caf::actor>(self_), from.getPartitionEpoch(), to.session};
    self_->send(leader, std::move(position));
  }

  void flush_soon() {
    if (!std::exchange(flushing_, true))
      self_->send(self_, feeder_flush{});
  }

  void arm() {
    if (armed_)
      return;
    for (const auto& [id, to] : followers_)
      if (!to.open.empty()) {
        armed_ = true;
        self_->delayed_send(self_, bounds::replica_fetch_park_max / 2, feeder_tick{});
        return;
      }
  }

  void drop(follower_node& of) {
    for (auto& late : of.open)
      late.promise.deliver(make_error(node_errc::peer_unreachable, "the follower has begun anew"));
    of.open.clear();
    of.ready.clear();
  }

  /// Answers the oldest open fetch with as much as is ready and fits.
  void answer(follower_node& to) {
    std::size_t count = 0, bytes = 0;
    const auto fits = [&] {
      return count == 0 || bytes + size_of(to.ready[count].records) <= bounds::replica_answer_bytes_max;
    };
    while (count < to.ready.size() && fits())
      bytes += size_of(to.ready[count++].records);
    wire_builder<ReplicaFetched> b{16 + count * 12};
    auto slices = b->initSlices(static_cast<unsigned>(count));
    for (unsigned i = 0; i < count; ++i)
      write(b, slices[i], to.ready[i]);
    to.ready.erase(to.ready.begin(), to.ready.begin() + static_cast<std::ptrdiff_t>(count));
    auto promise = std::move(to.open.front().promise);
    to.open.pop_front();
    promise.deliver(std::move(b).freeze());
  }

  static void write(wire_builder<ReplicaFetched>& b, ReplicaSlice::Builder to, replica_slice& from) {
    metadata::write_id(to.initTopic(), from.id.topic);
    to.setIndex(from.id.index.value);
    to.setLeaderEpoch(from.epoch.value);
    to.setHighWatermark(from.high_watermark.value);
    to.setLogStart(from.log_start.value);
    to.setRefusal(from.refusal);
    to.setFrom(from.from.value);
    to.setAsks(from.asks);
    if (from.diverging) {
      to.setDivergingEpoch(from.diverging->epoch.value);
      to.setDivergingEnd(from.diverging->end.value);
    }
    if (size_of(from.records) > 0)
      to.setRecords(b.attach(std::move(from.records)));
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  std::map<node_id, follower_node> followers_;
  bool flushing_ = false;
  bool armed_ = false;
};

caf::behavior feeder(caf::stateful_actor<feeder_state>* self, node_context* context) {
  adopt(self, *context, "feeder");
  auto* state = &self->state;
  state->start(self, *context);
  return {
    [state](const wire<ReplicaFetch>& m) { return state->fetch(m); },
    [state](replica_slice& m) { state->gather(m); },
    [state](const feeder_flush&) { state->flush(); },
    [state](const feeder_tick&) { state->tick(); },
  };
}

}  // namespace

caf::actor spawn_feeder(node_context& context) {
  return context.spawn(feeder, &context);
}

}  // namespace troupe
