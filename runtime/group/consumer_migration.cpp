#include "runtime/base/sites.hpp"
#include "runtime/group/consumer_group.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

// A group changes its protocol while its members go on (KIP-848): to the consumer protocol when the first member of it
// comes, back when the last one leaves.
namespace troupe::group {

using std::chrono::milliseconds;

std::string consumer_group::obstacle_to_following(const classic_group& former, const options& with) {
  if (former.members().empty())
    return "";
  if (!with.upgrades)
    return "the online upgrade is disabled";
  if (!former.is_consumers())
    return "the group does not use the consumer embedded protocol";
  if (former.members().size() >= with.consumers_max)
    return "the group size exceeds the consumer group maximum size";
  const bool is_known = std::ranges::all_of(former.members().all(), [](const auto& entry) {
    const auto& member = entry.second;
    return !member.protocols.empty() && parse_subscription(member.protocols.front().metadata)
           && parse_assignment(member.assignment);
  });
  return is_known ? "" : "the embedded consumer protocol is malformed";
}

namespace {

/// `some` without all that is in `all`.
topic_partitions without(topic_partitions some, const std::vector<topic_partitions>& all) {
  for (const auto& other : all)
    for (const auto& [topic, partitions] : other)
      if (const auto found = some.find(topic); found != some.end())
        std::erase_if(found->second, [&](auto p) { return std::ranges::find(partitions, p) != partitions.end(); });
  std::erase_if(some, [](const auto& topic) { return topic.second.empty(); });
  return some;
}

}  // namespace

/// The classic group's members with what they own, as this group's first records. The generation is their epoch. What a
/// member said it went on reading when it joined, and is not given in this generation, it may not have heard of yet: it
/// is asked to give that up, and nobody gets it before.
void consumer_group::begin_upgrade(step& s) {
  if (!before_)
    before_ = state_;
  for (auto& record : former_->is_recorded() ? former_->tombstones() : std::vector<log_record>{}) {
    s.bytes += record.size();
    s.records.push_back(std::move(record));
  }
  const auto epoch = former_->generation();
  const auto given_to = [this](const classic_member& member) {
    return by_id(parse_assignment(member.assignment).value_or(named_partitions{}));
  };
  std::vector<topic_partitions> all_given;
  for (const auto& [id, old] : former_->members().all())
    all_given.push_back(given_to(old));
  for (const auto& [id, old] : former_->members().all()) {
    consumer_member member;
    member.id = id;
    member.instance = old.instance_id;
    member.client_id = old.client_id;
    member.client_host = old.client_host;
    member.rebalance_timeout = old.rebalance_timeout;
    member.classic = classic_ways{old.session_timeout, old.protocols};
    const auto said = parse_subscription(old.protocols.front().metadata);
    if (said) {
      member.topics = said->topics;
      std::ranges::sort(member.topics);
      if (!said->rack.value_or("").empty())
        member.rack = said->rack;
    }
    const auto owned = given_to(old);
    member.epoch = member.previous_epoch = epoch;
    member.owned = with_epoch(owned, epoch);
    if (said)
      member.revoking = with_epoch(without(by_id(said->owned), all_given), epoch);
    if (!member.revoking.empty())
      member.progress = member_progress::unrevoked;
    put(s, subscription_record(id_, member));
    put(s, target_record(id_, id, owned));
    put(s, assignment_record(id_, member));
    sessions_.arm(id, s.now.at + old.session_timeout);
  }
  if (former_->members().empty())
    return;
  probe("a classic group becomes a consumer group");
  put(s, consumer_group_record{{id_}, kafka::consumer_group_metadata_value{epoch, 0}});
  put(s, target_epoch_record{{id_}, kafka::consumer_group_target_assignment_metadata_value{epoch, to_ms(s.now.wall)}});
  s.is_changed = true;
  s.notes.push_back("becomes a consumer group; " + std::to_string(former_->members().size())
                    + " members use the classic protocol");
}

/// Whether nobody but `member` uses the consumer protocol, and the group may become a classic one.
bool consumer_group::would_be_classic_without(const std::string* member) const {
  const bool all_classic = std::ranges::all_of(state_.all(), [&](const auto& entry) {
    return entry.second->classic || (member && entry.first == *member);
  });
  const auto left = state_.all().size() - (member ? 1 : 0);
  if (!all_classic)
    return false;
  return left == 0 || (in_->with.downgrades && left <= in_->with.members_max);
}

/// This group's members as a classic group; its records take the place of this group's in the step's batch.
std::unique_ptr<classic_group> consumer_group::to_classic(step& s) {
  std::vector<classic_member> members;
  for (const auto& [id, member] : state_.all()) {
    const auto said = parse_subscription(member->classic->protocols.front().metadata);
    members.push_back({.id = id,
                       .instance_id = member->instance,
                       .client_id = member->client_id,
                       .client_host = member->client_host,
                       .rebalance_timeout = member->rebalance_timeout,
                       .session_timeout = member->classic->session_timeout,
                       .protocols = member->classic->protocols,
                       .assignment = encode_assignment(said ? said->version : std::int16_t{0},
                                                       by_name(without_epochs(member->owned))),
                       .joins = {},
                       .syncs = {}});
  }
  if (!before_)
    before_ = state_;
  if (before_->epoch() > 0 || !s.records.empty())
    std::ranges::move(state_.tombstones(id_), std::back_inserter(s.records));
  for (const auto& g : std::exchange(s.guests, {}))  // classic members all: they are to join the other group
    reply(s, g.who, join_refused(kafka::error_code::rebalance_in_progress, g.member));
  auto out = std::make_unique<classic_group>(id_, in_->with, *in_->random, s.now.wall);
  if (!members.empty()) {
    probe("a consumer group becomes a classic group");
    s.notes.push_back("becomes a classic group of " + std::to_string(members.size()) + " members");
    out->take_over(before_->epoch(), std::move(members));
    s.records.push_back(out->record());
  }
  return out;
}

}  // namespace troupe::group
