#pragma once

#include "runtime/group/assignor.hpp"
#include "runtime/group/records.hpp"
#include "runtime/group/roster.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::group {

/// Partitions that a member may read, each with the epoch of the assignment that gave it (KIP-1251).
using held_partitions = std::map<topic_id, std::map<std::int32_t, std::int32_t>>;

/// Where a member is on its way to what it is to own; the numbers are those of its record.
enum class member_progress : std::int8_t {
  stable = 0,      ///< has all that its epoch gives it
  unrevoked = 1,   ///< still has what it is to give up
  unreleased = 2,  ///< waits for what others are to give up
  unknown = 127,   ///< of a newer coordinator
};

/// How a member of the classic protocol takes part in a consumer group.
struct classic_ways {
  std::chrono::milliseconds session_timeout{};
  group::protocols protocols;  ///< what it likes best first; not empty
  bool operator==(const classic_ways&) const = default;
};

/// A member of a consumer group (KIP-848): what it said of itself, and what it owns.
struct consumer_member {
  std::string id;
  std::optional<std::string> instance;  ///< of a static member
  std::optional<std::string> rack;
  std::string client_id;
  std::string client_host;
  std::vector<std::string> topics;      ///< names that it is subscribed to, in order, each once
  std::optional<std::string> pattern;   ///< RE2 pattern of further topics
  std::optional<std::string> assignor;  ///< that it would like
  std::chrono::milliseconds rebalance_timeout{};
  std::optional<classic_ways> classic;  ///< none: it uses the consumer protocol

  std::int32_t epoch = 0;           ///< of the assignment that it has; `gone_for_a_while`
  std::int32_t previous_epoch = 0;  ///< a retry may still come with it
  member_progress progress = member_progress::stable;
  held_partitions owned;            ///< may read
  held_partitions revoking;         ///< is asked to give up

  /// Epoch of a static member that has left and may be back.
  static constexpr std::int32_t gone_for_a_while = -2;

  bool is_reconciled_to(std::int32_t target_epoch) const {
    return epoch == target_epoch && progress == member_progress::stable;
  }
  bool operator==(const consumer_member&) const = default;
};

/// Without the epochs, as assignors and clients see it.
topic_partitions without_epochs(const held_partitions& held);
/// With one epoch for all.
held_partitions with_epoch(const topic_partitions& partitions, std::int32_t epoch);
/// Whether nothing of `parts` is outside of `whole`.
bool is_within(const topic_partitions& parts, const held_partitions& whole);

/// What a step towards the target goes by.
struct reconciliation {
  std::int32_t target_epoch = 0;
  const topic_partitions& target;
  /// Whether another member, or this one, may still read the partition.
  std::function<bool(const topic_id&, std::int32_t)> is_held;
  /// What the member said that it owns; null when it said nothing.
  const topic_partitions* said = nullptr;
};

/// `member`, one step nearer to its target: it first gives up what is not in the target, then takes what nobody else
/// holds. Null for a member in a state that is not known here and that still owns something: it has to join anew.
std::optional<consumer_member> reconciled(const consumer_member& member, const reconciliation& to);

/// The member's records of the log.
consumer_member_record subscription_record(const std::string& group, const consumer_member& member);
current_assignment_record assignment_record(const std::string& group, const consumer_member& member);
target_member_record target_record(const std::string& group, const std::string& member, const topic_partitions& target);
/// Takes in what the record says.
void take(consumer_member& member, const kafka::consumer_group_member_metadata_value& said);
void take(consumer_member& member, const kafka::consumer_group_current_member_assignment_value& owns);

}  // namespace troupe::group
