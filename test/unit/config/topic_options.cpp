// Claims about the options that logs get from settings.
#include "runtime/config/topic_options.hpp"

#include <boost/test/unit_test.hpp>

namespace config = troupe::config;
namespace log = troupe::log;
using namespace std::chrono_literals;

namespace {

log::options options_for(const config::value_map& topic, const std::vector<std::string>& assignments = {}) {
  auto fixed = config::broker_config::load(std::nullopt, assignments);
  BOOST_REQUIRE(fixed);
  config::value_map node, cluster;
  return config::topic_options({&topic, &node, &cluster, &*fixed});
}

}  // namespace

BOOST_AUTO_TEST_CASE(options_without_settings_are_those_the_log_starts_with) {
  auto from_settings = options_for({});
  log::options own;
  BOOST_TEST(from_settings.segment_bytes == own.segment_bytes);
  BOOST_TEST((from_settings.segment_age == own.segment_age));
  BOOST_TEST((from_settings.segment_jitter == own.segment_jitter));
  BOOST_TEST(from_settings.segment_index_bytes == own.segment_index_bytes);
  BOOST_TEST(from_settings.index_interval_bytes == own.index_interval_bytes);
  BOOST_TEST(from_settings.cleanup_delete == own.cleanup_delete);
  BOOST_TEST(from_settings.cleanup_compact == own.cleanup_compact);
  BOOST_TEST((from_settings.retention == own.retention));
  BOOST_TEST(from_settings.retention_bytes == own.retention_bytes);
  BOOST_TEST((from_settings.file_delete_delay == own.file_delete_delay));
  BOOST_TEST((from_settings.delete_retention == own.delete_retention));
  BOOST_TEST((from_settings.min_compaction_lag == own.min_compaction_lag));
  BOOST_TEST((from_settings.max_compaction_lag == log::options::forever));
  BOOST_TEST(from_settings.min_cleanable_dirty_ratio == own.min_cleanable_dirty_ratio);
  BOOST_TEST(from_settings.max_message_bytes == own.max_message_bytes);
  BOOST_TEST((from_settings.message_timestamp_type == own.message_timestamp_type));
  BOOST_TEST((from_settings.timestamp_before_max == log::options::forever));
  BOOST_TEST((from_settings.timestamp_after_max == own.timestamp_after_max));
  BOOST_TEST(!from_settings.compression.has_value());
  BOOST_TEST(from_settings.levels.gzip == own.levels.gzip);
  BOOST_TEST(from_settings.levels.lz4 == own.levels.lz4);
  BOOST_TEST(from_settings.levels.zstd == own.levels.zstd);
  BOOST_TEST((from_settings.durability == own.durability));
  BOOST_TEST(from_settings.flush_messages == log::options::unlimited);
  BOOST_TEST((from_settings.flush_age == log::options::forever));
  BOOST_TEST(from_settings.min_in_sync_replicas == own.min_in_sync_replicas);
  BOOST_TEST((from_settings.producer_expiration == own.producer_expiration));
}

BOOST_AUTO_TEST_CASE(a_topics_settings_reach_its_log) {
  auto options = options_for({{"cleanup.policy", "compact"}, {"compression.type", "zstd"},
                              {"compression.zstd.level", "7"}, {"durability", "interval"},
                              {"flush.ms", "50"}, {"flush.messages", "9"},
                              {"max.message.bytes", "77"}, {"message.timestamp.type", "LogAppendTime"},
                              {"min.cleanable.dirty.ratio", "0.25"}, {"retention.ms", "-1"}, {"segment.ms", "1000"}});
  BOOST_TEST(options.compacts());
  BOOST_TEST(!options.deletes());
  BOOST_TEST((options.compression == std::optional{log::codec::zstd}));
  BOOST_TEST(options.levels.zstd == 7);
  BOOST_TEST((options.durability == log::durability::interval));
  BOOST_TEST((options.flush_age == 50ms));
  BOOST_TEST(options.flush_messages == 9);
  BOOST_TEST(options.max_message_bytes == 77);
  BOOST_TEST((options.message_timestamp_type == log::timestamp_type::log_append_time));
  BOOST_TEST(options.min_cleanable_dirty_ratio == 0.25);
  BOOST_TEST((options.retention < 0ms));
  BOOST_TEST((options.segment_age == 1s));
}

BOOST_AUTO_TEST_CASE(an_interval_without_a_measure_is_a_second) {
  BOOST_TEST((options_for({{"durability", "interval"}}).flush_age == 1s));
  BOOST_TEST((options_for({{"durability", "interval"}, {"flush.ms", "50"}}).flush_age == 50ms));
  BOOST_TEST((options_for({{"durability", "interval"}, {"flush.messages", "9"}}).flush_age == log::options::forever));
}

BOOST_AUTO_TEST_CASE(the_brokers_settings_are_defaults_for_the_log) {
  auto options = options_for({{"segment.bytes", "2097152"}},
                             {"log.retention.hours=1", "log.segment.bytes=3145728", "compression.type=uncompressed",
                              "producer.id.expiration.ms=5000", "durability=replicated", "log.roll.hours=2"});
  BOOST_TEST((options.retention == 1h));
  BOOST_TEST(options.segment_bytes == 2097152);
  BOOST_TEST((options.compression == std::optional{log::codec::none}));
  BOOST_TEST((options.producer_expiration == 5s));
  BOOST_TEST((options.durability == log::durability::replicated));
  BOOST_TEST((options.segment_age == 2h));
}
