#pragma once

#include "runtime/group/bounds.hpp"
#include "runtime/group/deadlines.hpp"
#include "runtime/group/membership.hpp"
#include "runtime/group/options.hpp"
#include "runtime/group/roster.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace troupe {
class random_source;
}

namespace troupe::group {

/// Where a group is in its round.
enum class group_state : std::uint8_t {
  empty,                  ///< no members; offsets may be kept
  preparing_rebalance,    ///< waits for all members to join
  completing_rebalance,   ///< waits for the leader's assignment
  stable,                 ///< has an assignment
  dead,                   ///< is being deleted, or this node coordinates it no more
};

/// As Kafka prints it: "PreparingRebalance".
std::string_view name_of(group_state state);

/// A group of the classic protocol (JoinGroup, SyncGroup, Heartbeat, LeaveGroup): who is a member, and in rounds, each
/// a generation, what each member is to do. No clock and no I/O: time comes in, effects go out through the outbox.
/// Records say what a generation was assigned; until such a record is committed nobody is told. Everything else is
/// memory, which members make anew at another coordinator.
class classic_group : public membership {
 public:
  /// An empty group. `with` and `random` outlive it.
  classic_group(std::string id, const options& with, random_source& random, wall_time since);
  classic_group(classic_group&&) = default;
  classic_group& operator=(classic_group&&) = default;

  void join(const caller& who, const kafka::join_group_request& r, moment now, outbox& out) override;
  void sync(const caller& who, const kafka::sync_group_request& r, moment now, outbox& out) override;
  void heartbeat(const caller& who, const kafka::heartbeat_request& r, moment now, outbox& out) override;
  void leave(const caller& who, const kafka::leave_group_request& r, moment now, outbox& out) override;
  /// A member that never learnt its id goes with its connection.
  void abandoned(request_id request, moment now, outbox& out) override;

  void committed(ticket of, moment now, outbox& out) override;
  void refused(ticket of, kafka::error_code why, moment now, outbox& out) override;
  void tick(moment now, outbox& out) override;
  std::optional<monotonic_time> wakes_at() const override;

  /// Takes the state of a record in; nothing but the log's order may change a group that is being loaded.
  void replay(const kafka::group_metadata_value& record);
  void loaded(moment now, outbox& out) override;
  void close(kafka::error_code why, outbox& out) override;
  void begin_deletion() override;
  void end_deletion() override;
  std::vector<log_record> tombstones() const override;

  const std::string& id() const override { return id_; }
  bool is_empty() const override { return state_ == group_state::empty; }
  bool is_dead() const override { return state_ == group_state::dead; }
  bool is_recorded() const override { return is_recorded_; }
  bool is_in_use() const override { return !roster_.empty() || !pending_joins_.empty() || !writes_.empty(); }
  bool is_consumers() const override;
  bool is_subscribed_to(const std::string& topic) const override;
  bool knows_readers() const override;
  std::optional<wall_time> unread_since() const override;
  kafka::error_code admit_commit(const caller& who, const kafka::offset_commit_request& r, bool in_transaction,
                                 moment now) override;
  kafka::error_code admit_fetch(const std::optional<std::string>&, std::int32_t) const override {
    return kafka::error_code::none;
  }
  kafka::list_groups_response::group listing() const override;
  kafka::describe_groups_response::group description(std::int16_t version) const override;
  kafka::consumer_group_describe_response::group consumer_description() const override;

  group_state state() const { return state_; }
  std::int32_t generation() const { return generation_; }
  const roster& members() const { return roster_; }

  // -- migration between the protocols ------------------------------------------------------------------------------

  /// Whether a record is on its way to the log.
  bool is_writing() const { return !writes_.empty(); }
  /// Tells all that wait for a round to join again.
  void interrupt(outbox& out);
  /// Becomes what is left of a consumer group: these members, in this generation.
  void take_over(std::int32_t generation, std::vector<classic_member> members);
  /// Its record, as it is to be in the log.
  log_record record() const;
  /// Members that were taken over learn that they have to join again; nothing happens in other groups.
  void start_round(const std::string& why, moment now, outbox& out);

 private:
  struct stored_assignment {
    std::int32_t generation = 0;
    std::map<std::string, byte_slice> assignments;
  };
  struct stored_static_member {
    request_id join;
    std::int16_t version = 0;
    std::string old_id, new_id;
    std::optional<std::string> old_leader;
    classic_member before;
  };
  struct stored_empty {};
  using write = std::variant<stored_assignment, stored_static_member, stored_empty>;

  // classic.cpp
  kafka::error_code check_member(const std::string& id, const std::optional<std::string>& instance) const;
  void move_to(group_state next, moment now);
  void arm(const classic_member& member, moment now);
  void end_waits(kafka::error_code why, outbox& out);
  void forget(const std::string& id);
  void find_subscriptions();
  kafka::group_metadata_value to_record(const std::map<std::string, byte_slice>& assignments) const;
  void note(outbox& out, const std::string& what) const;

  // classic_join.cpp
  bool accepts(const std::string& member) const;
  bool supports(const kafka::join_group_request& r) const;
  void join_new(const caller& who, const kafka::join_group_request& r, moment now, outbox& out);
  void join_known(const caller& who, const kafka::join_group_request& r, moment now, outbox& out);
  void rejoin(const caller& who, const kafka::join_group_request& r, classic_member& member, moment now, outbox& out);
  void add_member(const caller& who, const kafka::join_group_request& r, std::string id, moment now, outbox& out);
  void update_member(classic_member& member, const kafka::join_group_request& r, request_id join, outbox& out);
  kafka::join_group_response joined(const classic_member& member, bool with_members) const;

  // classic_static.cpp
  void replace_static(const caller& who, const kafka::join_group_request& r, const std::string& new_id, moment now,
                      outbox& out);
  void fence(classic_member& member, outbox& out);
  void static_member_stored(const stored_static_member& w, outbox& out);
  void static_member_refused(const stored_static_member& w, kafka::error_code why, moment now, outbox& out);

  // classic_rounds.cpp
  void rebalance(const std::string& why, moment now, outbox& out);
  void prepare_rebalance(const std::string& why, moment now, outbox& out);
  void complete_join_if_ready(moment now, outbox& out);
  void complete_join(moment now, outbox& out);
  void initial_delay_over(moment now, outbox& out);
  void sync_overdue(moment now, outbox& out);
  void session_over(const std::string& id, moment now, outbox& out);
  bool all_joined() const { return roster_.joined_count() == roster_.size() && pending_joins_.empty(); }
  void start_generation(moment now, outbox& out);

  // classic_sync.cpp
  void store_assignment(const kafka::sync_group_request& r, outbox& out);
  void end_syncs(kafka::error_code code, moment now, outbox& out);
  kafka::leave_group_response::member_response take_out(const kafka::leave_group_request::member_identity& who,
                                                        outbox& out);
  void end_join(classic_member& member, kafka::error_code code, const std::string& id, outbox& out);

  std::string id_;
  const options* options_;
  random_source* random_;
  group_state state_ = group_state::empty;
  bool was_empty_ = false;  ///< before the round that is being prepared
  std::optional<wall_time> since_;
  std::optional<std::string> protocol_type_;
  std::optional<std::string> protocol_;
  std::int32_t generation_ = 0;
  roster roster_;
  std::set<std::string> pending_joins_;  ///< ids that were given out and not used yet (KIP-394)
  std::set<std::string> pending_syncs_;  ///< members that have not asked for this generation's assignment
  std::optional<std::set<std::string>> subscribed_;
  bool is_recorded_ = false;
  bool is_taken_over_ = false;  ///< and no round has begun since; its record names no leader then

  deadlines sessions_;  ///< of members and of ids that were given out
  std::optional<monotonic_time> join_until_;
  std::optional<monotonic_time> sync_until_;
  bool member_was_added_ = false;                 ///< since the initial delay last began
  std::chrono::milliseconds initial_delay_{};     ///< the running part of it
  std::chrono::milliseconds initial_left_{};      ///< by which it may still be extended
  std::map<ticket, write> writes_;
};

}  // namespace troupe::group
