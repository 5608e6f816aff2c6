#include "tools/load/client.hpp"
#include "tools/load/histogram.hpp"
#include "tools/load/options.hpp"
#include "tools/load/payload.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <thread>

namespace troupe::load {

namespace {

constexpr int patience_ms = 30'000;

struct report_counter final : delivery_listener {
  void delivered(const rd_kafka_message_t& record) override { failed += record.err != RD_KAFKA_RESP_ERR_NO_ERROR; }
  std::uint64_t failed = 0;
};

/// Frees an error of a transactional call and says which call it was.
void check(rd_kafka_error_t* failed, const char* call) {
  if (!failed)
    return;
  const std::string why = std::string{call} + ": " + rd_kafka_error_string(failed);
  rd_kafka_error_destroy(failed);
  throw std::runtime_error(why);
}

/// One transactional producer: a transaction after the other, as fast as they are committed.
class committer {
 public:
  committer(const options& o, std::size_t number)
    : o_(o),
      values_(o.record_bytes, o.seed + number),
      producer_(make_producer(o,
                              {{"transactional.id", "troupe_load-" + std::to_string(::getpid()) + "-"
                                                      + std::to_string(number)},
                               {"compression.codec", o.codec},
                               {"linger.ms", "0"}},
                              reports_)) {
    check(rd_kafka_init_transactions(producer_.get(), patience_ms), "init_transactions");
    topic_ = open_topic(producer_.get(), o.topic);
  }

  void run(steady::time_point warm, steady::time_point until) {
    while (steady::now() < until) {
      const auto began = steady::now();
      one();
      if (began >= warm)
        times.add(steady::now() - began);
    }
  }

  std::uint64_t failed() const { return reports_.failed; }
  histogram times;  ///< from begin to committed

 private:
  void one() {
    check(rd_kafka_begin_transaction(producer_.get()), "begin_transaction");
    for (std::uint64_t i = 0; i < o_.count; ++i) {
      auto value = values_.value(sent_++);
      if (rd_kafka_produce(topic_.get(), o_.partition < 0 ? RD_KAFKA_PARTITION_UA : o_.partition, RD_KAFKA_MSG_F_COPY,
                           value.data(), value.size(), nullptr, 0, nullptr) != 0)
        throw std::runtime_error(std::string{"produce: "} + rd_kafka_err2str(rd_kafka_last_error()));
    }
    check(rd_kafka_commit_transaction(producer_.get(), patience_ms), "commit_transaction");
  }

  const options& o_;
  payload values_;
  report_counter reports_;
  client_ptr producer_;
  topic_ptr topic_;
  std::uint64_t sent_ = 0;
};

}  // namespace

int transactions(const options& o) {
  std::vector<std::unique_ptr<committer>> all;
  for (std::size_t i = 0; i < o.members; ++i)
    all.push_back(std::make_unique<committer>(o, i));
  std::printf("phase=commit\n");
  std::fflush(stdout);
  const auto warm = steady::now() + std::chrono::milliseconds{static_cast<int>(o.warm_up_seconds * 1000)};
  const auto until = warm + std::chrono::milliseconds{static_cast<int>(o.seconds * 1000)};
  std::vector<std::thread> threads;
  std::atomic<bool> broken = false;
  for (auto& c : all)
    threads.emplace_back([&, producer = c.get()] {
      try {
        producer->run(warm, until);
      } catch (const std::exception& why) {
        std::fprintf(stderr, "troupe_load: %s\n", why.what());
        broken = true;
      }
    });
  for (auto& t : threads)
    t.join();
  histogram together;
  std::uint64_t failed = 0;
  for (auto& c : all) {
    together.merge(c->times);
    failed += c->failed();
  }
  std::printf("transactions=%lu failed=%lu tx_s=%.0f records_s=%.0f%s\n", together.count(), failed,
              static_cast<double>(together.count()) / o.seconds,
              static_cast<double>(together.count() * o.count) / o.seconds, together.describe("tx").c_str());
  return broken || failed > 0 ? 1 : 0;
}

}  // namespace troupe::load
