#include "runtime/group/roster.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <set>

namespace troupe::group {

byte_slice classic_member::metadata(const std::string& protocol) const {
  const auto found = std::ranges::find(protocols, protocol, &kafka::join_group_request_protocol::name);
  return found == protocols.end() ? byte_slice{} : found->metadata;
}

classic_member* roster::find(const std::string& id) {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

const classic_member* roster::find(const std::string& id) const {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

const std::string* roster::static_id(const std::string& instance) const {
  const auto found = static_ids_.find(instance);
  return found == static_ids_.end() ? nullptr : &found->second;
}

classic_member& roster::add(classic_member member) {
  const auto id = member.id;
  if (member.instance_id) {
    const bool is_free = static_ids_.emplace(*member.instance_id, id).second;
    TROUPE_INVARIANT(is_free, "two members with one instance id");
  }
  if (!leader_)
    leader_ = id;
  count(member.protocols, 1);
  const auto [at, is_new] = members_.emplace(id, std::move(member));
  TROUPE_INVARIANT(is_new, "two members with one id");
  return at->second;
}

void roster::remove(const std::string& id) {
  const auto found = members_.find(id);
  if (found != members_.end()) {
    auto& member = found->second;
    count(member.protocols, -1);
    end_join(member);
    if (member.instance_id)
      static_ids_.erase(*member.instance_id);
    members_.erase(found);
  }
  if (is_leader(id))
    leader_ = members_.empty() ? std::nullopt : std::optional{members_.begin()->first};
}

classic_member& roster::rename(const std::string& from, const std::string& to) {
  auto node = members_.extract(from);
  TROUPE_INVARIANT(!node.empty(), "a member that is none gets another id");
  node.key() = to;
  node.mapped().id = to;
  if (is_leader(from))
    leader_ = to;
  if (node.mapped().instance_id)
    static_ids_[*node.mapped().instance_id] = to;
  return members_.insert(std::move(node)).position->second;
}

void roster::set_protocols(classic_member& member, group::protocols protocols) {
  count(member.protocols, -1);
  member.protocols = std::move(protocols);
  count(member.protocols, 1);
}

std::optional<request_id> roster::start_join(classic_member& member, request_id join) {
  const auto before = end_join(member);
  member.joins = join;
  ++joined_;
  return before;
}

std::optional<request_id> roster::end_join(classic_member& member) {
  if (member.joins)
    --joined_;
  return std::exchange(member.joins, std::nullopt);
}

bool roster::elect_joined_leader() {
  if (!leader_)
    return false;
  if (find(*leader_)->joins)
    return true;
  for (const auto& [id, member] : members_) {
    if (member.joins) {
      leader_ = id;
      return true;
    }
  }
  return false;
}

bool roster::share_protocol(const group::protocols& offered) const {
  return std::ranges::any_of(offered, [this](const auto& protocol) {
    const auto found = supporters_.find(protocol.name);
    return (found == supporters_.end() ? 0 : found->second) == members_.size();
  });
}

std::string roster::select_protocol() const {
  std::map<std::string, std::size_t> votes;
  for (const auto& [id, member] : members_) {
    const auto vote = std::ranges::find_if(member.protocols, [this](const auto& protocol) {
      return supporters_.at(protocol.name) == members_.size();
    });
    TROUPE_INVARIANT(vote != member.protocols.end(), "a group without a protocol that all members understand");
    ++votes[vote->name];
  }
  return std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; })->first;
}

std::chrono::milliseconds roster::rebalance_timeout() const {
  std::chrono::milliseconds longest{};
  for (const auto& [id, member] : members_)
    longest = std::max(longest, member.rebalance_timeout);
  return longest;
}

void roster::count(const group::protocols& protocols, int by) {
  std::set<std::string_view> counted;  // a name that is offered twice is still one
  for (const auto& protocol : protocols) {
    if (!counted.insert(protocol.name).second)
      continue;
    const auto at = supporters_.try_emplace(protocol.name, 0).first;
    at->second += static_cast<std::size_t>(by);
    if (at->second == 0)
      supporters_.erase(at);
  }
}

}  // namespace troupe::group
