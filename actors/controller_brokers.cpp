// The active controller and the brokers: registrations, heartbeats, fencing, in-sync replicas.

#include "actors/controller_bounds.hpp"
#include "actors/controller_reign.hpp"
#include "actors/controller_refusal.hpp"
#include "actors/controller_rules.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/sites.hpp"
#include "runtime/metadata/alter_partition.hpp"
#include "runtime/metadata/broker_states.hpp"
#include "runtime/metadata/change_set.hpp"
#include "runtime/metadata/elections.hpp"
#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/record_builders.hpp"
#include "runtime/node/context.hpp"
#include "runtime/node/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace troupe {

using schema::BrokerHeartbeat;
using schema::BrokerHeartbeatAnswer;
using schema::BrokerRegistered;
using schema::BrokerRegistration;
using schema::IsrAnswer;
using schema::IsrChange;
using schema::IsrChanged;
using schema::IsrWish;

namespace {

metadata::register_broker_command registration_of(BrokerRegistration::Reader m) {
  metadata::register_broker_command out;
  out.id = node_id{m.getNode()};
  out.incarnation = metadata::read_id(m.getIncarnation());
  out.directory = metadata::read_id(m.getDirectory());
  out.clean_epoch = m.getCleanEpoch();
  for (const auto e : m.getEndpoints())
    out.endpoints.push_back({e.getListener(), e.getHost(), e.getPort(), e.getProtocol()});
  if (m.hasRack())
    out.rack = std::string{m.getRack()};
  return out;
}

wire<BrokerHeartbeatAnswer> heartbeat_answer(bool fenced, bool may_stop) {
  wire_builder<BrokerHeartbeatAnswer> b;
  b->setFenced(fenced);
  b->setMayStop(may_stop);
  return std::move(b).freeze();
}

}  // namespace

std::chrono::milliseconds controller_reign::session() const {
  return context_->settings.duration("broker.session.timeout.ms");
}

// -- registrations and heartbeats -------------------------------------------------------------------------------------

void controller_reign::serve(const wire<BrokerRegistration>& m, answer<BrokerRegistered> to) {
  auto wish = registration_of(*m);
  const auto now = context_->time.monotonic_now();
  wish.previous_alive = brokers_.spoke(wish.id, now, session());
  // A node that is alone has nobody to lead in its place: it keeps what it leads.
  const auto& all = head_->brokers();
  wish.fenced = wish.id != context_->self || all.size() > 1 || seat_->view().voters.size() > 1;
  if (!wish.fenced)
    wish.previous_alive = false;
  auto made = metadata::register_broker(*head_, rules(), wish);
  if (!made)
    return void(to.deliver(made.error()));
  brokers_.forget(wish.id);
  brokers_.heard(wish.id, 0, now);
  say(log_level::info, "registers node " + std::to_string(wish.id.value) + " with epoch "
                         + std::to_string(made->epoch));
  commit_and_answer<BrokerRegistered>(std::move(made->records), std::move(to), [epoch = made->epoch] {
    wire_builder<BrokerRegistered> b;
    b->setEpoch(epoch);
    return std::move(b).freeze();
  });
}

void controller_reign::serve(const wire<BrokerHeartbeat>& m, answer<BrokerHeartbeatAnswer> to) {
  const node_id id{m->getNode()};
  if (auto refused = metadata::check_broker_epoch(*head_, id, m->getEpoch()))
    return void(to.deliver(refused));
  brokers_.heard(id, m->getAppliedIndex(), context_->time.monotonic_now());
  const auto registered = head_->find_broker(id);
  if (m->getWantsToStop()) {
    auto progress = metadata::begin_shutdown(*head_, rules(), id, m->getEpoch());
    if (!progress)
      return void(to.deliver(progress.error()));
    const auto now = context_->time.monotonic_now();
    if (progress->leads == 0)
      brokers_.may_stop_after(id, progress->stop_after);
    const bool may = progress->leads == 0
                       ? brokers_.may_stop(*head_, id)
                       : brokers_.is_stuck(*head_, id, progress->leads, now, bounds::shutdown_patience);
    return commit_and_answer<BrokerHeartbeatAnswer>(std::move(progress->records), std::move(to),
                                                    [may] { return heartbeat_answer(false, may); });
  }
  // It takes part once it has seen its own registration, and with it everything before.
  if (!registered->fenced || m->getAppliedIndex() < registered->epoch)
    return void(to.deliver(heartbeat_answer(registered->fenced, false)));
  auto made = metadata::unfence_broker(*head_, rules(), id, m->getEpoch());
  if (!made)
    return void(to.deliver(made.error()));
  say(log_level::info, "counts on node " + std::to_string(id.value));
  commit_and_answer<BrokerHeartbeatAnswer>(std::move(*made), std::move(to),
                                           [] { return heartbeat_answer(false, false); });
}

void controller_reign::fence(node_id id, std::string_view why) {
  auto made = metadata::fence_broker(*head_, rules(), id, -1);
  brokers_.forget(id);
  if (!made || made->empty())
    return;
  probe("node fenced");
  say(log_level::warning, "fences node " + std::to_string(id.value) + ": " + std::string{why});
  commit(std::move(*made), [] {}, [] {});
}

void controller_reign::lost(node_id id, const topic_id& incarnation) {
  gone_[id] = incarnation;
  if (reigning_)
    fence_if_gone(id);
}

void controller_reign::met(node_id id) {
  gone_.erase(id);
}

void controller_reign::fence_if_gone(node_id id) {
  const auto gone = gone_.find(id);
  const auto registered = head_->find_broker(id);
  if (gone != gone_.end() && registered && registered->incarnation == gone->second)
    fence(id, "its link broke");
}

void controller_reign::watch() {
  if (!reigning_)
    return;
  for (const auto id : brokers_.overdue(*head_, context_->time.monotonic_now(), session()))
    if (id != context_->self)
      fence(id, "nothing was heard of it for a session");
  const auto on = head_;
  for (const auto& [id, b] : on->brokers())
    if (id != context_->self && !b->fenced && buggify("wrong suspicion")) {
      fence(id, "the simulated world wants to suspect it");
      break;
    }
  replace_wiped_voter();
  add_voter();
  balance_leaders();
}

/// Leadership goes back to where it is preferred, a part of the partitions at a time.
void controller_reign::balance_leaders() {
  const auto now = context_->time.monotonic_now();
  const auto& settings = context_->settings;
  if (!settings.flag("auto.leader.rebalance.enable") || now < balance_at_)
    return;
  balance_at_ = now + std::chrono::seconds{settings.integer("leader.imbalance.check.interval.seconds")};
  const auto tolerated = static_cast<std::int32_t>(settings.integer("leader.imbalance.per.broker.percentage"));
  auto moved = metadata::balance_leaders(*head_, rules(), tolerated, bounds::balanced_leaders_max);
  if (moved.more)
    balance_at_ = now;
  if (moved.records.empty())
    return;
  say(log_level::info, "moves " + std::to_string(moved.records.size()) + " leaders to where they are preferred");
  commit(std::move(moved.records), [] {}, [] {});
}

// -- in-sync replicas -------------------------------------------------------------------------------------------------

void controller_reign::serve(const wire<IsrChange>& m, answer<IsrChanged> to) {
  metadata::change_set changes{head_};
  const auto wishes = m->getWishes();
  auto b = std::make_shared<wire_builder<IsrChanged>>(64 + wishes.size() * 24);
  auto answers = (*b)->initAnswers(wishes.size());
  for (unsigned i = 0; i < wishes.size(); ++i)
    alter_one(*m, wishes[i], changes, answers[i]);
  commit_and_answer<IsrChanged>(std::move(changes).take(), std::move(to),
                                [out = std::move(*b).freeze()] { return out; });
}

void controller_reign::alter_one(IsrChange::Reader m, IsrWish::Reader wish, metadata::change_set& changes,
                                 IsrAnswer::Builder out) const {
  metadata::alter_partition_command command;
  command.leader = node_id{m.getNode()};
  command.broker_epoch = m.getBrokerEpoch();
  command.which = {metadata::read_id(wish.getTopic()), partition_index{wish.getIndex()}};
  command.epoch = leader_epoch{wish.getLeaderEpoch()};
  command.partition_epoch = wish.getPartitionEpoch();
  command.resigns = wish.getResigns();
  for (const auto member : wish.getInSync())
    command.in_sync.push_back({node_id{member.getNode()}, member.getBrokerEpoch()});
  metadata::write_id(out.initTopic(), command.which.topic);
  out.setIndex(wish.getIndex());
  auto altered = metadata::alter_partition(changes.now(), rules(), command);
  auto failed = altered ? changes.add(std::move(altered->records)) : altered.error();
  if (failed) {
    say(log_level::debug, "refuses in-sync replicas: " + render(failed));
    return out.setError(static_cast<std::int16_t>(metadata_code_of(failed)));
  }
  if (command.resigns && altered->leader_moved)
    say(log_level::warning, "the disk of " + std::to_string(command.leader.value) + " has failed: "
                              + std::to_string(altered->now.leader.value) + " leads partition "
                              + std::to_string(command.which.index.value) + " of " + to_string(command.which.topic));
  out.setLeader(altered->now.leader.value);
  out.setLeaderEpoch(altered->now.epoch.value);
  out.setPartitionEpoch(altered->now.partition_epoch);
  auto members = out.initInSync(static_cast<unsigned>(altered->now.in_sync.size()));
  for (unsigned i = 0; i < altered->now.in_sync.size(); ++i)
    members.set(i, altered->now.in_sync[i].value);
}

}  // namespace troupe
