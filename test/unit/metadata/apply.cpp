// Records to image: every record, sharing, snapshot + tail = full replay, differences.
#include "fixtures.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/diff.hpp"

#include <ctime>
#include <random>
#include <set>

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

expected<records> change_some_group(const image& on, const command_rules& rules, std::mt19937& random) {
  const auto operation = random() % 2 ? config_operation::set : config_operation::remove;
  return change_configs(on, rules, {config_resource_type::group, "group-" + std::to_string(random() % 20)},
                        {{"max", operation, std::to_string(random() % 100)}});
}

/// A cluster's history of `count` entries, deterministic.
std::vector<entry> history(int count, unsigned seed) {
  std::mt19937 random{seed};
  test_rules table;
  const command_rules rules{table};
  auto now = applied(empty_image(),
                     {broker_record(broker_of(1)), broker_record(broker_of(2, "b")), broker_record(broker_of(3))});
  std::vector<entry> out{{now->applied(), dump(*now)}};
  std::vector<std::string> names;
  std::uint32_t next_topic = 1;
  while (static_cast<int>(out.size()) < count) {
    expected<records> made{records{}};
    const auto& some = names.empty() ? std::string{} : names[random() % names.size()];
    switch (random() % 8) {
      case 0:
      case 1: {
        create_topic_command wish;
        wish.name = "topic-" + std::to_string(next_topic);
        wish.id = id_of_number(next_topic++);
        wish.partitions = static_cast<std::int32_t>(1 + random() % 5);
        wish.replication_factor = static_cast<std::int16_t>(1 + random() % 3);
        wish.start = random();
        auto done = create_topic(*now, rules, wish);
        made = std::move(done->records);
        names.push_back(wish.name);
        break;
      }
      case 2:
        made = random() % 2 ? delete_topic(*now, rules, some) : expected<records>{records{}};
        if (made && !made->empty())
          std::erase(names, std::string{some});
        break;
      case 3:
        made = create_partitions(*now, {some, static_cast<std::int32_t>(random() % 9), std::nullopt, 0});
        break;
      case 4:
        made = change_configs(*now, rules, {config_resource_type::topic, some},
                              {{"retention.ms", config_operation::set, std::to_string(random() % 100)}});
        break;
      case 5:
        made = change_some_group(*now, rules, random);
        break;
      case 6:
        made = std::move(grant_producer_ids(*now, node_id{1}, -1)->records);
        break;
      default:
        if (const auto t = now->find_topic(some)) {
          auto p = t->partitions[0];
          p.epoch = leader_epoch{p.epoch.value + 1};
          p.leader = p.replicas[random() % p.replicas.size()];
          ++p.partition_epoch;
          made = records{partition_change_record(t->id, partition_index{0}, t->partitions[0], p)};
        }
    }
    if (!made || made->empty())
      continue;
    out.push_back({{now->applied_index() + 1, 1}, *made});
    now = applied(now, *made);
  }
  return out;
}

/// The groups whose settings are not the same in both images, found the slow way.
std::vector<std::string> differing_groups(const image& a, const image& b) {
  std::set<std::string> all;
  for (const auto* one : {&a, &b})
    for (const auto& g : one->group_configs())
      all.insert(g->group);
  std::erase_if(all, [&](const std::string& group) {
    const auto* in_a = a.group_config(group);
    const auto* in_b = b.group_config(group);
    return in_a && in_b && *in_a == *in_b;
  });
  return {all.begin(), all.end()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_topic_is_found_by_name_and_by_id) {
  const auto now = applied(empty_image(), topic_records(id_of(1), "lines", 3));
  BOOST_REQUIRE(now->find_topic("lines"));
  BOOST_TEST(now->find_topic("lines") == now->find_topic(id_of(1)));
  BOOST_TEST(!now->find_topic("line"));
  BOOST_TEST(!now->find_topic(id_of(2)));
  BOOST_TEST(now->partition_count() == 3);
  BOOST_REQUIRE(now->find_partition({id_of(1), partition_index{2}}));
  BOOST_TEST(now->find_partition({id_of(1), partition_index{2}})->leader.value == 1);
  BOOST_TEST(!now->find_partition({id_of(1), partition_index{3}}));
  BOOST_TEST(!now->find_partition({id_of(1), partition_index{-1}}));
  BOOST_TEST(!now->find_partition({id_of(9), partition_index{0}}));
}

BOOST_AUTO_TEST_CASE(a_removed_topic_takes_its_partitions_and_settings_along) {
  auto now = applied(empty_image(), topic_records(id_of(1), "lines", 3));
  now = applied(now, {topic_config_record(id_of(1), "retention.ms", "5")});
  now = applied(now, {topic_removed_record(id_of(1))});
  BOOST_TEST(now->topic_count() == 0u);
  BOOST_TEST(now->partition_count() == 0);
  BOOST_TEST(text_of(*now).empty());
  now = applied(now, topic_records(id_of(2), "lines"));
  BOOST_TEST(now->find_topic("lines")->configs.empty());
}

BOOST_AUTO_TEST_CASE(a_partition_change_changes_what_it_names_only) {
  auto now = applied(empty_image(), topic_records(id_of(1), "lines"));
  const auto before = *now->find_partition({id_of(1), partition_index{0}});
  auto wanted = before;
  wanted.epoch = leader_epoch{4};
  wanted.leader = no_node;
  wanted.partition_epoch = 1;
  now = applied(now, {partition_change_record(id_of(1), partition_index{0}, before, wanted)});
  BOOST_TEST((*now->find_partition({id_of(1), partition_index{0}}) == wanted));
}

BOOST_AUTO_TEST_CASE(R13_a_partition_change_applied_again_after_a_later_one_changes_nothing) {
  auto now = applied(empty_image(), topic_records(id_of(1), "lines"));
  const auto first = *now->find_partition({id_of(1), partition_index{0}});
  auto second = first;
  second.epoch = leader_epoch{1};
  second.partition_epoch = 1;
  auto third = second;
  third.epoch = leader_epoch{2};
  third.partition_epoch = 2;
  const auto one = partition_change_record(id_of(1), partition_index{0}, first, second);
  const auto two = partition_change_record(id_of(1), partition_index{0}, second, third);
  now = applied(now, {one, one, two, one, two});
  BOOST_TEST((*now->find_partition({id_of(1), partition_index{0}}) == third));
}

BOOST_AUTO_TEST_CASE(an_entry_applied_again_gives_the_same_image) {
  const auto now = applied(empty_image(), topic_records(id_of(1), "lines"));
  auto again = apply(now, {{1, 1}, topic_records(id_of(1), "lines")});
  BOOST_REQUIRE(again);
  BOOST_TEST(*again == now);
}

BOOST_AUTO_TEST_CASE(a_gap_or_a_falling_term_is_refused) {
  const auto now = applied(empty_image(), topic_records(id_of(1), "lines"), 3);
  BOOST_TEST(is(apply(now, {{3, 3}, {}}).error(), errc::out_of_order));
  BOOST_TEST(is(apply(now, {{2, 2}, {}}).error(), errc::out_of_order));
  BOOST_TEST((*apply(now, {{2, 3}, {}}))->applied_index() == 2);
}

BOOST_AUTO_TEST_CASE(an_entry_with_one_bad_record_has_no_effect) {
  const auto now = applied(empty_image(), topic_records(id_of(1), "lines"));
  const auto before = text_of(*now);
  auto bad = topic_records(id_of(2), "words");
  bad.push_back(topic_config_record(id_of(9), "retention.ms", "1"));
  BOOST_TEST(is(apply(now, {{2, 1}, bad}).error(), errc::contradicting_record));
  BOOST_TEST(text_of(*now) == before);
}

BOOST_AUTO_TEST_CASE(contradictions_are_named) {
  const auto now = applied(empty_image(), topic_records(id_of(1), "lines"));
  const auto refused = [&](records all) { return render(foresee(*now, all).error()); };
  BOOST_TEST(refused({topic_record(id_of(2), "lines")}).find("topic lines is created with id") == 0u);
  BOOST_TEST(refused({topic_record(id_of(1), "words")}).find("it is that of lines") != std::string::npos);
  BOOST_TEST(
      refused({partition_record(id_of(1), partition_index{2}, partition_on({node_id{1}}))}).find("the one before it")
      != std::string::npos);
  BOOST_TEST(refused({partition_record(id_of(5), partition_index{0}, partition_on({node_id{1}}))})
                 .find("the topic does not exist")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_record_of_a_newer_version_is_an_error_that_says_so) {
  // The discriminant of the union stands in the first data word.
  const auto known = topic_removed_record(id_of(1)).to_bytes();
  std::vector<std::uint8_t> bytes{known.data(), known.data() + known.size()};
  bytes[16] = 200;
  auto unknown = record::from_bytes(bytes);
  BOOST_REQUIRE(unknown);
  const auto after = foresee(*empty_image(), {*unknown});
  BOOST_REQUIRE(!after);
  BOOST_TEST(is(after.error(), errc::unknown_record));
  BOOST_TEST(render(after.error()).find("upgrade this node") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(settings_of_nodes_and_of_all_nodes_are_kept_apart) {
  auto now = applied(empty_image(), {cluster_config_record("a", "1"), broker_config_record(node_id{1}, "a", "2"),
                                     broker_config_record(node_id{2}, "b", "")});
  BOOST_TEST(now->cluster_config()->at("a") == "1");
  BOOST_TEST(now->broker_config(node_id{1})->at("a") == "2");
  BOOST_TEST(now->broker_config(node_id{2})->at("b") == "");
  BOOST_TEST(!now->broker_config(node_id{3}));
  now = applied(now, {broker_config_record(node_id{2}, "b", std::nullopt), cluster_config_record("a", std::nullopt)});
  BOOST_TEST(!now->broker_config(node_id{2}));
  BOOST_TEST(now->cluster_config()->empty());
}

BOOST_AUTO_TEST_CASE(settings_of_groups_are_there_until_the_last_one_is_removed) {
  auto now = applied(empty_image(), {group_config_record("readers", "a", "1"), group_config_record("readers", "b", ""),
                                     group_config_record("Leser \xc3\xbc/.. ", "a", "2")});
  BOOST_REQUIRE(now->group_config("readers"));
  BOOST_TEST((*now->group_config("readers") == config_map{{"a", "1"}, {"b", ""}}));
  BOOST_TEST(!now->group_config("reader"));
  BOOST_TEST(!now->group_config(""));
  BOOST_TEST(now->group_configs().size() == 2u);
  BOOST_TEST(text_of(**load_snapshot(now->applied(), dump(*now))) == text_of(*now));
  const auto before = now;
  now = applied(now, {group_config_record("readers", "a", std::nullopt)});
  BOOST_TEST((*now->group_config("readers") == config_map{{"b", ""}}));
  now = applied(now, {group_config_record("readers", "b", std::nullopt),
                      group_config_record("others", "b", std::nullopt)});
  BOOST_TEST(!now->group_config("readers"));
  BOOST_TEST(now->group_configs().size() == 1u);
  BOOST_TEST(before->group_config("readers")->size() == 2u);  // the image before is as it was
  BOOST_TEST((difference(*before, *now).group_configs == std::vector<std::string>{"readers"}));
  BOOST_TEST(!difference(*before, *now).empty());
  BOOST_TEST(difference(*now, *applied(now, {group_config_record("others", "b", std::nullopt)})).empty());
}

BOOST_AUTO_TEST_CASE(a_broker_change_for_another_registration_is_left_alone) {
  auto now = applied(empty_image(), {broker_record(broker_of(1))});
  now = applied(now, {broker_change_record(node_id{1}, 7, true, true), broker_removed_record(node_id{1}, 7)});
  BOOST_REQUIRE(now->find_broker(node_id{1}));
  BOOST_TEST(!now->find_broker(node_id{1})->fenced);
  now = applied(now, {broker_change_record(node_id{1}, 1, true, true)});
  BOOST_TEST(now->find_broker(node_id{1})->shutting_down);
  BOOST_TEST(text_of(**load_snapshot(now->applied(), dump(*now))) == text_of(*now));
  now = applied(now, {broker_removed_record(node_id{1}, 1)});
  BOOST_TEST(!now->find_broker(node_id{1}));
}

BOOST_AUTO_TEST_CASE(a_snapshot_and_the_entries_after_it_give_what_a_full_replay_gives) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const auto all = history(150, seed);
    std::vector<image_ptr> after{empty_image()};
    for (const auto& e : all)
      after.push_back(applied(after.back(), e.records));
    const auto wanted = text_of(*after.back());
    for (std::size_t at = 0; at < after.size(); at += 7) {
      auto now = load_snapshot(after[at]->applied(), dump(*after[at]));
      BOOST_REQUIRE(now);
      for (std::size_t i = at; i < all.size(); ++i) {
        auto next = apply(*now, all[i]);
        BOOST_REQUIRE_MESSAGE(next,
                              "seed " << seed << ", snapshot " << at << ": " << (next ? "" : render(next.error())));
        now = std::move(next);
      }
      BOOST_TEST(text_of(**now) == wanted, "seed " << seed << ", snapshot of entry " << at);
    }
  }
}

BOOST_AUTO_TEST_CASE(differences_are_exactly_what_changed) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const auto all = history(120, seed);
    std::vector<image_ptr> after{empty_image()};
    for (const auto& e : all)
      after.push_back(applied(after.back(), e.records));
    for (std::size_t from = 0; from < after.size(); from += 11)
      for (std::size_t to = from; to < after.size(); to += 13) {
        const auto diff = difference(*after[from], *after[to]);
        std::size_t created = 0;
        std::size_t changed = 0;
        std::size_t removed = 0;
        for (const auto& t : after[to]->topics_by_id()) {
          const auto before = after[from]->find_topic(t->id);
          created += !before;
          changed += before && before != t;
        }
        for (const auto& t : after[from]->topics_by_id())
          removed += !after[to]->find_topic(t->id);
        BOOST_TEST(diff.created.size() == created, "seed " << seed);
        BOOST_TEST(diff.changed.size() == changed, "seed " << seed);
        BOOST_TEST(diff.removed.size() == removed, "seed " << seed);
        BOOST_TEST(diff.group_configs == differing_groups(*after[from], *after[to]), "seed " << seed);
      }
  }
  const auto one = applied(empty_image(), {broker_record(broker_of(1)), cluster_config_record("a", "1")});
  const auto two = applied(
      one, {broker_record(broker_of(2)), broker_config_record(node_id{1}, "a", "1"), cluster_config_record("a", "2")});
  const auto diff = difference(*one, *two);
  BOOST_TEST((diff.brokers == std::vector{node_id{2}}));
  BOOST_TEST((diff.broker_configs == std::vector{node_id{1}}));
  BOOST_TEST(diff.cluster_config);
  BOOST_TEST(difference(*two, *two).empty());
}

BOOST_AUTO_TEST_CASE(ten_thousand_topics_stay_in_order_and_one_change_is_cheap) {
  constexpr std::uint32_t count = 10'000;
  auto now = empty_image();
  records all;
  for (std::uint32_t i = 0; i < count; ++i)
    for (auto& r : topic_records(id_of_number(i), "topic-" + std::to_string(i * 7919 % count)))
      all.push_back(std::move(r));
  now = applied(now, all);
  BOOST_TEST(now->topic_count() == count);
  std::string last;
  for (const auto& t : now->topics_by_name()) {
    BOOST_REQUIRE(last < t->name);
    last = t->name;
  }
  BOOST_TEST((*now->topics_by_name().from("topic-55"))->name == "topic-55");
  BOOST_TEST((now->topics_by_name().from("u") == now->topics_by_name().end()));

  const auto begin = std::clock();
  constexpr int changes = 1000;
  auto latest = now;
  for (int i = 0; i < changes; ++i)
    latest =
        applied(latest, {topic_config_record(id_of_number(static_cast<std::uint32_t>(i)), "retention.ms", "1")});
  const auto each_us = static_cast<double>(std::clock() - begin) * 1e6 / CLOCKS_PER_SEC / changes;
  BOOST_TEST_MESSAGE("one change in 10,000 topics: " << each_us << " us of CPU");
  BOOST_TEST(each_us < 1000);
  BOOST_TEST(difference(*now, *latest).changed.size() == static_cast<std::size_t>(changes));
  for (std::uint32_t i = 0; i < count; ++i)
    BOOST_REQUIRE(now->find_topic(id_of_number(i))->configs.empty());  // the image before is as it was
  for (std::uint32_t i = 0; i < count; ++i)
    latest = i % 2 ? latest : applied(latest, {topic_removed_record(id_of_number(i))});
  BOOST_TEST(latest->topic_count() == count / 2);
}

BOOST_AUTO_TEST_CASE(names_that_differ_in_dot_and_underscore_only_collide) {
  const auto now =
      applied(applied(applied(empty_image(), topic_records(id_of(1), "a.b_c")), topic_records(id_of(2), "__offsets")),
              topic_records(id_of(3), "plain"));
  BOOST_TEST(now->colliding_topic("a_b_c") == "a.b_c");
  BOOST_TEST(now->colliding_topic("a.b.c") == "a.b_c");
  BOOST_TEST(now->colliding_topic("a.b_c") == "");
  BOOST_TEST(now->colliding_topic("a.b_d") == "");
  BOOST_TEST(now->colliding_topic("._offsets") == "__offsets");
  BOOST_TEST(now->colliding_topic("plain") == "");
}
