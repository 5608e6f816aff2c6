#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/journal_record.hpp"
#include "schema/kafka/consumer_offsets.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

/// The records of __consumer_offsets as bytes and as what they mean. Key and value begin with two bytes, the record's
/// type and the value's version.
namespace troupe::group {

/// A record as it lies in the log.
using log_record = journal_record;

/// A record that was read.
template <class Key, class Value>
struct typed_record {
  Key key;
  std::optional<Value> value;
};

using offset_commit_record = typed_record<kafka::offset_commit_key, kafka::offset_commit_value>;
using legacy_offset_record = typed_record<kafka::legacy_offset_commit_key, kafka::legacy_offset_commit_value>;
using group_record = typed_record<kafka::group_metadata_key, kafka::group_metadata_value>;
using consumer_group_record = typed_record<kafka::consumer_group_metadata_key, kafka::consumer_group_metadata_value>;
using consumer_topics_record =
    typed_record<kafka::consumer_group_partition_metadata_key, kafka::consumer_group_partition_metadata_value>;
using consumer_member_record =
    typed_record<kafka::consumer_group_member_metadata_key, kafka::consumer_group_member_metadata_value>;
using target_epoch_record = typed_record<kafka::consumer_group_target_assignment_metadata_key,
                                         kafka::consumer_group_target_assignment_metadata_value>;
using target_member_record = typed_record<kafka::consumer_group_target_assignment_member_key,
                                          kafka::consumer_group_target_assignment_member_value>;
using current_assignment_record = typed_record<kafka::consumer_group_current_member_assignment_key,
                                               kafka::consumer_group_current_member_assignment_value>;
using regular_expression_record = typed_record<kafka::consumer_group_regular_expression_key,
                                               kafka::consumer_group_regular_expression_value>;

/// A record of a type that is not known here, as a newer Kafka or other kinds of groups leave it.
struct unknown_record {
  std::int16_t type = 0;
};

/// Any record of the topic.
using any_record =
    std::variant<offset_commit_record, legacy_offset_record, group_record, consumer_group_record,
                 consumer_topics_record, consumer_member_record, target_epoch_record, target_member_record,
                 current_assignment_record, regular_expression_record, unknown_record>;

/// What `record` means. Errors: `kafka::errc::malformed` for bytes that are no record of its type and version.
expected<any_record> parse(const log_record& record);

/// `record` in the given version of its value, which is not looked at in a record without one.
log_record to_log(const any_record& record, std::int16_t value_version);

/// A committed offset, in the version that Kafka 4.3 writes for what it holds.
log_record to_log(const offset_commit_record& record);
/// A group of the classic protocol, in the version that Kafka 4.3 writes.
log_record to_log(const group_record& record);

}  // namespace troupe::group
