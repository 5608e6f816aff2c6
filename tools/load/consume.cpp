#include "tools/load/client.hpp"
#include "tools/load/options.hpp"

#include <cstdio>

namespace troupe::load {

namespace {

struct tally {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  int partitions_ended = 0;
  bool failed = false;
};

void take(rd_kafka_message_t* record, void* opaque) {
  auto& sum = *static_cast<tally*>(opaque);
  if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++sum.records;
    sum.bytes += record->len;
  } else if (record->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    ++sum.partitions_ended;
  } else {
    sum.failed = true;
    std::fprintf(stderr, "troupe_load: consume: %s\n", rd_kafka_message_errstr(record));
  }
}

}  // namespace

int consume(const options& o) {
  const settings extra{{"group.id", "troupe_load"},  // librdkafka wants one, `assign` does not use it
                       {"enable.auto.commit", "false"},
                       {"enable.partition.eof", o.count == 0 ? "true" : "false"},
                       {"queued.min.messages", "1000000"}};
  auto client = make_consumer(o, extra, false);
  const auto cpu_before = cpu_seconds();
  const auto asked = steady::now();
  queue_ptr queue{rd_kafka_queue_get_consumer(client.get())};
  const auto topic = open_topic(client.get(), o.topic);
  const auto partitions = o.partition < 0 ? partition_count(client.get(), topic.get()) : 1;

  // Served by callback: the batch call would wait for a full batch or its time-out at the end of the log.
  tally sum;
  tally at_first;
  steady::time_point first;
  auto last = asked;
  const auto more = [&] { return o.count == 0 ? sum.partitions_ended < partitions : sum.records < o.count; };
  while (!sum.failed && more() && seconds_between(asked, steady::now()) < o.limit_seconds) {
    const auto before = sum.records;
    rd_kafka_consume_callback_queue(queue.get(), 100, take, &sum);
    if (sum.records == before)
      continue;
    last = steady::now();
    if (before == 0) {
      first = last;
      at_first = sum;
    }
  }
  queue.reset();

  // From the first records on: connecting and finding the partitions is no throughput.
  const bool measured = sum.records > at_first.records;
  const auto seconds = measured ? seconds_between(first, last) : seconds_between(asked, last);
  const auto records = static_cast<double>(sum.records - (measured ? at_first.records : 0));
  const auto bytes = static_cast<double>(sum.bytes - (measured ? at_first.bytes : 0));
  std::printf("records=%lu seconds=%.3f records_s=%.0f mb_s=%.2f bytes=%lu first_ms=%.1f client_cpu_s=%.2f\n",
              sum.records, seconds, seconds > 0 ? records / seconds : 0, seconds > 0 ? bytes / seconds / 1e6 : 0,
              sum.bytes, sum.records > 0 ? seconds_between(asked, first) * 1e3 : 0, cpu_seconds() - cpu_before);
  return sum.failed || sum.records == 0 || sum.records < o.count ? 1 : 0;
}

}  // namespace troupe::load
