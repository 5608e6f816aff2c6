// What released versions wrote to disk must be read by every later one: records, a segment, a snapshot.
#include "../golden.hpp"
#include "fixtures.hpp"
#include "memory_disk.hpp"
#include "runtime/metadata/journal.hpp"

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

std::vector<troupe::test::golden> all_golden(const char* file = "golden.txt") {
  return troupe::test::read_golden(std::string{TROUPE_TEST_DIR} + "/" + file);
}

}  // namespace

BOOST_AUTO_TEST_CASE(records_of_version_0_1_are_read_and_applied) {
  records all;
  for (const auto& g : all_golden())
    if (g.kind == "MetadataRecord")
      all.push_back(troupe::test::check_golden<schema::MetadataRecord>(g));
  BOOST_TEST(all.size() == 13u);
  const auto now = applied(empty_image(), all);
  BOOST_TEST(now->topic_count() == 1u);
  BOOST_TEST(now->find_topic("lines")->configs.at("cleanup.policy") == "compact");
  const auto* p = now->find_partition({id_of(1), partition_index{0}});
  BOOST_TEST((*p == partition{{node_id{1}, node_id{2}}, {node_id{2}}, node_id{2}, leader_epoch{4}, 5, {}, {}, {}, {}}));
  BOOST_TEST(now->next_producer_id() == 3000);
  BOOST_TEST(now->find_broker(node_id{1})->shutting_down);
  BOOST_TEST(*now->find_broker(node_id{1})->rack == "a");
  BOOST_TEST(!now->find_broker(node_id{2}));
  BOOST_TEST(now->broker_config(node_id{1})->at("max") == "7");
  BOOST_TEST(now->cluster_config()->empty());
}

BOOST_AUTO_TEST_CASE(records_of_version_0_2_are_read_and_applied) {
  records all;
  for (const auto& g : all_golden("golden_0_2.txt"))
    all.push_back(troupe::test::check_golden<schema::MetadataRecord>(g));
  const auto without_change = applied(empty_image(), records{all.begin(), all.end() - 1});
  const auto now = applied(without_change, {all.back()});
  BOOST_TEST((now->voters() == std::vector<voter>{{node_id{1}, id_of(201), "host1", 9093},
                                                  {node_id{2}, id_of(202), "host2", 9093}}));
  BOOST_TEST(now->feature("transaction.version") == 2);
  BOOST_TEST(now->features().size() == 1u);
  BOOST_TEST((now->find_broker(node_id{1})->directory == id_of(201)));
  BOOST_TEST(now->find_broker(node_id{1})->clean_stop);
  const auto nodes = [](std::initializer_list<std::int32_t> ids) {
    return std::vector<node_id>{ids.begin(), ids.end()};
  };
  const partition_id which{id_of(1), partition_index{0}};
  BOOST_TEST((*without_change->find_partition(which)
              == partition{nodes({4, 1, 2}), nodes({1}), node_id{1}, leader_epoch{3}, 4, nodes({4}), nodes({2}),
                           nodes({2}), {}, true}));
  BOOST_TEST((*now->find_partition(which)
              == partition{nodes({4, 1}), {}, no_node, leader_epoch{4}, 5, {}, {}, nodes({1}), nodes({1}), false}));
  BOOST_TEST(text_of(**load_snapshot(now->applied(), dump(*now))) == text_of(*now));
}

BOOST_AUTO_TEST_CASE(records_of_version_0_3_are_read_and_applied) {
  records all;
  for (const auto& g : all_golden("golden_0_3.txt"))
    all.push_back(troupe::test::check_golden<schema::MetadataRecord>(g));
  const auto now = applied(empty_image(), all);
  BOOST_REQUIRE(now->group_config("readers"));
  BOOST_TEST((*now->group_config("readers") == config_map{{"consumer.session.timeout.ms", "50000"}}));
}

BOOST_AUTO_TEST_CASE(files_of_version_0_1_are_opened) {
  memory_disk on;
  for (const auto& g : all_golden())
    if (g.kind.starts_with("File:"))
      on.files["d/" + g.kind.substr(5)] = std::make_shared<memory_disk::content>(g.bytes);
  auto j = journal::open(on, "d");
  BOOST_REQUIRE_MESSAGE(j, (j ? std::string{} : render(j.error())));
  BOOST_TEST((*j)->recovery().lines.empty());
  BOOST_TEST(((*j)->recovery().snapshot == entry_id{2, 1}));
  BOOST_TEST((*j)->recovery().snapshot_content.size() == 1u);
  BOOST_TEST(((*j)->last() == entry_id{3, 2}));
  const auto entries = (*j)->read(1, 4, 1 << 20);
  BOOST_REQUIRE(entries);
  BOOST_TEST(to_text(*(*entries)[2].records.at(0)).find("\"third\"") != std::string::npos);
}
