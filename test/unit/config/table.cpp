// Claims about the table of settings as a whole.
#include "runtime/config/describe.hpp"
#include "runtime/config/values.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace config = troupe::config;

namespace {

void check_rows(std::span<const config::setting> rows) {
  for (auto& row : rows) {
    BOOST_TEST_CONTEXT(row.key) {
      if (row.fallback)
        BOOST_TEST(troupe::render(check_value(row, *row.fallback)) == "no error");
      BOOST_TEST(row.doc.ends_with('.'));
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_default_is_allowed_and_every_setting_is_explained) {
  check_rows(config::broker_settings());
  check_rows(config::topic_settings());
  check_rows(config::group_settings());
}

BOOST_AUTO_TEST_CASE(the_tables_hold_the_settings_of_kafka_4_3_1_and_our_own) {
  // Throttle rates exist only dynamically; how much imbalance of leaders is tolerated was a setting of Kafka 3. Ours
  // are durability and reassignment.throttled.rate.
  BOOST_TEST(config::broker_settings().size() == 360 + 3 + 1 + 2u);
  BOOST_TEST(config::topic_settings().size() == 34 + 1u);
}

BOOST_AUTO_TEST_CASE(every_synonym_exists_and_gives_the_same_default_as_the_topic_setting) {
  for (auto& row : config::topic_settings()) {
    BOOST_TEST_CONTEXT(row.key) {
      std::optional<std::string> from_brokers;
      for (auto& s : config::synonyms_of_topic(row.key)) {
        auto* broker_row = config::find_broker_setting(s.key);
        BOOST_REQUIRE(broker_row != nullptr);
        if (!from_brokers && broker_row->fallback)
          from_brokers = s.factor == 1 ? std::string{*broker_row->fallback}
                                       : std::to_string(*config::parse_integer(*broker_row->fallback) * s.factor);
      }
      if (from_brokers)
        BOOST_TEST(*from_brokers == std::string{*row.fallback});
    }
  }
}

BOOST_AUTO_TEST_CASE(a_setting_of_groups_has_the_default_and_the_type_of_the_broker_setting_behind_it) {
  for (auto& row : config::group_settings()) {
    BOOST_TEST_CONTEXT(row.key) {
      auto& names = config::synonyms_of_group(row.key);
      auto* fallback = config::find_broker_setting(names.fallback.key);
      BOOST_REQUIRE(fallback != nullptr);
      BOOST_TEST((fallback->type == row.type && fallback->fallback == row.fallback));
      auto* lowest = config::find_broker_setting(names.lowest);
      auto* highest = config::find_broker_setting(names.highest);
      BOOST_REQUIRE((lowest != nullptr && highest != nullptr));
      BOOST_TEST((lowest->type == row.type && highest->type == row.type));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_topic_setting_and_its_first_synonym_have_one_type_and_one_effect) {
  for (auto& row : config::topic_settings())
    for (auto& s : config::synonyms_of_topic(row.key)) {
      auto* broker_row = config::find_broker_setting(s.key);
      BOOST_TEST_CONTEXT(row.key << " and " << s.key) {
        BOOST_TEST((broker_row->effect == row.effect));
        if (s.factor == 1)
          BOOST_TEST((broker_row->type == row.type));
      }
    }
}

BOOST_AUTO_TEST_CASE(a_description_without_filter_holds_all_but_the_hidden_settings) {
  config::broker_config fixed;
  config::layers from{nullptr, nullptr, nullptr, &fixed};
  auto topics = config::describe_topic(from);
  BOOST_TEST(topics.size() == 34u);  // internal.segment.bytes stays hidden
  auto brokers = config::describe_broker(from);
  std::set<std::string> names;
  for (auto& entry : brokers)
    names.insert(entry.name);
  BOOST_TEST(names.size() == brokers.size());
  BOOST_TEST(names.count("unstable.api.versions.enable") == 0u);
  std::vector<std::string> nothing;
  BOOST_TEST(config::describe_topic(from, &nothing).size() == topics.size());
}

BOOST_AUTO_TEST_CASE(typed_getters_give_defaults_and_given_values) {
  auto loaded = config::broker_config::load(
    std::nullopt, {"connections.max.idle.ms=5", "delete.topic.enable=False", "log.cleaner.min.cleanable.ratio=0.25",
                   "max.connections.per.ip=7", "max.connections.per.ip.overrides=10.0.0.1:3,::1:4"});
  BOOST_REQUIRE(loaded);
  BOOST_TEST((loaded->duration("connections.max.idle.ms") == std::chrono::milliseconds{5}));
  BOOST_TEST(!loaded->flag("delete.topic.enable"));
  BOOST_TEST(loaded->real("log.cleaner.min.cleanable.ratio") == 0.25);
  BOOST_TEST(loaded->integer("socket.request.max.bytes") == 104857600);
  BOOST_TEST(loaded->max_connections_of("10.0.0.1") == 3);
  BOOST_TEST(loaded->max_connections_of("::1") == 4);
  BOOST_TEST(loaded->max_connections_of("10.0.0.2") == 7);
  BOOST_TEST(!loaded->rack().has_value());
}

BOOST_AUTO_TEST_CASE(a_secret_is_not_repeated_in_an_error) {
  config::setting secret{"k", config::value_type::password, std::nullopt, {.non_empty = true}, config::scope::fixed,
                         config::effect::ignored, "A secret."};
  BOOST_TEST(troupe::render(check_value(secret, "  ")).find("(hidden)") != std::string::npos);
}
