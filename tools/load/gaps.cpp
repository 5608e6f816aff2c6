#include "tools/load/client.hpp"
#include "tools/load/options.hpp"
#include "tools/load/payload.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace troupe::load {

namespace {

/// What stands at the front of each value.
struct stamp {
  std::uint64_t run;
  std::uint64_t index;
};

/// Of each partition the longest time in which nothing happened, since it was asked for last. Any thread may call.
class pauses {
 public:
  explicit pauses(int partitions) : all_(static_cast<std::size_t>(partitions), {steady::now(), {}}) {}

  void happened(std::int32_t partition) {
    const std::lock_guard guard{mutex_};
    auto& one = all_.at(static_cast<std::size_t>(partition));
    const auto now = steady::now();
    one.longest = std::max(one.longest, now - one.last);
    one.last = now;
  }

  /// `p0_NAME_ms=… p1_NAME_ms=…`; a pause that goes on counts as long as it is.
  std::string take(const std::string& name) {
    const std::lock_guard guard{mutex_};
    std::string out;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const auto longest = std::max(all_[i].longest, steady::now() - all_[i].last);
      out += " p" + std::to_string(i) + "_" + name + "_ms=" + std::to_string(milliseconds(longest));
      all_[i].longest = {};
    }
    return out;
  }

  /// How long the partition that is silent longest has been so.
  double open_ms() {
    const std::lock_guard guard{mutex_};
    const auto quiet = std::min_element(all_.begin(), all_.end(), [](auto& a, auto& b) { return a.last < b.last; });
    return milliseconds(steady::now() - quiet->last);
  }

 private:
  struct one {
    steady::time_point last;
    steady::duration longest;
  };

  static double milliseconds(steady::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

  std::mutex mutex_;
  std::vector<one> all_;
};

/// Counts what is reported, and when.
class acknowledged final : public delivery_listener {
 public:
  explicit acknowledged(int partitions) : waits(partitions) {}

  void delivered(const rd_kafka_message_t& record) override {
    ++reported;
    if (record.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      std::fprintf(stderr, "troupe_load: not delivered: %s\n", rd_kafka_err2str(record.err));
      return;
    }
    stamp s{};
    std::memcpy(&s, record.payload, sizeof s);
    known.resize(std::max<std::size_t>(known.size(), s.index + 1));
    known[s.index] = true;
    waits.happened(record.partition);
  }

  std::uint64_t reported = 0;
  std::vector<bool> known;  ///< by index: acknowledged
  pauses waits;
};

/// Counts what comes in, and when. `receive` runs in a thread of its own; the counts are read when it is over.
class received {
 public:
  received(int partitions, std::uint64_t run) : waits(partitions), run_(run) {}

  void receive(rd_kafka_t* consumer, const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
      auto* record = rd_kafka_consumer_poll(consumer, 50);
      if (!record)
        continue;
      if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        take(*record);
      rd_kafka_message_destroy(record);
    }
  }

  std::vector<bool> known;  ///< by index: came in
  std::uint64_t duplicates = 0;
  std::atomic<std::uint64_t> count = 0;  ///< of different ones
  pauses waits;

 private:
  void take(const rd_kafka_message_t& record) {
    stamp s{};
    if (record.len < sizeof s)
      return;
    std::memcpy(&s, record.payload, sizeof s);
    if (s.run != run_)
      return;
    known.resize(std::max<std::size_t>(known.size(), s.index + 1));
    waits.happened(record.partition);
    if (known[s.index]) {
      ++duplicates;
      return;
    }
    known[s.index] = true;
    count.fetch_add(1, std::memory_order_relaxed);
  }

  std::uint64_t run_;
};

/// Obeys the letters on stdin: `t` prints all pauses and begins anew, `o` prints how long the present ones are.
/// False at its end.
bool obey(acknowledged& acks, received& in) {
  pollfd ready{STDIN_FILENO, POLLIN, 0};
  if (::poll(&ready, 1, 0) <= 0)
    return true;
  std::array<char, 64> letters{};
  const auto size = ::read(STDIN_FILENO, letters.data(), letters.size());
  if (size <= 0)
    return false;
  for (const char c : std::string_view{letters.data(), static_cast<std::size_t>(size)}) {
    if (c == 't')
      std::printf("pauses%s%s\n", acks.waits.take("ack").c_str(), in.waits.take("recv").c_str());
    else if (c == 'o')
      std::printf("open ms=%.1f\n", std::max(acks.waits.open_ms(), in.waits.open_ms()));
  }
  std::fflush(stdout);
  return true;
}

/// Sends at the rate, to all partitions in turn, until stdin ends; how many records.
std::uint64_t send(const options& o, rd_kafka_t* producer, rd_kafka_topic_t* topic, int partitions, std::uint64_t run,
                   acknowledged& acks, received& in) {
  payload values{o.record_bytes, o.seed};
  const auto began = steady::now();
  std::uint64_t index = 0;
  while (obey(acks, in)) {
    const auto due = static_cast<std::uint64_t>(seconds_between(began, steady::now()) * o.rate);
    while (index < due) {
      auto value = values.value(index);
      const stamp s{run, index};
      std::memcpy(value.data(), &s, sizeof s);
      const auto partition = static_cast<std::int32_t>(index % static_cast<std::uint64_t>(partitions));
      if (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value.data(), value.size(), nullptr, 0, nullptr) != 0)
        break;  // the queue is full; time goes on
      ++index;
    }
    rd_kafka_poll(producer, 1);
  }
  return index;
}

}  // namespace

int gaps(const options& o) {
  if (o.record_bytes < sizeof(stamp))
    throw std::runtime_error("gaps needs records of at least " + std::to_string(sizeof(stamp)) + " bytes");
  const auto run = std::uint64_t(steady::now().time_since_epoch().count()) ^ std::uint64_t(::getpid()) << 44;
  auto consumer = make_consumer(o, {{"group.id", "troupe_load"}, {"enable.auto.commit", "false"}}, true);
  auto known = open_topic(consumer.get(), o.topic);
  const int partitions = partition_count(consumer.get(), known.get());
  received in{partitions, run};
  acknowledged acks{partitions};
  const settings as_told{{"acks", o.acks}, {"enable.idempotence", o.idempotence ? "true" : "false"}};
  auto producer = make_producer(o, as_told, acks);
  auto topic = open_topic(producer.get(), o.topic);
  std::atomic<bool> stop = false;
  std::thread reader{[&] { in.receive(consumer.get(), stop); }};
  const auto sent = send(o, producer.get(), topic.get(), partitions, run, acks, in);
  const auto ended = steady::now();
  const auto good = [&] { return std::uint64_t(std::count(acks.known.begin(), acks.known.end(), true)); };
  while ((acks.reported < sent || in.count < good()) && seconds_between(ended, steady::now()) < o.limit_seconds)
    rd_kafka_poll(producer.get(), 20);
  stop = true;
  reader.join();
  in.known.resize(std::max(in.known.size(), acks.known.size()));
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < acks.known.size(); ++i)
    lost += acks.known[i] && !in.known[i] ? 1 : 0;
  std::printf("sent=%lu acked=%lu lost=%lu duplicates=%lu\n", sent, good(), lost, in.duplicates);
  return lost > 0 || acks.reported < sent ? 1 : 0;
}

}  // namespace troupe::load
