// Assignors by their names, and the one that needs few words: range.
#include "runtime/group/assignors.hpp"
#include "test/unit/group/tasks.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::group;
using namespace troupe::group::test;

namespace {

/// An assignor of a user's program.
class named final : public assignor {
 public:
  explicit named(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  expected<group_assignment> assign(const assignment_task&) const override { return group_assignment{}; }

 private:
  std::string name_;
};

std::string names_in(const std::string& setting, const assignor_list& own = {}) {
  const auto list = assignors_of(setting, own);
  if (!list)
    return render(list.error());
  std::string out;
  for (const auto& one : *list)
    out += std::string{one->name()} + " ";
  return out;
}

std::string ranged(const std::string& task) { return assigned(*range_assignor(), task); }

}  // namespace

BOOST_AUTO_TEST_SUITE(assignors)

BOOST_AUTO_TEST_CASE(are_listed_in_the_order_of_the_setting) {
  BOOST_TEST(names_in("uniform,range") == "uniform range ");
  BOOST_TEST(names_in(" range , uniform ") == "range uniform ");
  BOOST_TEST(names_in("range") == "range ");
}

BOOST_AUTO_TEST_CASE(have_the_names_of_kafkas_classes_too) {
  BOOST_TEST(names_in("org.apache.kafka.coordinator.group.assignor.RangeAssignor,"
                      "org.apache.kafka.coordinator.group.assignor.UniformAssignor")
             == "range uniform ");
  BOOST_TEST(names_in("range,org.apache.kafka.coordinator.group.assignor.RangeAssignor")
             == "group.consumer.assignors: \"org.apache.kafka.coordinator.group.assignor.RangeAssignor\" is listed "
                "twice; list each assignor once");
}

BOOST_AUTO_TEST_CASE(of_a_program_stand_beside_ours_or_hide_them) {
  const assignor_list own{std::make_shared<named>("by_weight"), std::make_shared<named>("range")};
  const auto list = assignors_of("by_weight,uniform,range", own);
  BOOST_TEST_REQUIRE(!!list);
  BOOST_TEST((*list)[0] == own[0]);
  BOOST_TEST((*list)[1]->name() == "uniform");
  BOOST_TEST((*list)[2] == own[1]);
}

BOOST_AUTO_TEST_CASE(that_nobody_has_are_refused_with_those_that_there_are) {
  BOOST_TEST(names_in("uniform,sticky", {std::make_shared<named>("by_weight")})
             == "group.consumer.assignors: there is no assignor \"sticky\"; there are by_weight, uniform, range");
  BOOST_TEST(names_in("uniform,,range")
             == "group.consumer.assignors: there is no assignor \"\"; there are uniform, range");
}

BOOST_AUTO_TEST_CASE(must_be_some_and_each_only_once) {
  BOOST_TEST(names_in("") == "group.consumer.assignors: the list is empty; there are uniform, range");
  BOOST_TEST(names_in(" ") == names_in(""));
  BOOST_TEST(names_in("range,uniform,range")
             == "group.consumer.assignors: \"range\" is listed twice; list each assignor once");
}

BOOST_AUTO_TEST_CASE(are_found_by_their_names) {
  const auto list = *assignors_of("uniform,range", {});
  BOOST_TEST(find(list, "range") == list[1].get());
  BOOST_TEST(!find(list, "sticky"));
  BOOST_TEST(!find({}, "range"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(range)

// What follows was assigned by Kafka 4.3.1's RangeAssignor.

BOOST_AUTO_TEST_CASE(static_members_come_first_by_their_instances) {
  BOOST_TEST(ranged(R"(topics a2 b3 c8 d4
                       m22158 a b c d
                       m32988 a b c d
                       m59287 a b c d
                       m89930/i34472 a b c d
                       m96008/i57262 a b c d)")
             == "m22158 b2 c4 c5 d2\n"
                "m32988 c6 d3\n"
                "m59287 c7\n"
                "m89930 a0 b0 c0 c1 d0\n"
                "m96008 a1 b1 c2 c3 d1\n");
}

BOOST_AUTO_TEST_CASE(topics_of_the_same_size_are_joined_by_partition) {
  BOOST_TEST(ranged(R"(topics a9 b9
                       m11045 a b
                       m41040 a b
                       m43199 a b
                       m48492/i2766 a b
                       m86136/i80784 a b)")
             == "m11045 a4 a5 b4 b5\n"
                "m41040 a6 a7 b6 b7\n"
                "m43199 a8 b8\n"
                "m48492 a0 a1 b0 b1\n"
                "m86136 a2 a3 b2 b3\n");
}

BOOST_AUTO_TEST_CASE(each_topic_is_split_among_those_that_read_it) {
  BOOST_TEST(ranged(R"(topics a2 b3 c8 d4
                       m32518/i73840 a b
                       m59287 b d
                       m83116 a d
                       m94443 c
                       m96008/i57262 d)")
             == "m32518 a0 b0 b1\n"
                "m59287 b2 d2\n"
                "m83116 a1 d3\n"
                "m94443 c0 c1 c2 c3 c4 c5 c6 c7\n"
                "m96008 d0 d1\n");
  BOOST_TEST(ranged(R"(topics a2 b9 c1 d9
                       m21182 a b c d
                       m35572 b c d
                       m44504 a b c
                       m66896/i99271 a
                       m92453 a b d)")
             == "m21182 a1 b0 b1 b2 c0 d0 d1 d2\n"
                "m35572 b3 b4 d3 d4 d5\n"
                "m44504 b5 b6\n"
                "m66896 a0\n"
                "m92453 b7 b8 d6 d7 d8\n");
  BOOST_TEST(ranged(R"(topics a7 b1 c7 d6
                       m21842/i13626 a b c
                       m46372 a b c
                       m50934 c d
                       m86575 a b c)")
             == "m21842 a0 a1 a2 b0 c0 c1\n"
                "m46372 a3 a4 c2 c3\n"
                "m50934 c4 c5 d0 d1 d2 d3 d4 d5\n"
                "m86575 a5 a6 c6\n");
}

BOOST_AUTO_TEST_CASE(a_static_member_that_comes_back_under_another_id_reads_what_it_read) {
  BOOST_TEST(ranged("topics a5\n m1/left a\n m2/right a") == "m1 a0 a1 a2\nm2 a3 a4\n");
  BOOST_TEST(ranged("topics a5\n m9/left a\n m2/right a") == "m2 a3 a4\nm9 a0 a1 a2\n");
}

BOOST_AUTO_TEST_CASE(nobody_and_nothing_are_no_trouble) {
  BOOST_TEST(ranged("") == "");
  BOOST_TEST(ranged("topics a2") == "");
  BOOST_TEST(ranged("m1 a") == "");
  BOOST_TEST(ranged("topics a2\n m1") == "");
}

BOOST_AUTO_TEST_CASE(every_partition_has_one_owner_whatever_is_asked) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random{seed};
    const auto task = random_task(random, seed % 2 == 0);
    BOOST_TEST(fault_in(task, *range_assignor()->assign(task)) == "", "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
