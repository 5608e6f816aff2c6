#include "tools/load/client.hpp"

#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <stdexcept>

namespace troupe::load {

namespace {

constexpr int patience_ms = 15'000;

void apply(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
    throw std::runtime_error(key + "=" + value + ": " + why.data());
}

rd_kafka_conf_t* configure(const options& o, const settings& extra) {
  auto* conf = rd_kafka_conf_new();
  apply(conf, "log_level", "3");
  apply(conf, "bootstrap.servers", o.bootstrap);
  for (const auto& [key, value] : extra)
    apply(conf, key, value);
  for (const auto& setting : o.settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos)
      throw std::runtime_error("-X " + setting + ": expected key=value");
    apply(conf, setting.substr(0, equals), setting.substr(equals + 1));
  }
  rd_kafka_conf_set_error_cb(conf, [](rd_kafka_t*, int code, const char* reason, void*) {
    std::fprintf(stderr, "troupe_load: %s: %s\n", rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code)), reason);
  });
  return conf;
}

client_ptr start(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  std::array<char, 512> why{};
  client_ptr client{rd_kafka_new(type, conf, why.data(), why.size())};
  if (!client) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(why.data());
  }
  return client;
}

std::int64_t end_of(rd_kafka_t* client, const std::string& topic, std::int32_t partition) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto code = rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &low, &high, patience_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("end of " + topic + "-" + std::to_string(partition) + ": " + rd_kafka_err2str(code));
  return high;
}

}  // namespace

client_ptr make_producer(const options& o, const settings& extra, delivery_listener& listener) {
  auto* conf = configure(o, extra);
  rd_kafka_conf_set_opaque(conf, &listener);
  rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* record, void* opaque) {
    static_cast<delivery_listener*>(opaque)->delivered(*record);
  });
  return start(RD_KAFKA_PRODUCER, conf);
}

client_ptr make_consumer(const options& o, const settings& extra, bool at_end) {
  auto client = start(RD_KAFKA_CONSUMER, configure(o, extra));
  rd_kafka_poll_set_consumer(client.get());
  auto topic = open_topic(client.get(), o.topic);
  const auto partitions = o.partition < 0 ? partition_count(client.get(), topic.get()) : 1;
  std::unique_ptr<rd_kafka_topic_partition_list_t, deleter> list{rd_kafka_topic_partition_list_new(partitions)};
  for (std::int32_t i = 0; i < partitions; ++i) {
    const auto partition = o.partition < 0 ? i : o.partition;
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), o.topic.c_str(), partition);
    entry->offset = at_end ? end_of(client.get(), o.topic, partition) : std::int64_t{RD_KAFKA_OFFSET_BEGINNING};
  }
  if (const auto code = rd_kafka_assign(client.get(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(std::string{"assign: "} + rd_kafka_err2str(code));
  return client;
}

client_ptr make_group_member(const options& o, const settings& extra, on_rebalance rebalance, on_commit committed,
                             void* opaque) {
  auto* conf = configure(o, extra);
  rd_kafka_conf_set_opaque(conf, opaque);
  rd_kafka_conf_set_rebalance_cb(conf, rebalance);
  rd_kafka_conf_set_offset_commit_cb(conf, committed);
  auto client = start(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(client.get());
  std::unique_ptr<rd_kafka_topic_partition_list_t, deleter> list{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(list.get(), o.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(client.get(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(std::string{"subscribe: "} + rd_kafka_err2str(code));
  return client;
}

topic_ptr open_topic(rd_kafka_t* client, const std::string& name) {
  topic_ptr topic{rd_kafka_topic_new(client, name.c_str(), nullptr)};
  if (!topic)
    throw std::runtime_error(name + ": " + rd_kafka_err2str(rd_kafka_last_error()));
  partition_count(client, topic.get());
  return topic;
}

int partition_count(rd_kafka_t* client, rd_kafka_topic_t* topic) {
  const std::string name = rd_kafka_topic_name(topic);
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto code = rd_kafka_metadata(client, 0, topic, &metadata, patience_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("metadata of " + name + ": " + rd_kafka_err2str(code));
  const int count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (count == 0)
    throw std::runtime_error("topic " + name + " does not exist");
  return count;
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
  return seconds + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

double seconds_between(steady::time_point from, steady::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace troupe::load
