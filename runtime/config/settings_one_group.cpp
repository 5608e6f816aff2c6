#include "runtime/config/settings_rows.hpp"

// Settings of one consumer group. Their defaults and ranges come from the broker settings in `synonyms.cpp`. Those of
// share and streams groups have no effect here and are unknown.
namespace troupe::config::rows {

namespace {

constexpr setting table[] = {
  {"consumer.assignment.interval.ms", int32, "0", at_least(0), cluster, honoured,
   "Shortest time between two assignments of the group."},
  {"consumer.heartbeat.interval.ms", int32, "1000", at_least(1), cluster, honoured,
   "Heartbeat interval that members of the group are told."},
  {"consumer.session.timeout.ms", int32, "45000", at_least(1), cluster, honoured,
   "A member of the group that was silent for this long is out."},
};

}  // namespace

std::span<const setting> one_group() {
  return table;
}

}  // namespace troupe::config::rows
