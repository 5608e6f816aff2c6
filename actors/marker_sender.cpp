#include "actors/marker_sender.hpp"

#include "actors/coordination.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/kafka/request.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/cluster_view.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace troupe {

using kafka::error_code;
using schema::MarkerReply;
using schema::MarkerRequest;
using transaction::participant;

namespace {

constexpr std::int16_t version = kafka::write_txn_markers_request::max_version;

kafka::write_txn_markers_request::marker marker_for(const transaction::marker_order& order,
                                                    const std::vector<participant>& partitions, leader_epoch epoch) {
  kafka::write_txn_markers_request::marker out;
  out.producer_id = order.producer.value;
  out.producer_epoch = order.epoch;
  out.transaction_result = order.commits;
  out.coordinator_epoch = epoch.value;
  out.transaction_version = static_cast<std::int8_t>(order.client_version);
  for (const auto& p : partitions) {
    if (out.topics.empty() || out.topics.back().name != p.topic)
      out.topics.emplace_back().name = p.topic;
    out.topics.back().partition_indexes.push_back(p.partition);
  }
  return out;
}

}  // namespace

void marker_sender::start(caf::event_based_actor* self, node_context& context, caf::actor coordination,
                          partition_index index, leader_epoch epoch, on_marked marked) {
  self_ = self;
  context_ = &context;
  coordination_ = std::move(coordination);
  index_ = index;
  epoch_ = epoch;
  marked_ = std::move(marked);
}

void marker_sender::send(transaction::marker_order order) {
  const auto id = order.id;
  auto waiting = order.partitions;
  open_[id] = {std::move(order), std::move(waiting), {}, {}};
  flush();
}

void marker_sender::on_tick() {
  is_waiting_ = false;
  for (auto& [id, of] : open_)
    of.waiting.merge(of.refused);
  flush();
}

/// Who is to be asked for what, among the nodes that are not busy. Partitions of topics that are no more are done.
marker_sender::by_node marker_sender::plan() {
  by_node out;
  std::map<std::string, std::vector<participant>> gone;
  const auto view = context_->view.get();
  bool is_leaderless = false;
  for (const auto& [id, of] : open_)
    for (const auto& p : of.waiting) {
      const auto topic = view->image->find_topic(p.topic);
      const auto* partition = topic ? topic->find(partition_index{p.partition}) : nullptr;
      if (!partition)
        gone[id].push_back(p);
      else if (partition->leader.value < 0)
        is_leaderless = true;
      else if (!busy_.contains(partition->leader))
        out[partition->leader][id].push_back(p);
    }
  if (is_leaderless)
    try_again_later();
  for (const auto& [id, partitions] : gone)
    settle(id, partitions);
  return out;
}

void marker_sender::flush() {
  for (const auto& [node, what] : plan())
    ask(node, what);
}

void marker_sender::ask(node_id node, const std::map<std::string, std::vector<participant>>& what) {
  kafka::write_txn_markers_request r;
  std::vector<std::string> ids;
  for (const auto& [id, partitions] : what) {
    auto& of = open_.at(id);
    for (const auto& p : partitions)
      of.asked.insert(of.waiting.extract(p));
    r.markers.push_back(marker_for(of.order, partitions, epoch_));
    ids.push_back(id);
  }
  kafka::writer out;
  r.encode(out, version);
  wire_builder<MarkerRequest> b;
  b->setCoordinator(index_.value);
  b->setEpoch(epoch_.value);
  // By the clock, since another coordinator of this epoch may have counted before this one was made.
  const auto clock = static_cast<std::uint64_t>(context_->time.monotonic_now().time_since_epoch().count());
  b->setNumber(last_number_ = std::max(last_number_ + 1, clock));
  b->setBody(b.attach(flatten(std::move(out).finish())));
  busy_.insert(node);
  self_->request(coordination_, bounds::marker_answer_max, markers_for{node, std::move(b).freeze()})
    .then([this, node, ids](const wire<MarkerReply>& m) { answered(node, m, ids); },
          [this, node, ids](const caf::error& why) { failed(node, ids, why); });
}

void marker_sender::answered(node_id node, const wire<MarkerReply>& m, const std::vector<std::string>& ids) {
  kafka::reader in{std::get<byte_slice>(m.attachment(m->getBody()))};
  kafka::write_txn_markers_response r;
  r.decode(in, version);
  if (!in.ok() || r.markers.size() != ids.size())
    return failed(node, ids, make_error(kafka::errc::malformed, "the answer to WriteTxnMarkers"));
  busy_.erase(node);
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (const auto of = open_.find(ids[i]); of != open_.end())
      take_line(of->second, r.markers[i]);
  flush();
}

void marker_sender::take_line(open_order& of, const kafka::write_txn_markers_response::marker_result& line) {
  std::vector<participant> done;
  for (const auto& topic : line.topics)
    for (const auto& p : topic.partitions) {
      auto asked = of.asked.extract(participant{topic.name, p.partition_index});
      if (!asked)
        continue;
      const error_code code{p.error_code};
      // A newer epoch in the partition's log means that the transaction was ended there, by hand perhaps.
      if (code == error_code::none || code == error_code::invalid_producer_epoch) {
        done.push_back(asked.value());
        continue;
      }
      probe("a marker has to be sent again");
      if (mutation("M24")) {
        done.push_back(asked.value());
        continue;
      }
      of.refused.insert(std::move(asked));
      try_again_later();
    }
  settle(std::string{of.order.id}, done);
}

void marker_sender::failed(node_id node, const std::vector<std::string>& ids, const error& why) {
  context_->log.write(log_level::debug, "transaction coordinator",
                      "node " + std::to_string(node.value) + " could not be told of ended transactions: "
                        + render(why));
  busy_.erase(node);
  for (const auto& id : ids)
    if (const auto of = open_.find(id); of != open_.end())
      of->second.refused.merge(of->second.asked);
  try_again_later();
}

void marker_sender::settle(const std::string& id, const std::vector<participant>& done) {
  if (done.empty())
    return;
  auto& of = open_.at(id);
  for (const auto& p : done)
    of.waiting.erase(p);
  const auto order = of.order;
  if (of.is_over())
    open_.erase(id);
  marked_(order, done);
}

void marker_sender::try_again_later() {
  if (!std::exchange(is_waiting_, true))
    self_->delayed_send(self_, bounds::marker_retry_pause, marker_tick{});
}

}  // namespace troupe
