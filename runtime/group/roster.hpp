#pragma once

#include "runtime/group/effects.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::group {

using protocols = std::vector<kafka::join_group_request_protocol>;

/// A member of a group of the classic protocol.
struct classic_member {
  std::string id;
  std::optional<std::string> instance_id;  ///< of a static member (KIP-345)
  std::string client_id;
  std::string client_host;
  std::chrono::milliseconds rebalance_timeout{};
  std::chrono::milliseconds session_timeout{};
  group::protocols protocols;  ///< what it likes best first
  byte_slice assignment;
  bool is_new = false;               ///< was never told its id
  std::optional<request_id> joins;   ///< its JoinGroup that waits
  std::optional<request_id> syncs;   ///< its SyncGroup that waits

  /// What it says for `protocol`; empty when it does not know it.
  byte_slice metadata(const std::string& protocol) const;
};

/// Who is in a group, by member id and by instance id, what all of them understand, and who leads. Plain bookkeeping
/// without time: the rounds are in `classic_group`.
class roster {
 public:
  using members = std::map<std::string, classic_member>;

  const members& all() const { return members_; }
  std::size_t size() const { return members_.size(); }
  bool empty() const { return members_.empty(); }

  classic_member* find(const std::string& id);
  const classic_member* find(const std::string& id) const;
  /// Id of the static member `instance`; null when there is none.
  const std::string* static_id(const std::string& instance) const;
  std::size_t static_count() const { return static_ids_.size(); }

  /// Takes a member in; the first one leads. Its ids must not be in use.
  classic_member& add(classic_member member);
  /// Takes a member out; if it led, another one does.
  void remove(const std::string& id);
  /// Gives the member `from` the id `to`, as when a static member comes back.
  classic_member& rename(const std::string& from, const std::string& to);

  /// Replaces what a member understands.
  void set_protocols(classic_member& member, group::protocols protocols);
  /// A JoinGroup of the member waits from now on; the one that waited before, if any.
  std::optional<request_id> start_join(classic_member& member, request_id join);
  /// Its JoinGroup waits no more; the one that did, if any.
  std::optional<request_id> end_join(classic_member& member);
  /// Members whose JoinGroup waits.
  std::size_t joined_count() const { return joined_; }

  const std::optional<std::string>& leader() const { return leader_; }
  void set_leader(std::optional<std::string> id) { leader_ = std::move(id); }
  bool is_leader(const std::string& id) const { return leader_ == id; }
  /// Makes a member the leader whose JoinGroup waits, unless the leader's own does. False when nobody's does.
  bool elect_joined_leader();

  /// Whether all members understand at least one of `offered`.
  bool share_protocol(const group::protocols& offered) const;
  /// The protocol that all understand and most like best; the first by name among equals. There must be a member.
  std::string select_protocol() const;
  /// The longest of all members.
  std::chrono::milliseconds rebalance_timeout() const;

 private:
  void count(const group::protocols& protocols, int by);

  members members_;
  std::unordered_map<std::string, std::string> static_ids_;
  std::map<std::string, std::size_t> supporters_;  ///< members that understand a protocol
  std::optional<std::string> leader_;
  std::size_t joined_ = 0;
};

}  // namespace troupe::group
