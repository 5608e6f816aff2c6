// What version 0.1 wrote to disk must be read by every later version: records, a segment, a snapshot.
#include "../golden.hpp"
#include "fixtures.hpp"
#include "memory_disk.hpp"
#include "runtime/metadata/journal.hpp"

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

std::vector<troupe::test::golden> all_golden() {
  return troupe::test::read_golden(std::string{TROUPE_TEST_DIR} + "/golden.txt");
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
  BOOST_TEST((*p == partition{{node_id{1}, node_id{2}}, {node_id{2}}, node_id{2}, leader_epoch{4}, 5}));
  BOOST_TEST(now->next_producer_id() == 3000);
  BOOST_TEST(now->find_broker(node_id{1})->shutting_down);
  BOOST_TEST(*now->find_broker(node_id{1})->rack == "a");
  BOOST_TEST(!now->find_broker(node_id{2}));
  BOOST_TEST(now->broker_config(node_id{1})->at("max") == "7");
  BOOST_TEST(now->cluster_config()->empty());
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
