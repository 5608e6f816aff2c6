#pragma once

#include "runtime/metadata/commands.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Leaders chosen on request and of the controller's own accord. Those that follow from a broker's state are in
/// `broker_states.hpp`. Pure.
namespace troupe::metadata {

/// The records by which each partition that `leader` leads goes on under a new leader epoch: after a stop that was not
/// clean, so that whoever read records which are lost since then can tell that their offsets mean others now (KIP-101,
/// KIP-320).
records new_epochs(const image& on, node_id leader);

/// What ElectLeaders asks for (KIP-460); the numbers are Kafka's.
enum class election_type : std::int8_t {
  preferred = 0,  ///< the first replica, where it has every committed record
  unclean = 1     ///< where nobody leads, anybody: records may be lost
};

/// A partition as clients name it.
struct partition_name {
  std::string topic;
  partition_index index;
};

/// What came of one partition's election.
struct election_result {
  partition_name which;
  error refused;  ///< none: it has a new leader. unknown_topic, unknown_partition, election_not_needed,
                  ///< preferred_leader_not_available, eligible_leaders_not_available
};

/// What came of all of them.
struct elections_held {
  std::vector<election_result> results;
  metadata::records records;
};

/// Holds elections for the partitions given, in that order, or for all; of all, those that need none are left out of
/// the results.
elections_held elect_leaders(const image& on, const command_rules& rules, election_type type,
                             const std::optional<std::vector<partition_name>>& which);

/// Leaders moved back to where they are preferred.
struct leaders_balanced {
  metadata::records records;
  bool more = false;  ///< the limit was reached: go on with the image after these records
};

/// Elects the preferred leaders of the brokers of which more than `imbalance_percentage` of a hundred of the partitions
/// that prefer them are led by others (`leader.imbalance.per.broker.percentage`); at most `elections_max` at once.
leaders_balanced balance_leaders(const image& on, const command_rules& rules, std::int32_t imbalance_percentage,
                                 std::size_t elections_max);

/// What the settings in force ask of the partitions, after settings have changed or another controller with other ones
/// has taken over: an ELR is dropped where the ISR has reached `min.insync.replicas`, since from then on records are
/// committed without it, and where nobody leads and an unclean election is allowed, one is held.
records settle_partitions(const image& on, const command_rules& rules);
/// The same for one topic; none when it does not exist.
records settle_partitions(const image& on, const command_rules& rules, const topic_id& of);

}  // namespace troupe::metadata
