#include "runtime/config/topic_options.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/invariant.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <chrono>

namespace troupe::config {

namespace {

/// Reads one topic's settings, each as the type that the table gives it.
class topic_reader {
 public:
  explicit topic_reader(const layers& from) : from_(from) {}

  std::string text(std::string_view key) const {
    auto found = topic_value(from_, key);
    TROUPE_INVARIANT(found.has_value(), "settings of logs have a default");
    return found->text;
  }

  std::int64_t integer(std::string_view key) const {
    auto number = parse_integer(text(key));
    TROUPE_INVARIANT(number.has_value(), "values were checked when they were given");
    return *number;
  }

  std::int32_t small_integer(std::string_view key) const { return static_cast<std::int32_t>(integer(key)); }

  double real(std::string_view key) const {
    auto number = parse_real(text(key));
    TROUPE_INVARIANT(number.has_value(), "values were checked when they were given");
    return *number;
  }

  /// Kafka's "for ever" is the largest number, which is also that of std::chrono.
  std::chrono::milliseconds duration(std::string_view key) const { return std::chrono::milliseconds{integer(key)}; }

  bool list_has(std::string_view key, std::string_view word) const {
    auto entries = split_list(text(key));
    return std::ranges::find(entries, word) != entries.end();
  }

 private:
  const layers& from_;
};

std::optional<log::codec> codec_of(std::string_view name) {
  if (name == "uncompressed")
    return log::codec::none;
  if (name == "gzip")
    return log::codec::gzip;
  if (name == "snappy")
    return log::codec::snappy;
  if (name == "lz4")
    return log::codec::lz4;
  if (name == "zstd")
    return log::codec::zstd;
  return std::nullopt;  // producer: as the client packed it
}

log::durability durability_of(std::string_view name) {
  return name == "replicated" ? log::durability::replicated
         : name == "interval" ? log::durability::interval
                              : log::durability::fsync;
}

void read_segments(const topic_reader& topic, log::options& to) {
  to.segment_bytes = topic.integer("segment.bytes");
  to.segment_age = topic.duration("segment.ms");
  to.segment_jitter = topic.duration("segment.jitter.ms");
  to.segment_index_bytes = topic.small_integer("segment.index.bytes");
  to.index_interval_bytes = topic.small_integer("index.interval.bytes");
}

void read_cleanup(const topic_reader& topic, log::options& to) {
  to.cleanup_delete = topic.list_has("cleanup.policy", "delete");
  to.cleanup_compact = topic.list_has("cleanup.policy", "compact");
  to.retention = topic.duration("retention.ms");
  to.retention_bytes = topic.integer("retention.bytes");
  to.file_delete_delay = topic.duration("file.delete.delay.ms");
  to.delete_retention = topic.duration("delete.retention.ms");
  to.min_compaction_lag = topic.duration("min.compaction.lag.ms");
  to.max_compaction_lag = topic.duration("max.compaction.lag.ms");
  to.min_cleanable_dirty_ratio = topic.real("min.cleanable.dirty.ratio");
}

void read_batches(const topic_reader& topic, log::options& to) {
  to.max_message_bytes = topic.small_integer("max.message.bytes");
  to.message_timestamp_type = topic.text("message.timestamp.type") == "LogAppendTime"
                                ? log::timestamp_type::log_append_time
                                : log::timestamp_type::create_time;
  to.timestamp_before_max = topic.duration("message.timestamp.before.max.ms");
  to.timestamp_after_max = topic.duration("message.timestamp.after.max.ms");
  to.compression = codec_of(topic.text("compression.type"));
  to.levels.gzip = topic.small_integer("compression.gzip.level");
  to.levels.lz4 = topic.small_integer("compression.lz4.level");
  to.levels.zstd = topic.small_integer("compression.zstd.level");
}

void read_promises(const topic_reader& topic, log::options& to) {
  to.durability = durability_of(topic.text("durability"));
  to.flush_messages = topic.integer("flush.messages");
  to.flush_age = topic.duration("flush.ms");
  if (to.durability == log::durability::interval && to.flush_messages == log::options::unlimited
      && to.flush_age == log::options::forever)
    to.flush_age = bounds::interval_sync_default;
  to.min_in_sync_replicas = topic.small_integer("min.insync.replicas");
}

}  // namespace

log::options topic_options(const layers& from) {
  topic_reader topic{from};
  log::options options;
  read_segments(topic, options);
  read_cleanup(topic, options);
  read_batches(topic, options);
  read_promises(topic, options);
  options.producer_expiration = std::chrono::milliseconds{broker_integer(from, "producer.id.expiration.ms")};
  return options;
}

bool names_replica(const layers& from, std::string_view key, partition_index index, node_id on) {
  const auto entries = split_list(topic_reader{from}.text(key));
  const auto name = std::to_string(index.value) + ":" + std::to_string(on.value);
  return std::ranges::any_of(entries, [&name](const auto& entry) { return entry == "*" || entry == name; });
}

}  // namespace troupe::config
