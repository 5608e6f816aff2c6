#pragma once

#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"

#include <optional>
#include <string>

/// One function for each record: what commands and snapshots are made of. Pure.
namespace troupe::metadata {

using record = wire<schema::MetadataRecord>;

record topic_record(const topic_id& id, const std::string& name);
record partition_record(const topic_id& of, partition_index index, const partition& p);
/// What differs between `before` and `after`, whose partition epoch is the larger one.
record partition_change_record(const topic_id& of, partition_index index, const partition& before,
                               const partition& after);
record topic_removed_record(const topic_id& id);
/// One setting; no value removes it.
record topic_config_record(const topic_id& of, const std::string& key, const std::optional<std::string>& value);
record broker_config_record(node_id of, const std::string& key, const std::optional<std::string>& value);
record cluster_config_record(const std::string& key, const std::optional<std::string>& value);
record group_config_record(const std::string& of, const std::string& key, const std::optional<std::string>& value);
record producer_ids_record(std::int64_t next_id, node_id to, std::int64_t broker_epoch);
record broker_record(const broker& b);
record broker_change_record(node_id id, std::int64_t epoch, bool fenced, bool shutting_down);
record broker_removed_record(node_id id, std::int64_t epoch);
record voters_record(const std::vector<voter>& all);
/// The set in such a record, by id.
std::vector<voter> read_voters(schema::VotersRecord::Reader r);
/// Level 0: the feature is not finalized any more.
record feature_record(const std::string& name, std::int16_t level);

}  // namespace troupe::metadata
