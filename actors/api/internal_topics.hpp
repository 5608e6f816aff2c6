#pragma once

#include "actors/api/handler.hpp"
#include "schema/kafka/create_topics.hpp"

#include <string>

namespace troupe::api {

/// How the coordinators' topic `name` is made where nobody has made it: by the settings `offsets.topic.…`. Unless the
/// number of replicas is given, it is that of the registered nodes when these are fewer than the default.
kafka::create_topics_request::topic offsets_topic_to_make(session_port& in);
/// Likewise __transaction_state.
kafka::create_topics_request::topic transactions_topic_to_make(session_port& in);

/// Kafka's own admin client, which alone may write to topics that belong to coordinators.
constexpr std::string_view admin_client_id = "__admin_client";

}  // namespace troupe::api
