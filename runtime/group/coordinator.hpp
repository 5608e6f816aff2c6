#pragma once

#include "runtime/group/classic.hpp"
#include "runtime/group/consumer_group.hpp"
#include "runtime/group/offsets.hpp"
#include "schema/kafka/offset_fetch.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::group {

/// The coordinator of all groups whose id falls on one partition of __consumer_offsets, as a state machine over that
/// partition's log. Load it with `replay` and `loaded`; then requests, time and the fate of its batches come in, and
/// effects go out. A request whose effect is a record is answered when the record is committed. One actor owns it.
///
/// Requests come with names and ids of topics both filled in, for topics that exist and that the client may see.
class coordinator {
 public:
  /// `random` outlives it. `assignors` are those of consumer groups, the preferred one first.
  coordinator(options with, random_source& random, assignor_list assignors = {uniform_assignor(), range_assignor()});
  coordinator(const coordinator&) = delete;
  coordinator& operator=(const coordinator&) = delete;

  /// The cluster as it is from now on. Consumer groups need it before their first request.
  void see(std::shared_ptr<const cluster_facts> facts) { in_.facts = std::move(facts); }

  // -- the log ------------------------------------------------------------------------------------------------------

  /// Takes a record of the log in, in the log's order, before `loaded`. Errors: of `parse`, for damaged records.
  error replay(const log_record& record);
  /// Likewise, one that was appended in a producer's transaction.
  error replay_in_transaction(const journal_producer& by, const log_record& record);
  /// The log's end is reached: sessions begin.
  effects loaded(moment now);
  /// The batch is committed. Call this or `refused` once for each batch, in their order.
  effects committed(ticket of, moment now);
  /// The batch is not in the log and will not be. `why` is what the partition answered to the append.
  effects refused(ticket of, kafka::error_code why, moment now);
  /// This node leads the partition no more: answers all that waits with `why`. Nothing may be called afterwards.
  effects close(kafka::error_code why);

  // -- members ------------------------------------------------------------------------------------------------------

  effects consumer_heartbeat(const caller& who, kafka::consumer_group_heartbeat_request r, moment now);
  effects join(const caller& who, kafka::join_group_request r, moment now);
  effects sync(const caller& who, const kafka::sync_group_request& r, moment now);
  effects heartbeat(const caller& who, const kafka::heartbeat_request& r, moment now);
  effects leave(const caller& who, kafka::leave_group_request r, moment now);
  /// The connection of a JoinGroup that waits is gone.
  effects abandoned(const std::string& group, request_id request, moment now);

  // -- offsets ------------------------------------------------------------------------------------------------------

  effects commit_offsets(const caller& who, const kafka::offset_commit_request& r, moment now);
  /// Offsets that are committed with the producer's transaction, which this partition is known to be a part of.
  effects commit_in_transaction(const caller& who, const kafka::offset_commit_request& r, const journal_producer& by,
                                moment now);
  /// The marker of a producer's transaction is committed. What is of later epochs than `epoch` is not meant.
  effects transaction_ended(producer_id id, std::int16_t epoch, bool commits, moment now);
  effects delete_offsets(const caller& who, const kafka::offset_delete_request& r, moment now);
  /// What is committed. With `require_stable`, what is about to change is answered UNSTABLE_OFFSET_COMMIT instead.
  kafka::offset_fetch_response::group fetch_offsets(const kafka::offset_fetch_request::group& r,
                                                    bool require_stable) const;
  /// Takes out all offsets of these topics, which are no more.
  effects topics_deleted(const std::set<std::string>& topics);

  // -- administration -----------------------------------------------------------------------------------------------

  /// All groups of the request belong to this coordinator.
  effects delete_groups(const caller& who, const kafka::delete_groups_request& r);
  kafka::consumer_group_describe_response::group describe_consumers(const std::string& group) const;
  kafka::describe_groups_response::group describe(const std::string& group, std::int16_t version) const;
  /// Groups in these states and of these types; an empty list means all.
  std::vector<kafka::list_groups_response::group> list(const kafka::list_groups_request& filter) const;
  std::size_t group_count() const { return groups_.size(); }

  // -- time ---------------------------------------------------------------------------------------------------------

  /// Carries out what is due.
  effects tick(moment now);
  /// When to call `tick`; may be early. None while nothing waits.
  std::optional<monotonic_time> wakes_at() const;

 private:
  struct tenant {
    std::unique_ptr<membership> members;  ///< never null
    group_offsets offsets;
    std::optional<monotonic_time> wakes_at;  ///< its entry in `wake_ups_`
  };
  struct offset_change {
    std::string group;
    std::string topic;
    std::int32_t partition = 0;
    std::optional<committed_offset> offset;  ///< none: it is taken out
  };
  /// What one batch of records changes, beside members.
  struct change_set {
    std::vector<log_record> records;
    std::vector<offset_change> offsets;
    std::vector<std::string> deletions;  ///< groups
  };
  struct pending_place {
    std::string group;
    std::string topic;
    std::int32_t partition = 0;
    auto operator<=>(const pending_place&) const = default;
  };
  struct batch_on_its_way {
    std::string members_of;              ///< group that waits for it; empty: none
    std::vector<offset_change> offsets;  ///< without the offsets themselves, unless they are in a transaction
    std::optional<journal_producer> by;  ///< in whose transaction
    std::vector<std::string> deletions;
    std::vector<answer> answers;
  };

  // coordinator.cpp
  tenant* find(const std::string& group);
  const tenant* find(const std::string& group) const;
  tenant* find_or_make(const std::string& group, wall_time now);
  std::unique_ptr<classic_group> new_classic(const std::string& group, wall_time since) const;
  template <class Record>
  void apply_to_consumers(const std::string& group, const Record& record);
  effects finish(outbox& out, tenant* touched, moment now);
  void remember_batches(outbox& out, const tenant* touched, effects& e);
  void reschedule(tenant& t);
  void drop(const std::string& group);
  bool is_idle(const tenant& t) const;
  void settle(ticket of, const batch_on_its_way& b, bool is_committed);
  void apply(any_record record);
  void apply(const group_record& r);
  void apply(const offset_commit_record& r);
  void apply(const legacy_offset_record& r);
  void apply(const unknown_record&) {}
  static consumer_group* as_consumers(tenant& t);

  // coordinator_members.cpp
  void serve(tenant& t, const caller& who, kafka::consumer_group_heartbeat_request r, moment now, outbox& out);
  void serve(tenant& t, member_turn turn, moment now, outbox& out);
  void settle_migration(tenant& t, moment now, outbox& out);

  // coordinator_offsets.cpp
  static void set_offset(change_set& changes, const std::string& group, const std::string& topic,
                         std::int32_t partition, std::optional<committed_offset> offset);
  ticket append(change_set changes, outbox& out);
  ticket append_in_transaction(change_set changes, const journal_producer& by, outbox& out);

  effects commit(const caller& who, const kafka::offset_commit_request& r, std::optional<journal_producer> by,
                 moment now);
  std::optional<kafka::error_code> admit(const caller& who, const kafka::offset_commit_request& r, bool in_transaction,
                                         tenant*& t, moment now);
  change_set changes_of(const kafka::offset_commit_request& r, kafka::offset_commit_response& body,
                        moment now) const;
  void pend(const offset_change& change, const journal_producer& by, ticket order);

  // coordinator_expiry.cpp
  void expire(moment now, outbox& out);
  bool expire_offsets(const tenant& t, wall_time now, change_set& changes, outbox& out);
  void append_if_full(change_set& changes, outbox& out);
  void delete_group(tenant& t, change_set& changes);

  surroundings in_;
  std::map<std::string, std::unique_ptr<tenant>> groups_;
  std::set<std::pair<monotonic_time, std::string>> wake_ups_;
  ticket next_ticket_{1};
  std::map<ticket, batch_on_its_way> on_their_way_;
  std::map<producer_id, std::set<pending_place>> in_transactions_;
  std::optional<monotonic_time> expiry_due_;
};

}  // namespace troupe::group
