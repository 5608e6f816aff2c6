#pragma once

#include "runtime/group/assignor.hpp"
#include "runtime/group/bounds.hpp"
#include "runtime/group/classic.hpp"
#include "runtime/group/consumer_protocol.hpp"
#include "runtime/group/consumer_state.hpp"
#include "runtime/group/deadlines.hpp"
#include "runtime/group/heartbeat_check.hpp"
#include "runtime/group/membership.hpp"
#include "runtime/group/options.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::group {

/// What all groups of a coordinator go by. The coordinator owns it; it outlives its groups.
struct surroundings {
  options with;
  random_source* random = nullptr;
  assignor_list assignors;
  std::shared_ptr<const cluster_facts> facts;
};

/// A request of a member, of either protocol, that waits for its turn.
struct member_turn {
  caller who;
  std::variant<kafka::consumer_group_heartbeat_request, kafka::join_group_request, kafka::sync_group_request,
               kafka::heartbeat_request, kafka::leave_group_request>
      request;
};

/// A group of the consumer protocol (KIP-848): members say what they are subscribed to and what they own, and are told
/// step by step what they may read. Members of the classic protocol may take part (KIP-848, online migration).
///
/// It works in steps. A step takes the requests that wait, in their order, makes one target assignment for all that
/// they change, brings each member nearer to it, and appends all of that as one batch; requests that come while a batch
/// is on its way wait for the next step. So whoever is answered is told what is committed, and a batch that is refused
/// takes back no more than its own step. All that must survive is in `consumer_state`; the rest is time.
class consumer_group : public membership {
 public:
  /// An empty group, for the log to be replayed into.
  consumer_group(std::string id, const surroundings& in);
  /// Why a classic group cannot become a consumer group, as the client is told; empty when it can.
  static std::string obstacle_to_following(const classic_group& former, const options& with);
  /// `former` with another protocol, as soon as the first step is committed; until then it can be taken back.
  consumer_group(std::unique_ptr<classic_group> former, const surroundings& in);
  ~consumer_group() override;

  void consumer_heartbeat(const caller& who, kafka::consumer_group_heartbeat_request r, moment now, outbox& out);
  void join(const caller& who, const kafka::join_group_request& r, moment now, outbox& out) override;
  void sync(const caller& who, const kafka::sync_group_request& r, moment now, outbox& out) override;
  void heartbeat(const caller& who, const kafka::heartbeat_request& r, moment now, outbox& out) override;
  void leave(const caller& who, const kafka::leave_group_request& r, moment now, outbox& out) override;
  void abandoned(request_id, moment, outbox&) override {}  // nobody waits here for others

  void committed(ticket of, moment now, outbox& out) override;
  void refused(ticket of, kafka::error_code why, moment now, outbox& out) override;
  void tick(moment now, outbox& out) override;
  std::optional<monotonic_time> wakes_at() const override;

  /// Takes a record of this group in; nothing but the log's order may change a group that is being loaded.
  template <class Record>
  void replay(const Record& r) {
    state_.apply(r);
    subscriptions_.reset();
  }
  void loaded(moment now, outbox& out) override;
  void close(kafka::error_code why, outbox& out) override;
  void begin_deletion() override;
  void end_deletion() override;
  std::vector<log_record> tombstones() const override { return state_.tombstones(id_); }

  const std::string& id() const override { return id_; }
  bool is_empty() const override { return !is_dead_ && state_.all().empty() && !write_; }
  bool is_dead() const override { return is_dead_; }
  bool is_recorded() const override { return state_.epoch() > 0; }
  bool is_in_use() const override { return !state_.all().empty() || write_ || !waiting_.empty(); }
  bool is_consumers() const override { return true; }
  bool is_subscribed_to(const std::string& topic) const override { return subscriptions().contains(topic); }
  bool knows_readers() const override { return true; }
  std::optional<wall_time> unread_since() const override { return std::nullopt; }
  kafka::error_code admit_commit(const caller& who, const kafka::offset_commit_request& r, bool in_transaction,
                                 moment now) override;
  kafka::error_code admit_fetch(const std::optional<std::string>& member, std::int32_t epoch) const override;
  kafka::list_groups_response::group listing() const override;
  kafka::describe_groups_response::group description(std::int16_t version) const override;
  kafka::consumer_group_describe_response::group consumer_description() const override;

  // -- migration between the protocols ------------------------------------------------------------------------------

  /// What the group is since its last batch was settled, if it is of the classic protocol: it has become that, or it
  /// was that and what was to change it is refused. Null otherwise. The requests that wait are the other's then.
  std::unique_ptr<classic_group> take_successor();
  std::deque<member_turn> take_waiting() { return std::exchange(waiting_, {}); }

 private:
  /// A member that asks for its place in this step's assignment.
  struct guest {
    caller who;
    std::string member;
    held_partitions had;                   ///< when it asked
    std::optional<topic_partitions> said;  ///< what it owns, if it told
    bool wants_all = false;                ///< to be told its assignment even if it is as before
    std::optional<std::string> protocol;   ///< it is to be answered as a classic member that uses this
  };
  /// What one step gathers.
  struct step {
    moment now;
    std::vector<log_record> records;
    std::size_t bytes = 0;
    std::vector<answer> answers;
    std::vector<guest> guests;
    std::vector<std::string> notes;
    bool is_changed = false;  ///< the group needs another epoch
    bool has_losses = false;  ///< somebody has left
  };

  // consumer_group.cpp
  void enqueue(member_turn turn, moment now, outbox& out);
  static void turn_away(const member_turn& turn, kafka::error_code why, outbox& out);
  void run(moment now, outbox& out);
  void finish(step& s, outbox& out);
  void fence_overdue(step& s);
  void arm_all(moment now);
  template <class Record>
  void put(step& s, const Record& record);
  template <class Body>
  static void reply(step& s, const caller& who, Body body);
  void remove(step& s, const std::string& member);
  const std::set<std::string>& subscriptions() const;
  const consumer_state& settled() const { return before_ ? *before_ : state_; }
  std::chrono::milliseconds session_of(const consumer_member& member) const;
  bool is_full(const std::string& member) const;
  consumer_member replaced(step& s, const consumer_member& old, const std::string& id);
  void update(step& s, const consumer_member& known, consumer_member next);

  // consumer_heartbeat.cpp
  void take(step& s, const caller& who, kafka::consumer_group_heartbeat_request r);
  std::optional<refusal> find_place(step& s, const kafka::consumer_group_heartbeat_request& r,
                                    const std::optional<topic_partitions>& said, consumer_member& out);
  std::optional<refusal> check_epoch(const consumer_member& member, std::int32_t epoch,
                                     const std::optional<topic_partitions>& said) const;
  std::optional<refusal> check_instance(const consumer_member* member, const std::string& instance,
                                        const std::string& id) const;
  void take_leave(step& s, const caller& who, const kafka::consumer_group_heartbeat_request& r);
  void refuse(step& s, const caller& who, const refusal& why) const;

  // consumer_assignment.cpp
  void catch_up(step& s);
  void match_patterns(step& s);
  void assign(step& s);
  error accept(step& s, const assignment_task& task, const group_assignment& made);
  assignment_task task() const;
  const assignor& preferred_assignor() const;
  void welcome(step& s, const guest& g);
  std::optional<consumer_member> reconcile(step& s, const guest& g, const consumer_member& member);

  // consumer_classic.cpp
  void take(step& s, const caller& who, const kafka::join_group_request& r);
  void take(step& s, const caller& who, const kafka::sync_group_request& r);
  void take(step& s, const caller& who, const kafka::heartbeat_request& r);
  void take(step& s, const caller& who, const kafka::leave_group_request& r);
  std::optional<kafka::error_code> find_classic_place(step& s, const kafka::join_group_request& r,
                                                      const std::string& id, consumer_member& out);
  bool understands(const kafka::join_group_request& r) const;
  kafka::error_code find_named(const std::string& id, const std::optional<std::string>& instance,
                               const consumer_member*& out) const;
  kafka::error_code check_classic(const std::string& id, const std::optional<std::string>& instance,
                                  std::int32_t generation, const consumer_member*& out) const;
  kafka::leave_group_response::member_response take_out(step& s,
                                                        const kafka::leave_group_request::member_identity& who);
  topic_partitions by_id(const named_partitions& partitions) const;
  named_partitions by_name(const topic_partitions& partitions) const;

  // consumer_migration.cpp
  void begin_upgrade(step& s);
  bool would_be_classic_without(const std::string* member) const;
  std::unique_ptr<classic_group> to_classic(step& s);

  // consumer_description.cpp
  std::string_view state_name() const;

  std::string id_;
  const surroundings* in_;
  consumer_state state_;
  std::optional<consumer_state> before_;  ///< the batch that is on its way, or the step that makes it
  mutable std::optional<std::set<std::string>> subscriptions_;  ///< of all members, since somebody asked
  bool is_dead_ = false;
  std::deque<member_turn> waiting_;
  std::optional<ticket> write_;           ///< the batch that is on its way
  std::unique_ptr<classic_group> former_;     ///< what it was until this batch is committed
  std::unique_ptr<classic_group> successor_;  ///< what it is from when this batch is committed
  bool has_become_ = false;                   ///< the successor
  std::shared_ptr<const cluster_facts> seen_;  ///< that the last step went by
  std::optional<monotonic_time> assigned_at_;
  std::optional<monotonic_time> assignment_due_;

  deadlines sessions_;
  deadlines revocations_;  ///< by when members are to have given up what they are asked to
  deadlines joins_;        ///< of classic members that were told to join again
  deadlines syncs_;        ///< of classic members that have joined
};

}  // namespace troupe::group
