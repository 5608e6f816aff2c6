#include "runtime/group/assignor.hpp"
#include "runtime/group/levelling.hpp"
#include "test/unit/group/tasks.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::group;
using namespace troupe::group::test;

namespace {

constexpr unsigned seeds = 300;

std::string uniformly(const std::string& task) { return assigned(*uniform_assignor(), task); }

group_assignment assigned(const assignment_task& task) { return *uniform_assignor()->assign(task); }

/// Moves that no assignment to members that are alike could save: all that exceed the least that everybody has, but one
/// for each member that may have one more.
int moves_min(const assignment_task& task) {
  const auto members = static_cast<int>(task.members.size());
  int total = 0;
  for (const auto& [topic, partitions] : task.partitions)
    total += partitions;
  int moves = 0;
  int more = 0;
  for (const auto& [id, member] : task.members) {
    int kept = 0;
    for (const auto& [topic, partitions] : member.target)
      kept += member.topics.contains(topic) ? static_cast<int>(partitions.size()) : 0;
    moves += std::max(0, kept - total / members);
    more += kept > total / members ? 1 : 0;
  }
  return moves - std::min(more, total % members);
}

/// Members that could get a partition from `from`, perhaps by way of others.
std::set<std::string> could_be_helped(const assignment_task& task, const group_assignment& by,
                                      const std::string& from) {
  std::set<std::string> found{from};
  for (std::vector<std::string> next{from}; !next.empty();) {
    const auto giver = next.back();
    next.pop_back();
    const auto owned = by.find(giver);
    if (owned == by.end())
      continue;
    for (const auto& [topic, partitions] : owned->second)
      for (const auto& [id, member] : task.members)
        if (member.topics.contains(topic) && found.insert(id).second)
          next.push_back(id);
  }
  return found;
}

/// True when no member has two more than another that it could help: nothing is more even than that.
bool is_as_even_as_can_be(const assignment_task& task, const group_assignment& by) {
  const auto loads = loads_of(task, by);
  for (const auto& [from, more] : loads)
    for (const auto& into : could_be_helped(task, by, from))
      if (more >= loads.at(into) + 2)
        return false;
  return true;
}

/// True when a partition was taken from a member that could have it back with loads as even as they are.
bool has_needless_move(const assignment_task& task, const group_assignment& by) {
  const auto loads = loads_of(task, by);
  for (const auto& [winner, topics] : by)
    for (const auto& [topic, partitions] : topics)
      for (const auto& [loser, member] : task.members)
        if (const auto had = member.target.find(topic); had != member.target.end() && member.topics.contains(topic))
          for (auto p : partitions)
            if (loser != winner && loads.at(winner) > loads.at(loser)
                && std::find(had->second.begin(), had->second.end(), p) != had->second.end())
              return true;
  return false;
}

/// Goes through some changes of a random group, one assignment after the other.
template <class Check>
void live_through(unsigned seed, bool alike, Check check) {
  std::mt19937 random{seed};
  auto task = random_task(random, alike);
  for (int i = 0; i < 6; ++i) {
    const auto result = assigned(task);
    BOOST_TEST_CONTEXT("seed " << seed << ", change " << i << (alike ? ", alike" : "")) {
      BOOST_TEST_REQUIRE(fault_in(task, result) == "");
      check(task, result);
    }
    adopt(task, result);
    change(task, random, alike);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(uniform)

BOOST_AUTO_TEST_CASE(new_groups_spread_every_topic) {
  BOOST_TEST(uniformly(R"(topics a3 b3
                          m1 a b
                          m2 a b
                          m3 a b)")
             == "m1 a0 b0\n"
                "m2 a1 b1\n"
                "m3 a2 b2\n");
  BOOST_TEST(uniformly("topics a1 b1 c1\n m1 a b c\n m2 a b c") == "m1 a0 c0\nm2 b0\n");
}

BOOST_AUTO_TEST_CASE(who_joins_takes_from_those_with_the_most_and_of_several_topics) {
  BOOST_TEST(uniformly(R"(topics a4 b4
                          m1 a b = a0 a1 b0 b1
                          m2 a b = a2 a3 b2 b3
                          m3 a b)")
             == "m1 a0 b0 b1\n"
                "m2 a2 a3 b2\n"
                "m3 a1 b3\n");
}

BOOST_AUTO_TEST_CASE(what_a_member_leaves_goes_to_those_with_the_least) {
  BOOST_TEST(uniformly(R"(topics a6
                          m1 a = a0 a1
                          m2 a = a4)")
             == "m1 a0 a1 a2\n"
                "m2 a3 a4 a5\n");
}

BOOST_AUTO_TEST_CASE(new_partitions_move_no_old_ones) {
  BOOST_TEST(uniformly(R"(topics a5 b1
                          m1 a b = a0
                          m2 a b = a1)")
             == "m1 a0 a2 a3\n"
                "m2 a1 a4 b0\n");
}

BOOST_AUTO_TEST_CASE(who_reads_less_topics_is_made_up_for_by_the_others) {
  BOOST_TEST(uniformly(R"(topics a4 b2
                          m1 a
                          m2 a b
                          m3 b)")
             == "m1 a0 a1\n"
                "m2 a2 a3\n"
                "m3 b0 b1\n");
}

BOOST_AUTO_TEST_CASE(a_member_passes_on_what_it_is_given_something_else_for) {
  BOOST_TEST(uniformly(R"(topics a1 b2
                          m1 a
                          m2 a b = a0
                          m3 b = b0 b1)")
             == "m1 a0\n"
                "m2 b1\n"
                "m3 b0\n");
}

BOOST_AUTO_TEST_CASE(targets_may_be_out_of_date) {
  BOOST_TEST(uniformly(R"(topics a3 b2
                          m1 a = a0 a0 a7 b0 b1 z0
                          m2 a b = a0 a2 b1
                          m3)")
             == "m1 a0 a1\n"
                "m2 a2 b0 b1\n");
  auto task = task_of("topics a2\n m1 a\n m2 a");
  task.members["m1"].target[topic_of('a')] = {-1, 1};
  BOOST_TEST(text_of(assigned(task)) == "m1 a1\nm2 a0\n");
  task.partitions[topic_of('a')] = 0;
  BOOST_TEST(text_of(assigned(task)) == "");
}

BOOST_AUTO_TEST_CASE(nobody_and_nothing_are_no_trouble) {
  BOOST_TEST(uniformly("") == "");
  BOOST_TEST(uniformly("topics a2") == "");
  BOOST_TEST(uniformly("m1 a") == "");
  BOOST_TEST(uniformly("topics a2\n m1") == "");
  BOOST_TEST(uniformly("topics a1 b1\n m1 a\n m2") == "m1 a0\n");
}

BOOST_AUTO_TEST_CASE(members_that_are_alike_have_the_same_to_within_one_by_as_few_moves_as_can_be) {
  for (unsigned seed = 1; seed <= seeds; ++seed)
    live_through(seed, true, [](const assignment_task& task, const group_assignment& result) {
      const auto loads = loads_of(task, result);
      const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
      const auto [least, most] = std::minmax_element(loads.begin(), loads.end(), less);
      BOOST_TEST(most->second - least->second <= 1);
      BOOST_TEST(moves_of(task, result) == moves_min(task));
    });
}

BOOST_AUTO_TEST_CASE(members_with_different_topics_have_as_even_loads_as_can_be_and_keep_what_they_may) {
  for (unsigned seed = 1; seed <= seeds; ++seed)
    live_through(seed, false, [](const assignment_task& task, const group_assignment& result) {
      BOOST_TEST(is_as_even_as_can_be(task, result));
      BOOST_TEST(!has_needless_move(task, result));
    });
}

BOOST_AUTO_TEST_CASE(what_is_even_stays) {
  for (unsigned seed = 1; seed <= seeds; ++seed)
    live_through(seed, seed % 2 == 0, [](assignment_task task, const group_assignment& result) {
      adopt(task, result);
      BOOST_TEST(text_of(assigned(task)) == text_of(result));
    });
}

BOOST_AUTO_TEST_CASE(targets_may_be_any_nonsense) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    std::mt19937 random{seed};
    auto task = random_task(random, seed % 2 == 0);
    for (auto& [id, member] : task.members)
      for (char letter = 'a'; letter <= 'g'; ++letter)
        for (auto n = random() % 6; n > 0; --n)
          member.target[topic_of(letter)].push_back(static_cast<std::int32_t>(random() % 16) - 2);
    const auto result = assigned(task);
    BOOST_TEST(fault_in(task, result) == "", "seed " << seed);
    BOOST_TEST(is_as_even_as_can_be(task, result), "seed " << seed);
    BOOST_TEST(text_of(assigned(task)) == text_of(result), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(many_members_and_partitions) {
  assignment_task task;
  for (char letter = 'a'; letter <= 'j'; ++letter)
    task.partitions[topic_of(letter)] = 200;
  for (int i = 0; i < 1'000; ++i) {
    auto& topics = task.members["m" + std::to_string(i)].topics;
    for (char letter = 'a'; letter <= 'j'; ++letter)
      if ((i + letter) % 3 != 0)
        topics.insert(topic_of(letter));
  }
  for (int i = 0; i < 3; ++i) {
    const auto result = assigned(task);
    BOOST_TEST(fault_in(task, result) == "");
    for (const auto& [id, load] : loads_of(task, result))
      BOOST_TEST_REQUIRE((load >= 2 && load <= 3));
    adopt(task, result);
    for (int leaves = 0; leaves < 30; ++leaves)
      task.members.erase(task.members.begin());
  }
}

BOOST_AUTO_TEST_CASE(levelling_that_takes_too_long_ends_with_what_it_has) {
  const auto task = task_of(R"(topics a9 b9
                               m1 a b = a0 a1 a2 a3 a4 a5 a6 a7 a8 b0 b1 b2 b3 b4 b5 b6 b7 b8
                               m2 a
                               m3 b)");
  const auto after = [&](std::size_t looks_max) {
    shares all{task};
    level_out(all, looks_max);
    return all.settle();
  };
  BOOST_TEST(moves_of(task, after(0)) == 0);
  const auto some = after(12);
  BOOST_TEST(fault_in(task, some) == "");
  BOOST_TEST(moves_of(task, some) > 0);
  BOOST_TEST(!is_as_even_as_can_be(task, some));
  BOOST_TEST(is_as_even_as_can_be(task, after(1'000)));
}

BOOST_AUTO_TEST_SUITE_END()
