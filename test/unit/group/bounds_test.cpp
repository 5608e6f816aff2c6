// What clients can make a coordinator keep has limits, and they are reached here.
#include "test/unit/group/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::group;
using namespace troupe::group::test;

namespace {

kafka::join_group_request join_of(const std::string& group) {
  kafka::join_group_request r;
  r.group_id = group;
  r.session_timeout_ms = 10'000;
  r.rebalance_timeout_ms = 10'000;
  r.protocol_type = "consumer";
  r.protocols.push_back({"range", {}});
  return r;
}

/// The one answer of `e`.
template <class Body>
Body answer_of(const effects& e) {
  BOOST_TEST_REQUIRE(e.answers.size() == 1u);
  return std::get<Body>(e.answers[0].body);
}

kafka::error_code code_of(const effects& e) {
  return static_cast<kafka::error_code>(answer_of<kafka::join_group_response>(e).error_code);
}

struct fixture {
  sim::simulated_random random{3};
  coordinator subject{{}, random};
  moment now{monotonic_time{}, wall_time{}};
  std::uint64_t requests = 0;

  caller who(std::int16_t version = 9) { return {request_id{++requests}, version, "client", "/10.0.0.1"}; }
  effects join(const kafka::join_group_request& r, std::int16_t version = 9) {
    return subject.join(who(version), r, now);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(limits, fixture)

BOOST_AUTO_TEST_CASE(ids_that_were_given_out) {
  for (std::size_t i = 0; i < bounds::pending_members_max; ++i)
    BOOST_TEST_REQUIRE((code_of(join(join_of("g"))) == kafka::error_code::member_id_required));
  BOOST_TEST((code_of(join(join_of("g"))) == kafka::error_code::group_max_size_reached));
  now.at += std::chrono::seconds{10};  // they expire with their sessions
  subject.tick(now);
  BOOST_TEST(subject.group_count() == 0u);
  BOOST_TEST((code_of(join(join_of("g"))) == kafka::error_code::member_id_required));
}

BOOST_AUTO_TEST_CASE(deadlines_of_those_who_come_and_go) {
  deadlines all;
  const auto later = [](int minutes) { return monotonic_time{} + std::chrono::minutes{minutes}; };
  all.arm("stays", later(10));
  for (int i = 0; i < 10'000; ++i) {
    all.arm("guest " + std::to_string(i), later(5));
    all.disarm("guest " + std::to_string(i));
    BOOST_TEST_REQUIRE(all.queued_count() < 100u);
  }
  all.arm("stays", later(12));
  BOOST_TEST(!all.take_due(later(11)).has_value());
  BOOST_TEST((all.take_due(later(12)) == std::optional<std::string>{"stays"}));
  BOOST_TEST(!all.next().has_value());
}

BOOST_AUTO_TEST_CASE(groups) {
  for (std::size_t i = 0; i < bounds::groups_max; ++i)
    join(join_of("g" + std::to_string(i)));
  BOOST_TEST(subject.group_count() == bounds::groups_max);
  BOOST_TEST((code_of(join(join_of("one more"))) == kafka::error_code::policy_violation));
  kafka::offset_commit_request r;
  r.group_id = "one more";
  r.topics.emplace_back().partitions.emplace_back();
  const auto refused = answer_of<kafka::offset_commit_response>(subject.commit_offsets(who(), r, now));
  BOOST_TEST((refused.topics[0].partitions[0].error_code == kafka::code_of(kafka::error_code::policy_violation)));
}

BOOST_AUTO_TEST_CASE(names_and_metadata) {
  const auto refuses = [&](kafka::join_group_request r, kafka::error_code code) {
    BOOST_TEST((code_of(join(r)) == code));
    BOOST_TEST(subject.group_count() == 0u);
  };
  refuses(join_of(std::string(bounds::group_id_bytes_max + 1, 'g')), kafka::error_code::invalid_group_id);
  auto r = join_of("g");
  r.group_instance_id = std::string(bounds::instance_id_bytes_max + 1, 'i');
  refuses(r, kafka::error_code::invalid_request);
  r = join_of("g");
  r.protocol_type = std::string(bounds::protocol_name_bytes_max + 1, 'p');
  refuses(r, kafka::error_code::inconsistent_group_protocol);
  r = join_of("g");
  r.protocols[0].name = std::string(bounds::protocol_name_bytes_max + 1, 'p');
  refuses(r, kafka::error_code::inconsistent_group_protocol);
  r = join_of("g");
  r.protocols[0].metadata = byte_slice::adopt(std::vector<std::uint8_t>(bounds::member_metadata_bytes_max));
  refuses(r, kafka::error_code::inconsistent_group_protocol);
}

BOOST_AUTO_TEST_CASE(the_longest_names_fit_into_a_record) {
  auto r = join_of(std::string(bounds::group_id_bytes_max, 'g'));
  r.protocol_type = std::string(bounds::protocol_name_bytes_max, 't');
  r.protocols[0].name = std::string(bounds::protocol_name_bytes_max, 'p');
  auto client = who(3);
  client.client_id = std::string(30'000, 'c');
  subject.join(client, r, now);
  now.at += std::chrono::seconds{3};
  const auto joined = answer_of<kafka::join_group_response>(subject.tick(now));
  BOOST_TEST(joined.member_id.size() < 2 * bounds::client_id_bytes_max);
  kafka::sync_group_request sync;
  sync.group_id = r.group_id;
  sync.member_id = joined.member_id;
  sync.generation_id = joined.generation_id;
  BOOST_TEST(subject.sync(who(4), sync, now).batches.size() == 1u);
}

BOOST_AUTO_TEST_CASE(tombstones_of_one_batch) {
  const auto many = static_cast<std::int32_t>(3 * bounds::tombstones_per_batch);
  for (std::int32_t i = 0; i < many; ++i) {
    kafka::offset_commit_request r;
    r.group_id = "g" + std::to_string(i);
    auto& topic = r.topics.emplace_back();
    topic.name = "orders";
    topic.partitions.emplace_back();
    for (const auto& b : subject.commit_offsets(who(), r, now).batches)
      subject.committed(b.id, now);
  }
  const auto batches = subject.topics_deleted({"orders"}).batches;
  BOOST_TEST(batches.size() == 3u);
  for (const auto& b : batches)
    BOOST_TEST(b.records.size() == bounds::tombstones_per_batch);
}

BOOST_AUTO_TEST_SUITE_END()
