#include "runtime/config/settings.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

/// A topic setting and the broker settings that give its default, most specific first.
struct chain {
  std::string_view topic_key;
  synonym brokers[3];
};

// Kafka 4.3.1's synonyms; sorted by topic key.
constexpr chain chains[] = {
  {"cleanup.policy", {{"log.cleanup.policy"}}},
  {"compression.gzip.level", {{"compression.gzip.level"}}},
  {"compression.lz4.level", {{"compression.lz4.level"}}},
  {"compression.type", {{"compression.type"}}},
  {"compression.zstd.level", {{"compression.zstd.level"}}},
  {"delete.retention.ms", {{"log.cleaner.delete.retention.ms"}}},
  {"durability", {{"durability"}}},
  {"file.delete.delay.ms", {{"log.segment.delete.delay.ms"}}},
  {"flush.messages", {{"log.flush.interval.messages"}}},
  {"flush.ms", {{"log.flush.interval.ms"}, {"log.flush.scheduler.interval.ms"}}},
  {"index.interval.bytes", {{"log.index.interval.bytes"}}},
  {"local.retention.bytes", {{"log.local.retention.bytes"}}},
  {"local.retention.ms", {{"log.local.retention.ms"}}},
  {"max.compaction.lag.ms", {{"log.cleaner.max.compaction.lag.ms"}}},
  {"max.message.bytes", {{"message.max.bytes"}}},
  {"message.timestamp.after.max.ms", {{"log.message.timestamp.after.max.ms"}}},
  {"message.timestamp.before.max.ms", {{"log.message.timestamp.before.max.ms"}}},
  {"message.timestamp.type", {{"log.message.timestamp.type"}}},
  {"min.cleanable.dirty.ratio", {{"log.cleaner.min.cleanable.ratio"}}},
  {"min.compaction.lag.ms", {{"log.cleaner.min.compaction.lag.ms"}}},
  {"min.insync.replicas", {{"min.insync.replicas"}}},
  {"preallocate", {{"log.preallocate"}}},
  {"retention.bytes", {{"log.retention.bytes"}}},
  {"retention.ms", {{"log.retention.ms"}, {"log.retention.minutes", minute_ms}, {"log.retention.hours", hour_ms}}},
  {"segment.bytes", {{"log.segment.bytes"}}},
  {"segment.index.bytes", {{"log.index.size.max.bytes"}}},
  {"segment.jitter.ms", {{"log.roll.jitter.ms"}, {"log.roll.jitter.hours", hour_ms}}},
  {"segment.ms", {{"log.roll.ms"}, {"log.roll.hours", hour_ms}}},
  {"unclean.leader.election.enable", {{"unclean.leader.election.enable"}}},
};

/// Broker settings that stand for each other without a topic setting.
constexpr chain broker_only[] = {
  {"", {{"node.id"}, {"broker.id"}}},
  {"", {{"log.dirs"}, {"log.dir"}}},
};

constexpr group_synonyms of_groups[] = {
  {"consumer.assignment.interval.ms", {"group.consumer.assignment.interval.ms"},
   "group.consumer.min.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"},
  {"consumer.heartbeat.interval.ms", {"group.consumer.heartbeat.interval.ms"},
   "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
  {"consumer.session.timeout.ms", {"group.consumer.session.timeout.ms"},
   "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
};

std::span<const synonym> filled(const chain& c) {
  auto end = std::ranges::find(c.brokers, std::string_view{}, &synonym::key);
  return {std::begin(c.brokers), end};
}

}  // namespace

std::span<const synonym> synonyms_of_topic(std::string_view topic_key) {
  auto at = std::ranges::lower_bound(chains, topic_key, {}, &chain::topic_key);
  return at != std::end(chains) && at->topic_key == topic_key ? filled(*at) : std::span<const synonym>{};
}

std::span<const synonym> synonyms_of_broker(std::string_view broker_key) {
  auto in = [broker_key](std::span<const chain> all) -> std::span<const synonym> {
    for (auto& c : all) {
      auto known = filled(c);
      auto at = std::ranges::find(known, broker_key, &synonym::key);
      if (at != known.end())
        return known.subspan(static_cast<std::size_t>(at - known.begin()));
    }
    return {};
  };
  auto found = in(chains);
  return found.empty() ? in(broker_only) : found;
}

const group_synonyms& synonyms_of_group(std::string_view group_key) {
  auto at = std::ranges::find(of_groups, group_key, &group_synonyms::group_key);
  TROUPE_INVARIANT(at != std::end(of_groups), "asked for a setting of groups of the table");
  return *at;
}

}  // namespace troupe::config
