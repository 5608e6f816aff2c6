#include "tools/load/client.hpp"
#include "tools/load/histogram.hpp"
#include "tools/load/options.hpp"
#include "tools/load/payload.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

namespace troupe::load {

namespace {

/// What stands at the front of each value.
struct stamp {
  std::uint64_t run;
  std::uint64_t index;
  std::int64_t due_ns;  ///< when the record was due by the rate: a late sender's delay counts as latency
};

steady::time_point due_of(const stamp& s) {
  return steady::time_point{std::chrono::nanoseconds{s.due_ns}};
}

stamp stamp_of(const rd_kafka_message_t& record) {
  stamp s{};
  if (record.len >= sizeof s)
    std::memcpy(&s, record.payload, sizeof s);
  return s;
}

/// Sees every record of the run come back, once and in order within its partition.
class receiver {
 public:
  receiver(std::uint64_t run, std::uint64_t count, std::uint64_t warm_up_count)
    : run_(run), warm_up_count_(warm_up_count), seen_(count) {}

  void received(const rd_kafka_message_t& record) {
    const auto now = steady::now();
    const auto s = stamp_of(record);
    if (s.run != run_ || s.index >= seen_.size())
      return;
    if (seen_[s.index]) {
      ++duplicates_;
      return;
    }
    seen_[s.index] = true;
    if (s.index >= warm_up_count_)
      times_.add(now - due_of(s));
    received_.fetch_add(1, std::memory_order_relaxed);
  }

  std::uint64_t received_count() const { return received_.load(std::memory_order_relaxed); }
  std::uint64_t duplicates() const { return duplicates_; }
  const histogram& times() const { return times_; }

 private:
  std::uint64_t run_;
  std::uint64_t warm_up_count_;
  std::vector<bool> seen_;
  histogram times_;
  std::uint64_t duplicates_ = 0;
  std::atomic<std::uint64_t> received_ = 0;
};

class ack_timer final : public delivery_listener {
 public:
  explicit ack_timer(std::uint64_t warm_up_count) : warm_up_count_(warm_up_count) {}

  void delivered(const rd_kafka_message_t& record) override {
    ++reported;
    if (record.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++failed;
      return;
    }
    const auto s = stamp_of(record);
    if (s.index >= warm_up_count_)
      times.add(steady::now() - due_of(s));
  }

  std::uint64_t reported = 0;
  std::uint64_t failed = 0;
  histogram times;

 private:
  std::uint64_t warm_up_count_;
};

/// Consumes until `stop`; one message a call, which returns the moment it is there.
void receive(rd_kafka_t* consumer, receiver& into, const std::atomic<bool>& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
    auto* record = rd_kafka_consumer_poll(consumer, 100);
    if (!record)
      continue;
    if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      into.received(*record);
    else
      std::fprintf(stderr, "troupe_load: consume: %s\n", rd_kafka_message_errstr(record));
    rd_kafka_message_destroy(record);
  }
}

/// Sends `count` records, each when it is due.
void send_at_rate(const options& o, rd_kafka_t* producer, rd_kafka_topic_t* topic, std::uint64_t run,
                  std::uint64_t count) {
  payload values{o.record_bytes, o.seed};
  const auto partition = o.partition < 0 ? RD_KAFKA_PARTITION_UA : o.partition;
  const auto began = steady::now();
  for (std::uint64_t index = 0; index < count; ++index) {
    const auto offset = std::chrono::duration<double>(static_cast<double>(index) / o.rate);
    const auto due = began + std::chrono::duration_cast<steady::duration>(offset);
    // Delivery reports are served while nothing is due: they come from other threads and must not delay a record.
    for (auto now = steady::now(); now < due; now = steady::now()) {
      rd_kafka_poll(producer, 0);
      std::this_thread::sleep_for(std::min<steady::duration>(due - now, std::chrono::microseconds{200}));
    }
    auto value = values.value(index);
    const stamp s{run, index, due.time_since_epoch().count()};
    std::memcpy(value.data(), &s, sizeof s);
    if (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0, nullptr) != 0)
      throw std::runtime_error(std::string{"produce: "} + rd_kafka_err2str(rd_kafka_last_error()));
  }
}

settings producer_settings(const options& o) {
  return {{"acks", o.acks},
          {"compression.codec", o.codec},
          {"linger.ms", std::to_string(o.linger_ms)},
          {"enable.idempotence", o.idempotence ? "true" : "false"},
          {"sticky.partitioning.linger.ms", "0"},
          {"socket.nagle.disable", "true"}};
}

}  // namespace

int latency(const options& o) {
  if (o.record_bytes < sizeof(stamp))
    throw std::runtime_error("latency needs records of at least " + std::to_string(sizeof(stamp)) + " bytes");
  ::prctl(PR_SET_TIMERSLACK, 1'000);  // nanoseconds: naps of the sender end on time; threads made below inherit it
  const auto count = o.count > 0 ? o.count : static_cast<std::uint64_t>((o.seconds + o.warm_up_seconds) * o.rate);
  const auto warm_up_count = static_cast<std::uint64_t>(o.warm_up_seconds * o.rate);
  const auto run = std::uint64_t(steady::now().time_since_epoch().count()) ^ std::uint64_t(::getpid()) << 44;

  const auto cpu_before = cpu_seconds();
  receiver received{run, count, warm_up_count};
  ack_timer acks{warm_up_count};
  const settings consumer_settings{{"group.id", "troupe_load"}, {"enable.auto.commit", "false"},
                                   {"socket.nagle.disable", "true"}};
  auto consumer = make_consumer(o, consumer_settings, true);
  auto producer = make_producer(o, producer_settings(o), acks);
  auto topic = open_topic(producer.get(), o.topic);
  std::atomic<bool> stop = false;
  std::thread reader{[&] { receive(consumer.get(), received, stop); }};

  const auto began = steady::now();
  std::exception_ptr refused;
  try {
    send_at_rate(o, producer.get(), topic.get(), run, count);
  } catch (...) {
    refused = std::current_exception();
  }
  const auto sent = steady::now();
  while (!refused && (acks.reported < count || received.received_count() < count - acks.failed)
         && seconds_between(sent, steady::now()) < 10)
    rd_kafka_poll(producer.get(), 10);
  stop = true;
  reader.join();
  if (refused)
    std::rethrow_exception(refused);

  const auto lost = count - acks.failed - std::min(count - acks.failed, received.received_count());
  std::printf("sent=%lu failed=%lu lost=%lu duplicates=%lu seconds=%.3f rate=%.0f%s%s client_cpu_s=%.2f\n", count,
              acks.failed + (count - acks.reported), lost, received.duplicates(), seconds_between(began, sent), o.rate,
              acks.times.describe("ack").c_str(), received.times().describe("e2e").c_str(), cpu_seconds() - cpu_before);
  return acks.reported < count || acks.failed > 0 || lost > 0 ? 1 : 0;
}

}  // namespace troupe::load
