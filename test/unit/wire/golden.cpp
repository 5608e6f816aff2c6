// Messages that version 0.1 sent must be read by every later version.
#include "../golden.hpp"
#include "schema/controller.capnp.h"
#include "schema/partition.capnp.h"

#include <functional>
#include <map>

using namespace troupe;
namespace schema = troupe::schema;

namespace {

template <class T>
void check(const test::golden& g) {
  test::check_golden<T>(g);
}

const std::map<std::string, std::function<void(const test::golden&)>> kinds{
  {"PartitionAppend", check<schema::PartitionAppend>},
  {"PartitionAppended", check<schema::PartitionAppended>},
  {"PartitionRead", check<schema::PartitionRead>},
  {"PartitionSlice", check<schema::PartitionSlice>},
  {"PartitionOffsetQuery", check<schema::PartitionOffsetQuery>},
  {"PartitionOffset", check<schema::PartitionOffset>},
  {"PartitionEpochQuery", check<schema::PartitionEpochQuery>},
  {"PartitionEpochEnd", check<schema::PartitionEpochEnd>},
  {"PartitionTrim", check<schema::PartitionTrim>},
  {"PartitionTrimmed", check<schema::PartitionTrimmed>},
  {"PartitionDescription", check<schema::PartitionDescription>},
  {"PartitionLeadership", check<schema::PartitionLeadership>},
  {"ControllerRequest", check<schema::ControllerRequest>},
  {"ControllerReply", check<schema::ControllerReply>},
  {"ProducerIdBlockRequest", check<schema::ProducerIdBlockRequest>},
  {"ProducerIdBlock", check<schema::ProducerIdBlock>},
};

}  // namespace

BOOST_AUTO_TEST_CASE(messages_of_version_0_1_are_still_read) {
  for (const auto& g : test::read_golden(std::string{TROUPE_TEST_DIR} + "/golden.txt")) {
    BOOST_REQUIRE_MESSAGE(kinds.contains(g.kind), "no message is called " + g.kind);
    kinds.at(g.kind)(g);
  }
}
