// What clients ask of the controller about leaders and places, from the bytes of the request to those of the response.
#include "actors/controller_refusal.hpp"
#include "actors/controller_replication.hpp"
#include "actors/controller_rules.hpp"
#include "runtime/kafka/codec.hpp"
#include "schema/kafka/alter_configs.hpp"
#include "schema/kafka/incremental_alter_configs.hpp"
#include "test/unit/metadata/fixtures.hpp"

using namespace troupe;
using kafka::error_code;
using metadata::test::applied;
using metadata::test::broker_of;
using metadata::test::id_of;

namespace {

class counting_random final : public random_source {
 public:
  std::uint64_t next(random_purpose) override { return ++count_; }

 private:
  std::uint64_t count_ = 0;
};

std::int16_t code(error_code of) {
  return static_cast<std::int16_t>(of);
}

/// A controller without its actor: three brokers and the topic `lines` on 1+2, partition 1 on 2+1.
class desk {
 public:
  desk() {
    metadata::records first;
    for (std::int32_t id : {1, 2, 3})
      first.push_back(metadata::broker_record(broker_of(id)));
    first.push_back(metadata::topic_record(id_of(1), "lines"));
    const std::vector<node_id> one{node_id{1}, node_id{2}};
    const std::vector<node_id> other{node_id{2}, node_id{1}};
    first.push_back(metadata::partition_record(id_of(1), partition_index{0}, metadata::test::partition_on(one)));
    first.push_back(metadata::partition_record(id_of(1), partition_index{1}, metadata::test::partition_on(other)));
    now = applied(now, first);
  }

  /// Sends the request in that version; what it changes is applied unless it is only to be validated.
  template <class Response, class Request>
  Response ask(const Request& request, std::int16_t version) {
    kafka::writer out;
    request.encode(out, version);
    const auto body = flatten(std::move(out).finish());
    metadata::change_set changes{now};
    const auto rules = command_rules_of(*now, table_, settings_, node_id{1});
    controller_scope scope{changes, rules, settings_, random_, node_id{1}};
    const auto answer = work_out(scope, Request::api_key, version, body);
    BOOST_REQUIRE_MESSAGE(answer, (answer ? std::string{} : render(answer.error())));
    if (!scope.validate_only)
      now = applied(now, std::move(changes).take());
    kafka::reader in{*answer};
    Response response;
    response.decode(in, version);
    BOOST_REQUIRE(in.ok());
    return response;
  }

  const metadata::partition& partition(std::int32_t index) const {
    return *now->find_partition({id_of(1), partition_index{index}});
  }

  std::shared_ptr<const metadata::image> now = metadata::test::empty_image();

 private:
  config::rules table_;
  config::broker_config settings_;
  counting_random random_;
};

kafka::elect_leaders_request election_of(std::vector<std::int32_t> partitions, std::int8_t type = 0) {
  kafka::elect_leaders_request r;
  r.election_type = type;
  auto& topic = r.topic_partitions.emplace().emplace_back();
  topic.topic = "lines";
  topic.partitions = std::move(partitions);
  return r;
}

kafka::alter_partition_reassignments_request move_of(std::int32_t partition,
                                                     std::optional<std::vector<std::int32_t>> target) {
  kafka::alter_partition_reassignments_request r;
  auto& topic = r.topics.emplace_back();
  topic.name = "lines";
  auto& p = topic.partitions.emplace_back();
  p.partition_index = partition;
  p.replicas = std::move(target);
  return r;
}

}  // namespace

BOOST_AUTO_TEST_CASE(elections_answer_for_each_partition) {
  desk at;
  for (std::int16_t version : {0, 1, 2}) {
    const auto told = at.ask<kafka::elect_leaders_response>(election_of({0, 7}), version);
    BOOST_REQUIRE(told.replica_election_results.size() == 1u);
    const auto& results = told.replica_election_results[0].partition_result;
    BOOST_REQUIRE(results.size() == 2u);
    BOOST_TEST(results[0].error_code == code(error_code::election_not_needed));
    BOOST_TEST(results[1].error_code == code(error_code::unknown_topic_or_partition));
    BOOST_TEST(*results[1].error_message == "partition 7 of topic lines does not exist");
  }
  const auto strange = at.ask<kafka::elect_leaders_response>(election_of({0}, 9), 2);
  BOOST_TEST(strange.error_code == code(error_code::invalid_request));
  kafka::elect_leaders_request all;
  all.topic_partitions.reset();
  BOOST_TEST(at.ask<kafka::elect_leaders_response>(all, 2).replica_election_results.empty());
}

BOOST_AUTO_TEST_CASE(a_partition_is_moved_listed_and_moved_back) {
  desk at;
  const auto begun = at.ask<kafka::alter_partition_reassignments_response>(move_of(0, std::vector{3, 2}), 1);
  BOOST_TEST(begun.responses.at(0).partitions.at(0).error_code == 0);
  const auto listed = at.ask<kafka::list_partition_reassignments_response>(
      kafka::list_partition_reassignments_request{}, 0);
  BOOST_REQUIRE(listed.topics.size() == 1u);
  BOOST_TEST((listed.topics[0].partitions.at(0).replicas == std::vector{3, 2, 1}));
  BOOST_TEST((listed.topics[0].partitions.at(0).adding_replicas == std::vector{3}));
  BOOST_TEST((listed.topics[0].partitions.at(0).removing_replicas == std::vector{1}));
  at.ask<kafka::alter_partition_reassignments_response>(move_of(0, std::nullopt), 1);
  BOOST_TEST((at.partition(0).replicas == std::vector{node_id{2}, node_id{1}}
              || at.partition(0).replicas == std::vector{node_id{1}, node_id{2}}));
  const auto again = at.ask<kafka::alter_partition_reassignments_response>(move_of(0, std::nullopt), 1);
  BOOST_TEST(again.responses.at(0).partitions.at(0).error_code == code(error_code::no_reassignment_in_progress));
}

BOOST_AUTO_TEST_CASE(a_factor_that_must_not_change_does_not) {
  desk at;
  auto wish = move_of(0, std::vector{1, 2, 3});
  wish.allow_replication_factor_change = false;
  const auto refused = at.ask<kafka::alter_partition_reassignments_response>(wish, 1);
  BOOST_TEST(!refused.allow_replication_factor_change);
  BOOST_TEST(refused.responses.at(0).partitions.at(0).error_code == code(error_code::invalid_replication_factor));
}

BOOST_AUTO_TEST_CASE(features_are_updated_together_or_not_at_all) {
  desk at;
  kafka::update_features_request r;
  r.feature_updates.push_back({"share.version", 1, false, 1});
  r.validate_only = true;
  BOOST_TEST(at.ask<kafka::update_features_response>(r, 2).error_code == 0);
  BOOST_TEST(at.now->feature("share.version") == 0);
  r.validate_only = false;
  BOOST_TEST(at.ask<kafka::update_features_response>(r, 1).results.at(0).error_code == 0);
  BOOST_TEST(at.now->feature("share.version") == 1);
  r.feature_updates = {{"share.version", 0, false, 2}, {"group.version", 5, false, 1}};
  const auto refused = at.ask<kafka::update_features_response>(r, 2);
  BOOST_TEST(refused.error_code == code(error_code::invalid_update_version));
  BOOST_TEST(at.now->feature("share.version") == 1);
  r.feature_updates = {{"share.version", 0, true, 1}};
  BOOST_TEST(at.ask<kafka::update_features_response>(r, 0).error_code == 0);
  BOOST_TEST(at.now->feature("share.version") == 0);
}

BOOST_AUTO_TEST_CASE(a_broker_is_unregistered_once) {
  desk at;
  kafka::unregister_broker_request r;
  r.broker_id = 2;
  BOOST_TEST(at.ask<kafka::unregister_broker_response>(r, 0).error_code == 0);
  BOOST_TEST((at.partition(1).leader == node_id{1}));
  const auto gone = at.ask<kafka::unregister_broker_response>(r, 0);
  BOOST_TEST(gone.error_code == code(error_code::broker_id_not_registered));
}

BOOST_AUTO_TEST_CASE(settings_of_groups_are_changed_by_both_requests_and_refused_with_kafka_s_codes) {
  desk at;
  const auto set = [&at](const std::string& group, const std::string& key, const std::string& value, bool dry = false) {
    kafka::incremental_alter_configs_request r;
    r.validate_only = dry;
    auto& resource = r.resources.emplace_back();
    resource.resource_type = 32;
    resource.resource_name = group;
    resource.configs.push_back({key, 0, value});
    return at.ask<kafka::incremental_alter_configs_response>(r, 1).responses.at(0).error_code;
  };
  BOOST_TEST(set("readers", "consumer.session.timeout.ms", "50000", true) == 0);
  BOOST_TEST(!at.now->group_config("readers"));
  BOOST_TEST(set("readers", "consumer.session.timeout.ms", "50000") == 0);
  BOOST_REQUIRE(at.now->group_config("readers"));
  BOOST_TEST(at.now->group_config("readers")->at("consumer.session.timeout.ms") == "50000");
  BOOST_TEST(set("readers", "consumer.session.timeout.ms", "1") == code(error_code::invalid_config));
  BOOST_TEST(set("readers", "share.session.timeout.ms", "50000") == code(error_code::invalid_config));
  BOOST_TEST(set("", "consumer.session.timeout.ms", "50000") == code(error_code::invalid_request));
  kafka::alter_configs_request whole;
  auto& resource = whole.resources.emplace_back();
  resource.resource_type = 32;
  resource.resource_name = "readers";
  resource.configs.push_back({"consumer.heartbeat.interval.ms", "6000"});
  BOOST_TEST(at.ask<kafka::alter_configs_response>(whole, 2).responses.at(0).error_code == 0);
  BOOST_REQUIRE(at.now->group_config("readers"));
  BOOST_TEST((*at.now->group_config("readers") == metadata::config_map{{"consumer.heartbeat.interval.ms", "6000"}}));
  resource.configs.clear();
  BOOST_TEST(at.ask<kafka::alter_configs_response>(whole, 2).responses.at(0).error_code == 0);
  BOOST_TEST(at.now->group_configs().empty());
}

BOOST_AUTO_TEST_CASE(a_resource_that_a_request_names_twice_keeps_its_settings) {
  desk at;
  kafka::incremental_alter_configs_request r;
  for (const auto* value : {"1000", "2000"}) {
    auto& resource = r.resources.emplace_back();
    resource.resource_type = 2;
    resource.resource_name = "lines";
    resource.configs.push_back({"retention.ms", 0, value});
  }
  auto& other = r.resources.emplace_back();
  other.resource_type = 32;
  other.resource_name = "lines";
  other.configs.push_back({"consumer.session.timeout.ms", 0, "50000"});
  const auto told = at.ask<kafka::incremental_alter_configs_response>(r, 1).responses;
  BOOST_TEST(told.at(0).error_code == code(error_code::invalid_request));
  BOOST_TEST(told.at(1).error_code == code(error_code::invalid_request));
  BOOST_TEST(told.at(2).error_code == 0);
  BOOST_TEST(at.now->find_topic("lines")->configs.empty());
}

BOOST_AUTO_TEST_CASE(settings_that_leaders_share_are_taken_from_topic_cluster_and_file) {
  const auto settings = config::broker_config::load(std::nullopt, {"min.insync.replicas=4", "durability=replicated"});
  BOOST_REQUIRE(settings);
  config::rules table;
  desk at;
  const auto of = [&] {
    return command_rules_of(*at.now, table, *settings, node_id{1}).replication(*at.now, *at.now->find_topic("lines"));
  };
  BOOST_TEST(of().min_in_sync == 4);
  BOOST_TEST(!of().synced);
  BOOST_TEST(!of().unclean_election);
  at.now = applied(at.now, {metadata::broker_config_record(node_id{1}, "min.insync.replicas", "5")});
  BOOST_TEST(of().min_in_sync == 4);
  at.now = applied(at.now, {metadata::cluster_config_record("min.insync.replicas", "3")});
  BOOST_TEST(of().min_in_sync == 3);
  at.now = applied(at.now, {metadata::topic_config_record(id_of(1), "min.insync.replicas", "2"),
                            metadata::topic_config_record(id_of(1), "durability", "fsync"),
                            metadata::topic_config_record(id_of(1), "unclean.leader.election.enable", "true")});
  BOOST_TEST(of().min_in_sync == 2);
  BOOST_TEST(of().synced);
  BOOST_TEST(of().unclean_election);
}
