// What clients are told of the quorum, which voters they may wish for, and when a wiped one is replaced.
#include "actors/quorum_description.hpp"
#include "actors/voter_wishes.hpp"

#include "test/unit/metadata/fixtures.hpp"

using namespace troupe;
using namespace std::chrono_literals;
using kafka::error_code;
using metadata::test::id_of;

namespace {

const moment now{monotonic_time{100s}, from_ms(1'700'000'000'000)};

raft::member member_of(std::int32_t node, std::uint8_t disk) {
  return {node_id{node}, raft::directory_id{id_of(disk)}};
}

raft::voter voter_of(std::int32_t node, std::uint8_t disk) {
  return {member_of(node, disk), "n" + std::to_string(node), 9192};
}

/// Node 1 leads voters 2 and 3; 2 lacks two entries, 3 was never heard of, and 4 only follows.
raft::view seat() {
  raft::view out;
  out.role = raft::role::leader;
  out.term = 7;
  out.leader = member_of(1, 11);
  out.last = {90, 7};
  out.commit = 88;
  out.voters = {voter_of(1, 11), voter_of(2, 12), voter_of(3, 13)};
  out.peers = {{member_of(2, 12), true, 88, 2, monotonic_time{99s}, monotonic_time{98s}},
               {member_of(3, 13), true, 0, 90, monotonic_time{50s}, monotonic_time{50s}},
               {member_of(4, 14), false, 90, 0, monotonic_time{100s}, monotonic_time{100s}}};
  return out;
}

kafka::describe_quorum_request question(const std::string& topic, std::int32_t partition) {
  kafka::describe_quorum_request r;
  auto& t = r.topics.emplace_back();
  t.topic_name = topic;
  t.partitions.emplace_back().partition_index = partition;
  return r;
}

kafka::add_raft_voter_request addition(std::int32_t node, std::uint8_t disk) {
  kafka::add_raft_voter_request r;
  r.cluster_id = "mine";
  r.voter_id = node;
  r.voter_directory_id = id_of(disk);
  r.listeners = {{"OTHER", "elsewhere", 1}, {"CONTROLLER", "n" + std::to_string(node), 9192}};
  return r;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_quorum_is_told_with_lag_and_times_of_the_wall_clock) {
  const auto told = describe_quorum(question("__cluster_metadata", 0), seat(), "CONTROLLER", now);
  BOOST_TEST(told.error_code == 0);
  const auto& p = told.topics.at(0).partitions.at(0);
  BOOST_TEST(p.error_code == 0);
  BOOST_TEST(p.leader_id == 1);
  BOOST_TEST(p.leader_epoch == 7);
  BOOST_TEST(p.high_watermark == 89);
  BOOST_REQUIRE(p.current_voters.size() == 3u);
  BOOST_TEST(p.current_voters[0].log_end_offset == 91);
  BOOST_TEST(p.current_voters[0].last_caught_up_timestamp == to_ms(now.wall));
  BOOST_TEST(p.current_voters[1].log_end_offset == 89);
  BOOST_TEST(p.current_voters[1].last_fetch_timestamp == to_ms(now.wall) - 1000);
  BOOST_TEST(p.current_voters[1].last_caught_up_timestamp == to_ms(now.wall) - 2000);
  BOOST_TEST((p.current_voters[1].replica_directory_id == id_of(12)));
  BOOST_TEST(p.current_voters[2].log_end_offset == -1);
  BOOST_TEST(p.current_voters[2].last_fetch_timestamp == -1);
  BOOST_REQUIRE(p.observers.size() == 1u);
  BOOST_TEST(p.observers[0].replica_id == 4);
  BOOST_REQUIRE(told.nodes.size() == 3u);
  BOOST_TEST(told.nodes[2].listeners.at(0).name == "CONTROLLER");
  BOOST_TEST(told.nodes[2].listeners.at(0).host == "n3");
}

BOOST_AUTO_TEST_CASE(other_partitions_than_that_of_the_metadata_have_no_quorum) {
  for (const auto& r : {question("lines", 0), question("__cluster_metadata", 1)}) {
    const auto told = describe_quorum(r, seat(), "CONTROLLER", now);
    BOOST_TEST(told.topics.at(0).partitions.at(0).error_code
               == static_cast<std::int16_t>(error_code::unknown_topic_or_partition));
    BOOST_TEST(told.nodes.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_voter_is_added_under_the_address_of_its_listener) {
  const auto wish = with_voter(seat().voters, addition(4, 14), "mine", "CONTROLLER");
  BOOST_TEST((wish.code == error_code::none));
  BOOST_REQUIRE(wish.voters.size() == 4u);
  BOOST_TEST((wish.voters.back() == voter_of(4, 14)));
}

BOOST_AUTO_TEST_CASE(a_voter_that_cannot_be_is_refused_by_kafkas_code) {
  const auto code = [](const kafka::add_raft_voter_request& r) {
    return with_voter(seat().voters, r, "mine", "CONTROLLER").code;
  };
  auto stranger = addition(4, 14);
  stranger.cluster_id = "theirs";
  BOOST_TEST((code(stranger) == error_code::inconsistent_cluster_id));
  BOOST_TEST((code(addition(-1, 14)) == error_code::invalid_request));
  BOOST_TEST((code(addition(4, 0)) == error_code::invalid_request));
  BOOST_TEST((code(addition(3, 15)) == error_code::duplicate_voter));
  auto hidden = addition(4, 14);
  hidden.listeners.pop_back();
  BOOST_TEST((code(hidden) == error_code::invalid_request));
}

BOOST_AUTO_TEST_CASE(a_voter_is_removed_by_its_directory_too) {
  kafka::remove_raft_voter_request r;
  r.voter_id = 3;
  r.voter_directory_id = id_of(15);
  BOOST_TEST((without_voter(seat().voters, r, "mine").code == error_code::voter_not_found));
  r.voter_directory_id = id_of(13);
  const auto wish = without_voter(seat().voters, r, "mine");
  BOOST_TEST((wish.code == error_code::none));
  BOOST_TEST(wish.voters.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_wiped_voter_is_one_whose_node_follows_again_and_whose_former_self_is_silent) {
  auto s = seat();
  BOOST_TEST(!wiped_voter(s, now.monotonic, 2s));
  s.peers.push_back({member_of(3, 15), false, 90, 0, now.monotonic, now.monotonic});
  BOOST_TEST((wiped_voter(s, now.monotonic, 2s) == member_of(3, 13)));
  s.peers[1].heard_at = now.monotonic - 1s;
  BOOST_TEST(!wiped_voter(s, now.monotonic, 2s));
  s.peers[1].heard_at = monotonic_time{50s};
  s.peers.back().lag = 1'000;
  BOOST_TEST(!wiped_voter(s, now.monotonic, 2s));
  s.peers.back().lag = 0;
  s.peers.back().heard_at = monotonic_time{50s};
  BOOST_TEST(!wiped_voter(s, now.monotonic, 2s));
}
