#pragma once

#include "runtime/authority/clock.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/journal_record.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>

/// The transactions of Kafka's protocol (KIP-98), with a new producer epoch for each (KIP-890) where the client can do
/// that.
namespace troupe::transaction {

/// The topic whose partitions are the journals of coordinators.
constexpr std::string_view state_topic = "__transaction_state";

/// Where the transaction of an id stands; the numbers are those of Kafka's records.
enum class status : std::int8_t {
  empty = 0,        ///< the id has a producer and had no transaction yet
  ongoing,          ///< it has partitions
  prepare_commit,   ///< decided: partitions get their markers
  prepare_abort,
  complete_commit,  ///< all partitions have their markers
  complete_abort,
};

/// As Kafka's tools show it.
std::string_view name_of(status s);
/// The other way; empty for a word that is none.
std::optional<status> status_named(std::string_view name);

constexpr bool is_preparing(status s) {
  return s == status::prepare_commit || s == status::prepare_abort;
}

/// A partition that a transaction writes to.
struct participant {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const participant&) const = default;
};

constexpr std::int16_t no_epoch_given = -1;
/// From here on an id gets another producer: one more epoch is left, for the marker of its last transaction.
constexpr std::int16_t epochs_used_up = std::numeric_limits<std::int16_t>::max() - 1;
/// From this version of transactions on every one has an epoch of its own (KIP-890).
constexpr std::int16_t epoch_bump_version = 2;

/// All that is known of one transactional id.
struct state {
  producer_id producer = no_producer_id;
  producer_id previous = no_producer_id;  ///< whose epochs were used up by the last transaction
  producer_id next = no_producer_id;      ///< given out when the transaction is complete
  std::int16_t epoch = no_epoch_given;
  std::int16_t last_epoch = no_epoch_given;  ///< that a retry may come with; not in the journal
  std::chrono::milliseconds timeout{0};
  status at = status::empty;
  std::set<participant> partitions;       ///< while it prepares: those that have no marker yet
  wall_time updated;
  std::optional<wall_time> started;
  std::int16_t client_version = 0;        ///< of transactions, as its producer uses them
  bool operator==(const state&) const = default;

  bool bumps_epochs() const { return client_version >= epoch_bump_version; }
  bool has_used_up_epochs() const { return epoch >= epochs_used_up; }
};

/// What the journal says of `id`; without a state the id is taken out.
journal_record to_record(const std::string& id, const state* what);

/// A record that was read.
struct read_record {
  std::string id;
  std::optional<state> what;
};
/// Errors: `kafka::errc::malformed` for bytes that are no record of the topic. Empty: of a type that is not known here.
expected<std::optional<read_record>> read(const journal_record& record);

}  // namespace troupe::transaction
