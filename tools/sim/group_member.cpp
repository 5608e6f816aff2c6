#include "tools/sim/group_member.hpp"

#include "tools/sim/group_member_ways.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include <algorithm>

// A member's lives, its coordinator and its offsets, whatever protocol it uses.
namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto pause_most = 400ms;
constexpr auto doze_most = 9s;              // longer than a session
constexpr auto absence_most = 2s;
constexpr std::uint64_t death_share = 40;   // of its steps, one in so many ends its membership
constexpr std::uint64_t doze_share = 80;
constexpr std::uint64_t commit_share = 2;
constexpr std::uint64_t static_share = 3;   // of the members

std::string text_of(const group_oracle::partitions& partitions) {
  std::string out;
  for (const auto p : partitions)
    out += (out.empty() ? "" : ",") + std::to_string(p);
  return out;
}

}  // namespace

group_member::group_member(sim::world& in, const std::string& host, std::vector<endpoint> brokers, group_kind kind,
                           std::vector<std::string> more_topics, group_oracle& oracle)
  : by_(in, host),
    random_(in.stream("member " + host)),
    brokers_(std::move(brokers)),
    kind_(kind),
    more_topics_(std::move(more_topics)),
    oracle_(oracle) {
  if (random_.below(static_share) == 0)
    instance_ = host;
}

bool group_member::is_settled() const {
  return is_settling_ && is_member_ && settled_in_ == generation_ && unread_.empty()
         && (is_classic_ || owned_ == wanted_);
}

std::string group_member::describe() const {
  return by_.host() + (is_classic_ ? is_eager_ ? " (classic, eager" : " (classic" : " (consumer")
         + (instance_ ? ", static)" : ")") + ": " + at_ + ", generation " + std::to_string(generation_) + ", owns "
         + text_of(owned_) + (owned_ == wanted_ || is_classic_ ? "" : ", is to own " + text_of(wanted_));
}

std::chrono::nanoseconds group_member::some_of(std::chrono::nanoseconds most) {
  return std::chrono::microseconds{random_.below(static_cast<std::uint64_t>(most / 1us))};
}

void group_member::soon(step next) { after(some_of(pause_most), next); }

void group_member::after(std::chrono::nanoseconds delay, step next) {
  by_.after(delay, [this, next] {
    if (!is_stopped_)
      (this->*next)();
  });
}

// -- lives ------------------------------------------------------------------------------------------------------------

/// A process that remembers nothing.
void group_member::begin() {
  ++lives_;
  reader_ = oracle_.begins(by_.host() + " in its life " + std::to_string(lives_));
  is_classic_ = kind_ == group_kind::classic || (kind_ == group_kind::mixed && random_.below(2) == 0);
  is_eager_ = random_.below(2) == 0;
  member_id_ = is_classic_ ? std::string{} : by_.host() + "-" + std::to_string(lives_);
  generation_ = is_classic_ ? -1 : 0;
  is_member_ = false;
  wanted_.clear();
  said_.reset();
  lose_contact();
}

/// Says so, or just falls silent, as a process that is killed does. Static members are expected back.
void group_member::die() {
  at_ = "leaves";
  oracle_.ends(reader_);
  owned_.clear();
  unread_.clear();
  is_member_ = false;
  if (random_.below(2) == 0) {
    by_.disconnect();
    return after(some_of(absence_most), &group_member::begin);
  }
  is_classic_ ? leave_classic() : leave_consumer();
}

/// As a process that is stopped, or collects garbage, and then goes on with what it was about to do.
void group_member::doze() {
  at_ = "sleeps";
  after(some_of(doze_most), to_commit().empty() ? &group_member::go_on : &group_member::commit);
}

void group_member::lose_everything() {
  is_member_ = false;
  give_up(owned_);
  wanted_.clear();
  said_.reset();
  generation_ = is_classic_ ? -1 : 0;
}

void group_member::give_up(const group_oracle::partitions& some) {
  oracle_.gave_up(reader_, some);
  const auto gone = some;  // may be what is owned
  for (const auto p : gone) {
    owned_.erase(p);
    unread_.erase(p);
  }
}

void group_member::own(const group_oracle::partitions& all, const group_oracle::question& q) {
  give_up(without(owned_, all));
  for (const auto p : all)
    if (owned_.insert(p).second && p < group_oracle::others)
      unread_.insert(p);
  is_member_ = true;
  oracle_.reads(reader_, owned_, q);
}

// -- the coordinator --------------------------------------------------------------------------------------------------

void group_member::lose_contact() {
  coordinator_.reset();
  soon(&group_member::find);
}

void group_member::find() {
  at_ = "seeks the coordinator";
  kafka::find_coordinator_request r;
  r.coordinator_keys = {group};
  by_.call<kafka::find_coordinator_response>(brokers_[random_.below(brokers_.size())], r, 4, answer_patience,
                                             [this](auto answer) {
                                               if (is_stopped_)
                                                 return;
                                               if (answer)
                                                 found(*answer);
                                               else
                                                 soon(&group_member::find);
                                             });
}

void group_member::found(const kafka::find_coordinator_response& m) {
  const auto& one = m.coordinators.at(0);
  if (one.error_code != 0)
    return soon(&group_member::find);
  coordinator_ = endpoint{one.host, static_cast<std::uint16_t>(one.port)};
  soon(&group_member::go_on);
}

void group_member::go_on() {
  if (!coordinator_)
    return find();
  if (!is_classic_)
    return beat();
  is_member_ ? work() : join();
}

/// What a consumer does with an error of its coordinator's.
void group_member::react(std::int16_t code) {
  at_ += ", told " + std::to_string(code);
  switch (const auto why = static_cast<error_code>(code)) {
    case error_code::not_coordinator:
    case error_code::coordinator_not_available: return lose_contact();
    case error_code::coordinator_load_in_progress: return soon(&group_member::go_on);
    default: return is_classic_ ? react_classic(why) : react_consumer(why);
  }
}

// -- being a member ---------------------------------------------------------------------------------------------------

void group_member::work() {
  if (!is_settling_ && random_.below(death_share) == 0)
    return die();
  if (!is_settling_ && random_.below(doze_share) == 0)
    return doze();
  if (!is_classic_)
    return live();
  if (!unread_.empty())
    return fetch();
  if (!owned_.empty() && random_.below(commit_share) == 0)
    return commit();
  if (owned_.empty() && is_settling_)
    settled_in_ = generation_;
  heartbeat();
}

void group_member::fetch() {
  at_ = "reads what is committed";
  kafka::offset_fetch_request r;
  auto& g = r.groups.emplace_back();
  g.group_id = group;
  if (!is_classic_) {
    g.member_id = member_id_;
    g.member_epoch = generation_;
  }
  auto& t = g.topics.emplace().emplace_back();
  t.name = simulated_cluster::topic;
  t.partition_indexes = {unread_.begin(), unread_.end()};
  std::vector<std::int64_t> since;
  for (const auto p : unread_)
    since.push_back(oracle_.begins_to_read(p));
  ask<kafka::offset_fetch_response>(r, 9, answer_patience, [this, since, of = unread_](const auto& m, const auto&) {
    take(m, since, of);
  });
}

void group_member::take(const kafka::offset_fetch_response& m, const std::vector<std::int64_t>& since,
                        const group_oracle::partitions& of) {
  const auto& told = m.groups.at(0);
  if (told.error_code != 0)
    return react(told.error_code);
  auto before = since.begin();
  for (const auto wanted : of) {
    for (const auto& p : told.topics.at(0).partitions) {
      if (p.partition_index != wanted || p.error_code != 0)
        continue;
      oracle_.has_read(wanted, *before, p.committed_offset);
      unread_.erase(wanted);
    }
    ++before;
  }
  soon(&group_member::work);
}

group_oracle::partitions group_member::to_commit() const {
  auto out = without(owned_, unread_);
  out.erase(out.lower_bound(group_oracle::others), out.end());
  return out;
}

void group_member::commit() {
  if (!coordinator_)
    return find();
  at_ = "commits";
  kafka::offset_commit_request r;
  r.group_id = group;
  r.generation_id_or_member_epoch = generation_;
  r.member_id = member_id_;
  r.group_instance_id = instance_;
  auto& t = r.topics.emplace_back();
  t.name = simulated_cluster::topic;
  std::vector<std::int64_t> sent;
  for (const auto p : to_commit()) {
    auto& one = t.partitions.emplace_back();
    one.partition_index = p;
    one.committed_offset = oracle_.commits(reader_, p);
    one.committed_metadata = by_.host();
    sent.push_back(one.committed_offset);
  }
  ask<kafka::offset_commit_response>(r, 9, answer_patience, [this, sent, in = generation_](const auto& m, const auto&) {
    take(m, sent, in);
  });
}

void group_member::take(const kafka::offset_commit_response& m, const std::vector<std::int64_t>& sent,
                        std::int32_t in) {
  std::int16_t failed = 0;
  const auto& told = m.topics.at(0).partitions;
  for (std::size_t i = 0; i < told.size() && i < sent.size(); ++i) {
    failed = told[i].error_code != 0 ? told[i].error_code : failed;
    told[i].error_code == 0 ? oracle_.acknowledged(sent[i]) : oracle_.refused(sent[i]);
  }
  if (failed != 0)
    return react(failed);
  if (is_settling_ && unread_.empty())
    settled_in_ = in;
  soon(&group_member::work);
}

}  // namespace troupe::cluster_sim
