#include "tools/load/client.hpp"
#include "tools/load/histogram.hpp"
#include "tools/load/options.hpp"
#include "tools/load/payload.hpp"

#include <cstdio>

namespace troupe::load {

namespace {

class report_counter final : public delivery_listener {
 public:
  void delivered(const rd_kafka_message_t& record) override {
    if (record.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (failed++ == 0)
        std::fprintf(stderr, "troupe_load: a record was not delivered: %s\n", rd_kafka_err2str(record.err));
      return;
    }
    ++acked;
    // One clock call in 64 keeps the client cheap; the last report of the run is always timed by the loop below.
    if (acked % 64 == 0)
      ack_time.add(std::chrono::microseconds{rd_kafka_message_latency(&record)});
  }

  std::uint64_t acked = 0;
  std::uint64_t failed = 0;
  histogram ack_time;
};

settings producer_settings(const options& o) {
  return {{"acks", o.acks},
          {"compression.codec", o.codec},
          {"linger.ms", std::to_string(o.linger_ms)},
          {"batch.size", std::to_string(o.batch_bytes)},
          {"enable.idempotence", o.idempotence ? "true" : "false"},
          {"queue.buffering.max.messages", "500000"},
          {"queue.buffering.max.kbytes", "131072"}};
}

/// Hands one record over; waits for room in the client's queue. False: the client refuses it for good.
bool hand_over(rd_kafka_t* client, rd_kafka_topic_t* topic, std::int32_t partition, std::span<std::uint8_t> value) {
  while (rd_kafka_produce(topic, partition, 0, value.data(), value.size(), nullptr, 0, nullptr) != 0) {
    if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      std::fprintf(stderr, "troupe_load: produce: %s\n", rd_kafka_err2str(rd_kafka_last_error()));
      return false;
    }
    rd_kafka_poll(client, 1);
  }
  return true;
}

}  // namespace

int produce(const options& o) {
  report_counter reports;
  payload values{o.record_bytes, o.seed};
  auto client = make_producer(o, producer_settings(o), reports);
  auto topic = open_topic(client.get(), o.topic);
  const auto partition = o.partition < 0 ? RD_KAFKA_PARTITION_UA : o.partition;

  const auto cpu_before = cpu_seconds();
  const auto began = steady::now();
  const auto elapsed = [&] { return seconds_between(began, steady::now()); };
  const double end = o.seconds > 0 ? o.seconds : o.limit_seconds;
  std::uint64_t sent = 0;
  bool refused = false;
  while (!refused && (o.count == 0 || sent < o.count)) {
    if (sent % 256 == 0) {
      rd_kafka_poll(client.get(), 0);
      if (elapsed() >= end)
        break;
    }
    refused = !hand_over(client.get(), topic.get(), partition, values.value(sent));
    if (!refused)
      ++sent;
  }
  while (reports.acked + reports.failed < sent && elapsed() < o.limit_seconds + end)
    rd_kafka_poll(client.get(), 10);
  const auto seconds = elapsed();

  const auto bytes = static_cast<double>(reports.acked * o.record_bytes);
  std::printf("sent=%lu acked=%lu failed=%lu seconds=%.3f records_s=%.0f mb_s=%.2f bytes=%.0f%s client_cpu_s=%.2f\n",
              sent, reports.acked, sent - reports.acked, seconds, static_cast<double>(reports.acked) / seconds,
              bytes / seconds / 1e6, bytes, reports.ack_time.describe("ack").c_str(), cpu_seconds() - cpu_before);
  return refused || reports.acked < sent || sent == 0 ? 1 : 0;
}

}  // namespace troupe::load
