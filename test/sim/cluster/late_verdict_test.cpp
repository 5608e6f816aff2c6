// Offsets in a transaction wait until its coordinator was asked; what held for the member before need not hold then.
#include "test/sim/cluster/transaction_steps.hpp"

#include "schema/kafka/join_group.hpp"

using namespace troupe;
using namespace troupe::cluster_sim;
using namespace troupe::cluster_sim::transaction_steps;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

using join_answer = std::optional<expected<kafka::join_group_response>>;

/// A group that another node coordinates than the transaction, and that node.
std::pair<std::string, std::int32_t> group_elsewhere(producer& p) {
  for (int i = 0; i < 20; ++i) {
    const auto name = "readers-" + std::to_string(i);
    if (const auto at = p.find(1, 0, 0, name); at > 0 && at != p.coordinator)
      return {name, at};
  }
  BOOST_FAIL("all groups have the transaction's coordinator");
  return {};
}

kafka::join_group_request joining(const std::string& group, const std::string& member) {
  kafka::join_group_request r;
  r.group_id = group;
  r.member_id = member;
  r.session_timeout_ms = r.rebalance_timeout_ms = 10'000;
  r.protocol_type = "consumer";
  r.protocols.emplace_back().name = "range";
  return r;
}

/// The id that a new member is given, once the coordinator is there for it.
std::string new_member(scenario& s, std::int32_t at, const std::string& group) {
  for (int i = 0; i < 100; ++i, s.in().run_for(50ms)) {
    const auto told = s.ask<kafka::join_group_response>(s.address_of(at), joining(group, ""), 9);
    if (told && told->error_code == kafka::code_of(error_code::member_id_required))
      return told->member_id;
  }
  BOOST_FAIL("no member may join");
  return {};
}

void begin_join(client& from, scenario& s, std::int32_t at, const std::string& group, const std::string& member,
                join_answer& told) {
  from.call<kafka::join_group_response>(s.address_of(at), joining(group, member), 9, 10s,
                                        [&told](expected<kafka::join_group_response> m) { told = std::move(m); });
}

bool await(scenario& s, const join_answer& told) {
  for (int i = 0; i < 100 && !told; ++i)
    s.in().run_for(50ms);
  return told && *told && (*told)->error_code == 0;
}

kafka::txn_offset_commit_request commit_of(const producer& p, const std::string& group, const std::string& member,
                                           std::int32_t generation) {
  kafka::txn_offset_commit_request r;
  r.transactional_id = id;
  r.group_id = group;
  r.producer_id = p.number;
  r.producer_epoch = p.epoch;
  r.member_id = member;
  r.generation_id = generation;
  r.topics = {{scenario::topic, {{0, 7, -1, "note"}}}};
  return r;
}

}  // namespace

BOOST_AUTO_TEST_CASE(T14_a_generation_that_ends_while_the_transaction_is_asked_about_commits_nothing) {
  for (const auto seed : seeds)
    for (const bool group_moves_on : {true, false}) {
      scenario s{seed, {"group.initial.rebalance.delay.ms=0"}};
      auto p = begin(s);
      const auto [group, at] = group_elsewhere(p);
      const auto one = new_member(s, at, group);
      const auto two = new_member(s, at, group);
      client first{s.in(), "first"};
      client second{s.in(), "second"};
      client committing{s.in(), "committing"};
      join_answer told;
      begin_join(first, s, at, group, one, told);
      BOOST_REQUIRE(await(s, told));
      const auto generation = (**told).generation_id;

      s.node(p.coordinator).pause();
      std::optional<error_code> verdict;
      committing.call<kafka::txn_offset_commit_response>(
        s.address_of(at), commit_of(p, group, one, generation), 5, 10s,
        [&](const expected<kafka::txn_offset_commit_response>& m) {
          verdict = m ? error_code{m->topics.at(0).partitions.at(0).error_code} : error_code::request_timed_out;
        });
      s.in().run_for(50ms);
      BOOST_TEST(!verdict.has_value());  // else nothing is shown
      join_answer again;
      join_answer other;
      if (group_moves_on) {
        begin_join(second, s, at, group, two, other);
        s.in().run_for(50ms);
        begin_join(first, s, at, group, one, again);
        s.in().run_for(100ms);
        BOOST_REQUIRE((other && *other && (**other).generation_id > generation));
      }
      s.node(p.coordinator).resume();
      for (int i = 0; i < 100 && !verdict; ++i)
        s.in().run_for(50ms);
      BOOST_REQUIRE(verdict.has_value());
      BOOST_TEST((*verdict == (group_moves_on ? error_code::illegal_generation : error_code::none)));
      s.end_well();
    }
}
