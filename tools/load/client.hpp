#pragma once

#include "tools/load/options.hpp"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::load {

using steady = std::chrono::steady_clock;

/// Frees librdkafka's objects.
struct deleter {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};

using client_ptr = std::unique_ptr<rd_kafka_t, deleter>;
using topic_ptr = std::unique_ptr<rd_kafka_topic_t, deleter>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, deleter>;

/// Settings of one client, in the order in which they are applied.
using settings = std::vector<std::pair<std::string, std::string>>;

/// Hears of the fate of each record that a producer was given.
class delivery_listener {
 public:
  virtual ~delivery_listener() = default;
  /// From within `rd_kafka_poll`.
  virtual void delivered(const rd_kafka_message_t& record) = 0;
};

/// A producer with `extra` and what `o` says; `listener` outlives it. Throws `std::runtime_error`.
client_ptr make_producer(const options& o, const settings& extra, delivery_listener& listener);

/// A consumer that reads every partition of the topic (or the one of `o`), from the first record or, with `at_end`,
/// from the present end. Throws `std::runtime_error`.
client_ptr make_consumer(const options& o, const settings& extra, bool at_end);

/// A consumer that subscribes to the topic; `rebalance` and `committed` are called from within `rd_kafka_consumer_poll`
/// with `opaque`. Throws `std::runtime_error`.
using on_rebalance = void (*)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void* opaque);
using on_commit = void (*)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void* opaque);
client_ptr make_group_member(const options& o, const settings& extra, on_rebalance rebalance, on_commit committed,
                             void* opaque);

/// The topic's handle, once the broker knows the topic. Throws `std::runtime_error` after 15 s.
topic_ptr open_topic(rd_kafka_t* client, const std::string& name);

/// How many partitions the broker says it has. Throws `std::runtime_error`.
int partition_count(rd_kafka_t* client, rd_kafka_topic_t* topic);

/// User and system time of this process so far.
double cpu_seconds();

/// Seconds from `from` to `to`.
double seconds_between(steady::time_point from, steady::time_point to);

}  // namespace troupe::load
