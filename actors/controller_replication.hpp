#pragma once

#include "actors/controller_requests.hpp"
#include "schema/kafka/alter_partition_reassignments.hpp"
#include "schema/kafka/elect_leaders.hpp"
#include "schema/kafka/list_partition_reassignments.hpp"
#include "schema/kafka/unregister_broker.hpp"
#include "schema/kafka/update_features.hpp"

namespace troupe {

/// What clients ask of the controller about leaders, places and the cluster as a whole. Each fills `in.changes` and
/// gives the response to be sent when they are committed; errors are inside.
kafka::elect_leaders_response serve(controller_scope& in, const kafka::elect_leaders_request& r);
kafka::alter_partition_reassignments_response serve(controller_scope& in,
                                                    const kafka::alter_partition_reassignments_request& r);
kafka::list_partition_reassignments_response serve(controller_scope& in,
                                                   const kafka::list_partition_reassignments_request& r);
kafka::update_features_response serve(controller_scope& in, const kafka::update_features_request& r);
kafka::unregister_broker_response serve(controller_scope& in, const kafka::unregister_broker_request& r);

}  // namespace troupe
