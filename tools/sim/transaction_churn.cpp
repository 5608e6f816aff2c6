#include "tools/sim/transaction_churn.hpp"

#include "schema/kafka/create_topics.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr auto retry_pause = 500ms;
constexpr int client_count = 3;  // the second one uses the older protocol

}  // namespace

transaction_churn::transaction_churn(simulated_cluster& cluster, std::vector<std::string>& defects)
  : cluster_(cluster), oracle_(defects), by_(cluster.in(), "transactions") {
  for (int i = 1; i <= client_count; ++i)
    clients_.push_back(std::make_unique<transactional_client>(cluster.in(), "t" + std::to_string(i),
                                                              cluster.addresses(), topic, i % 2 == 1, oracle_));
  live_ = std::make_unique<committed_reader>(cluster.in(), "t-live", cluster.addresses(), topic, oracle_);
}

void transaction_churn::start() {
  make_topic();
}

/// Asks until the topic is there.
void transaction_churn::make_topic() {
  kafka::create_topics_request r;
  r.timeout_ms = 3'000;
  auto& t = r.topics.emplace_back();
  t.name = topic;
  t.num_partitions = simulated_cluster::partition_count;
  t.replication_factor = cluster_.shape().replicas;
  if (cluster_.shape().segment_ms > 0)
    t.configs = {{"segment.ms", std::to_string(cluster_.shape().segment_ms)}};
  by_.call<kafka::create_topics_response>(simulated_cluster::address_of(1), r, 7, 5s, [this](auto answer) {
    const auto told = answer ? static_cast<kafka::error_code>(answer->topics.at(0).error_code)
                             : kafka::error_code::request_timed_out;
    if (told != kafka::error_code::none && told != kafka::error_code::topic_already_exists)
      return by_.after(retry_pause, [this] {
        if (!is_stopped_)
          make_topic();
      });
    if (is_stopped_)
      return;
    is_started_ = true;
    for (auto& c : clients_)
      c->start();
    live_->start();
  });
}

void transaction_churn::stop() {
  is_stopped_ = true;
  for (auto& c : clients_)
    c->stop();
}

bool transaction_churn::is_idle() const {
  return !is_started_ || std::all_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->is_idle(); });
}

void transaction_churn::begin_final_read() {
  if (!is_started_)
    return;
  live_->finish();
  final_ = std::make_unique<committed_reader>(cluster_.in(), "t-final", cluster_.addresses(), topic, oracle_);
  final_->finish();
  final_->start();
}

std::string transaction_churn::describe() const {
  std::string out;
  for (const auto& c : clients_)
    out += c->describe() + "; ";
  return out + live_->describe() + (final_ ? "; " + final_->describe() : "");
}

}  // namespace troupe::cluster_sim
