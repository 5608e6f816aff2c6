#include "tools/sim/group_oracle.hpp"

#include "runtime/base/sites.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

constexpr std::size_t defects_max = 20;

}  // namespace

void group_oracle::defect(const std::string& what) {
  if (noted_.size() < defects_max && noted_.insert(what).second)
    defects_.push_back("group: " + what);
}

// -- partitions -------------------------------------------------------------------------------------------------------

std::int32_t group_oracle::number_of(const topic_id& topic, std::int32_t partition) {
  auto found = std::ranges::find(topics_, topic);
  if (found == topics_.end())
    found = topics_.insert(found, topic);
  return static_cast<std::int32_t>(found - topics_.begin()) * others + partition;
}

std::pair<topic_id, std::int32_t> group_oracle::partition_of(std::int32_t number) const {
  return {topics_.at(static_cast<std::size_t>(number / others)), number % others};
}

// -- who reads what ---------------------------------------------------------------------------------------------------

group_oracle::reader group_oracle::begins(const std::string& name) {
  lives_[++last_reader_].name = name;
  return last_reader_;
}

void group_oracle::ends(reader who) {
  lives_.erase(who);
}

/// What is answered by a node that has been deposed meanwhile, or asked before it led, may be out of date.
group_oracle::question group_oracle::asks(const std::string& node) const {
  const auto now = coordinator_();
  return {in_.now(), now.node == node ? now : seat{}};
}

void group_oracle::heard(reader who, const question& q) {
  if (!is_sure(q))
    return;
  auto& one = lives_.at(who);
  one.heard = q.at;
  for (const auto& [partition, of] : one.holds)
    check(partition);
}

void group_oracle::reads(reader who, const partitions& all, const question& q) {
  auto& one = lives_.at(who);
  for (const auto partition : all) {
    const auto [held, is_new] = one.holds.try_emplace(partition);
    held->second.asked_back.reset();
    if (!is_new)
      continue;
    held->second.term = ++terms_;
    if (is_sure(q))
      claims_[partition][terms_] = {who, in_.now()};
  }
  heard(who, q);
}

void group_oracle::is_to_give_up(reader who, const partitions& some) {
  auto& one = lives_.at(who);
  for (const auto partition : some)
    if (const auto held = one.holds.find(partition); held != one.holds.end() && !held->second.asked_back)
      held->second.asked_back = one.heard;
}

void group_oracle::gave_up(reader who, const partitions& some) {
  for (const auto partition : some)
    lives_.at(who).holds.erase(partition);
}

/// Who does not give up in time what it is asked for is out, with all that it holds.
bool group_oracle::counts(const life& one) const {
  const auto is_recent = [this](sim::virtual_time at) { return in_.now() - at < patience_; };
  return is_recent(one.heard) && std::ranges::all_of(one.holds, [&](const auto& held) {
           return is_recent(held.second.asked_back.value_or(one.heard));
         });
}

void group_oracle::check(std::int32_t partition) {
  const life* first = nullptr;
  for (const auto& [who, one] : lives_) {
    if (!one.holds.contains(partition))
      continue;
    if (!counts(one)) {
      probe("a group member reads on that may have been given up");
      continue;
    }
    if (first)
      defect("partition " + std::to_string(partition) + " is read by " + first->name + " and by " + one.name);
    first = &one;
  }
}

// -- offsets ----------------------------------------------------------------------------------------------------------

std::int64_t group_oracle::commits(reader who, std::int32_t partition) {
  sent_[++next_] = {who, partition, lives_.at(who).holds.at(partition).term, in_.now()};
  return next_;
}

/// A reader has one commit on its way at a time, and the next reader is told when the former one has lost its place; so
/// the order is that of the readers, and of the numbers of one.
std::pair<std::int64_t, std::int64_t> group_oracle::order(std::int64_t number) const {
  return {number == 0 ? 0 : sent_.at(number).term, number};
}

void group_oracle::acknowledged(std::int64_t number) {
  ++acknowledged_count_;
  const auto& sent = sent_.at(number);
  auto& last = last_[sent.partition];
  if (order(number) > order(last))
    last = number;
  const auto& claims = claims_[sent.partition];
  const auto next = claims.upper_bound(sent.term);
  if (next != claims.end() && next->second.who != sent.who && next->second.at < sent.at)
    defect("partition " + std::to_string(sent.partition) + " has another reader, and its former one has committed "
           + std::to_string(number));
}

void group_oracle::refused(std::int64_t number) {
  const auto& sent = sent_.at(number);
  const auto& claims = claims_[sent.partition];
  if (claims.upper_bound(sent.term) != claims.end())
    probe("a former reader's commit is refused");
}

std::int64_t group_oracle::begins_to_read(std::int32_t partition) const {
  const auto found = last_.find(partition);
  return found == last_.end() ? 0 : found->second;
}

void group_oracle::has_read(std::int32_t partition, std::int64_t since, std::int64_t told) {
  const auto of = " of partition " + std::to_string(partition);
  if (told < 0) {
    if (since > 0)
      defect("offset " + std::to_string(since) + of + " was acknowledged, and none is there");
    return;
  }
  const auto found = sent_.find(told);
  if (found == sent_.end() || found->second.partition != partition)
    return defect("offset " + std::to_string(told) + of + " was never committed");
  if (order(told) < order(since))
    defect("offset " + std::to_string(since) + of + " was acknowledged, then the older " + std::to_string(told)
           + " was read");
}

}  // namespace troupe::cluster_sim
