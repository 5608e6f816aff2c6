// Claims about which changes are accepted on a running node.
#include "runtime/config/errors.hpp"
#include "runtime/config/rules.hpp"

#include <boost/test/unit_test.hpp>

namespace config = troupe::config;
using resource = troupe::metadata::config_resource_type;

namespace {

std::string judged(resource type, const char* key, const char* value) {
  return troupe::render(config::rules{}.check(type, key, value));
}

}  // namespace

BOOST_AUTO_TEST_CASE(good_changes_are_accepted) {
  for (auto [key, value] : {std::pair{"retention.ms", "-1"}, {"cleanup.policy", "compact,delete"},
                            {"durability", "interval"}, {"leader.replication.throttled.replicas", "0:1,1:2"},
                            {"follower.replication.throttled.replicas", "*"}, {"segment.bytes", "1048576"}})
    BOOST_TEST(judged(resource::topic, key, value) == "no error", key);
  BOOST_TEST(judged(resource::broker, "log.retention.ms", "5") == "no error");
  BOOST_TEST(judged(resource::cluster_default, "message.max.bytes", "5") == "no error");
  BOOST_TEST(judged(resource::broker, "ssl.cipher.suites", "TLS_AES_128_GCM_SHA256") == "no error");
  BOOST_TEST(judged(resource::group, "consumer.session.timeout.ms", "50000") == "no error");
}

BOOST_AUTO_TEST_CASE(unknown_names_are_refused_with_the_nearest_known_one) {
  BOOST_TEST(judged(resource::topic, "retention.mss", "5") ==
             "Unknown topic config name: retention.mss; did you mean retention.ms?");
  BOOST_TEST(judged(resource::topic, "qqqqqqqqqqqq", "5") == "Unknown topic config name: qqqqqqqqqqqq");
  BOOST_TEST(judged(resource::broker, "log.retention.msec", "5") ==
             "Unknown broker config name: log.retention.msec; did you mean log.retention.ms?");
  BOOST_TEST(judged(resource::group, "share.session.timeout.ms", "50000").starts_with(
    "Unknown group config name: share.session.timeout.ms"));
  BOOST_TEST(judged(resource::topic, std::string(100'000, 'x').c_str(), "5").starts_with("Unknown topic config name"));
}

BOOST_AUTO_TEST_CASE(bad_values_are_refused_and_told_what_is_allowed) {
  BOOST_TEST(judged(resource::topic, "retention.ms", "abc") ==
             "retention.ms: \"abc\" is not allowed; it must be a 64-bit integer of at least -1");
  BOOST_TEST(judged(resource::topic, "segment.bytes", "5") ==
             "segment.bytes: \"5\" is not allowed; it must be a 32-bit integer of at least 1048576");
  BOOST_TEST(judged(resource::topic, "cleanup.policy", "foo") ==
             "cleanup.policy: \"foo\" is not allowed; it must be a list of any of compact, delete");
  BOOST_TEST(judged(resource::topic, "min.cleanable.dirty.ratio", "1.5") ==
             "min.cleanable.dirty.ratio: \"1.5\" is not allowed; it must be a number from 0 to 1");
  BOOST_TEST(judged(resource::topic, "preallocate", "yes") ==
             "preallocate: \"yes\" is not allowed; it must be true or false");
  BOOST_TEST(judged(resource::topic, "leader.replication.throttled.replicas", "0-1") ==
             "leader.replication.throttled.replicas: \"0-1\" is not allowed; it must be * or a list of partition:node");
}

BOOST_AUTO_TEST_CASE(what_this_version_cannot_do_is_refused_rather_than_promised) {
  BOOST_TEST(judged(resource::topic, "remote.storage.enable", "true") ==
             "remote.storage.enable: this version has no tiered storage; leave it false");
  BOOST_TEST(judged(resource::topic, "remote.storage.enable", "false") == "no error");
}

BOOST_AUTO_TEST_CASE(settings_of_the_file_cannot_be_changed_while_running) {
  BOOST_TEST(judged(resource::broker, "log.dirs", "/x") ==
             "Cannot update log.dirs while the node runs; set it in the node's file and restart");
  BOOST_TEST(judged(resource::cluster_default, "ssl.cipher.suites", "x") ==
             "Cannot update ssl.cipher.suites for all nodes at once; name the node it is for");
  auto refused = config::rules{}.check(resource::broker, "node.id", "5");
  auto code = static_cast<std::uint8_t>(config::errc::read_only);
  BOOST_TEST(troupe::is_error(refused, troupe::error_domain::config, code));
}

BOOST_AUTO_TEST_CASE(overrides_must_not_contradict_each_other) {
  config::rules rules;
  BOOST_TEST(troupe::render(rules.check_together(resource::topic, {{"min.compaction.lag.ms", "5"}})) == "no error");
  BOOST_TEST(troupe::render(rules.check_together(
               resource::topic, {{"min.compaction.lag.ms", "5"}, {"max.compaction.lag.ms", "4"}})) ==
             "min.compaction.lag.ms is above max.compaction.lag.ms; lower it, or raise the other");
  BOOST_TEST(!!rules.check_together(resource::broker, {{"log.cleaner.min.compaction.lag.ms", "5"},
                                                       {"log.cleaner.max.compaction.lag.ms", "4"}}));
}

BOOST_AUTO_TEST_CASE(lists_and_defaults_are_known_for_append_and_subtract) {
  config::rules rules;
  BOOST_TEST(rules.is_list(resource::topic, "cleanup.policy"));
  BOOST_TEST(!rules.is_list(resource::topic, "retention.ms"));
  BOOST_TEST(!rules.is_list(resource::broker, "no.such.key"));
  BOOST_TEST(!rules.is_list(resource::group, "consumer.session.timeout.ms"));
  BOOST_TEST((rules.default_value(resource::topic, "cleanup.policy") == std::optional<std::string>{"delete"}));
  BOOST_TEST((rules.default_value(resource::broker, "log.retention.ms") == std::nullopt));
}
