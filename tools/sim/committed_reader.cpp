#include "tools/sim/committed_reader.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/log/control_record.hpp"
#include "runtime/log/record.hpp"
#include "tools/sim/simulated_cluster.hpp"

#include <algorithm>
#include <set>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 3s;
constexpr auto pause = 100ms;
constexpr std::int32_t fetch_bytes = 4'096;  // small, so that transactions are cut anywhere
constexpr std::int8_t read_committed = 1;

}  // namespace

committed_reader::committed_reader(sim::world& in, const std::string& host, std::vector<endpoint> brokers,
                                   std::string topic, transaction_oracle& oracle)
  : by_(in, host),
    routed_(by_, std::move(brokers), std::move(topic)),
    oracle_(oracle),
    positions_(simulated_cluster::partition_count, 0),
    is_at_end_(simulated_cluster::partition_count, false) {}

void committed_reader::start() {
  by_.after(pause, [this] { poll(); });
}

std::string committed_reader::describe() const {
  return by_.host() + (is_idle_ ? ": idle" : ": " + at_);
}

void committed_reader::next() {
  if (is_finishing_ && std::all_of(is_at_end_.begin(), is_at_end_.end(), [](bool at_end) { return at_end; })) {
    is_idle_ = true;
    return;
  }
  turn_ = (turn_ + 1) % simulated_cluster::partition_count;
  by_.after(is_at_end_[static_cast<std::size_t>(turn_)] ? pause : 1ms, [this] { poll(); });
}

void committed_reader::poll() {
  const auto partition = turn_;
  const auto leader = routed_.leader_of(partition);
  if (!leader)
    return by_.after(pause, [this] { routed_.refresh([this] { next(); }); });
  kafka::fetch_request r;
  r.max_wait_ms = 0;
  r.max_bytes = fetch_bytes;
  r.isolation_level = read_committed;
  r.topics.resize(1);
  r.topics[0].topic = routed_.topic();
  auto& p = r.topics[0].partitions.emplace_back();
  p.partition = partition;
  p.fetch_offset = positions_[static_cast<std::size_t>(partition)];
  p.partition_max_bytes = fetch_bytes;
  // In a version in which none but the leader answers: a follower may lag.
  by_.call<kafka::fetch_response>(leader->at, r, 10, patience,
                                  [this, partition](auto answer) { polled(partition, answer); });
}

void committed_reader::polled(std::int32_t partition, const expected<kafka::fetch_response>& answer) {
  const auto code = !answer                      ? kafka::error_code::request_timed_out
                    : answer->error_code != 0    ? static_cast<kafka::error_code>(answer->error_code)
                    : answer->responses.empty()  ? kafka::error_code::unknown_topic_or_partition
                    : static_cast<kafka::error_code>(answer->responses[0].partitions.at(0).error_code);
  if (code == kafka::error_code::offset_out_of_range)
    oracle_.is_lost(partition, positions_[static_cast<std::size_t>(partition)]);
  if (code != kafka::error_code::none) {
    at_ = "partition " + std::to_string(partition) + ", told " + std::to_string(static_cast<int>(code));
    return by_.after(pause, [this] { routed_.refresh([this] { next(); }); });
  }
  const auto& told = answer->responses[0].partitions[0];
  const auto at = static_cast<std::size_t>(partition);
  take(partition, told);
  at_ = "partition " + std::to_string(partition) + " from " + std::to_string(positions_[at]) + ", stable "
        + std::to_string(told.last_stable_offset) + ", high watermark " + std::to_string(told.high_watermark);
  is_at_end_[at] = positions_[at] == told.high_watermark && told.last_stable_offset == told.high_watermark;
  next();
}

void committed_reader::take(std::int32_t partition, const kafka::fetch_response_partition_data& told) {
  for (const auto& [at, value] : committed_records(told, positions_[static_cast<std::size_t>(partition)]))
    oracle_.is_read(partition, at, value);
}

std::vector<std::pair<std::int64_t, std::string>> committed_records(const kafka::fetch_response_partition_data& told,
                                                                    std::int64_t& position) {
  std::vector<std::pair<std::int64_t, std::string>> out;
  if (!told.records || told.records->parts.empty())
    return out;
  auto aborted = told.aborted_transactions.value_or(std::vector<kafka::fetch_response_aborted_transaction>{});
  std::sort(aborted.begin(), aborted.end(),
            [](const auto& a, const auto& b) { return a.first_offset < b.first_offset; });
  std::set<std::int64_t> aborting;
  std::size_t next = 0;
  log::batch_run run{std::get<byte_slice>(told.records->parts[0])};
  for (auto batch = run.next(); batch && *batch; batch = run.next()) {
    const auto& b = **batch;
    for (; next < aborted.size() && aborted[next].first_offset <= b.last_offset().value; ++next)
      aborting.insert(aborted[next].producer_id);
    const auto plain = log::unpacked_records::of(b, bounds::unpacked_batch_bytes_max);
    if (b.is_control()) {
      const auto head = log::batch_head::decode(b.bytes(), 0);
      if (const auto marker = log::read_marker(*head, plain->bytes()); marker && !marker->commits)
        aborting.erase(marker->producer.value);
    } else if (!aborting.contains(b.producer().value)) {
      log::record_run records{*plain};
      for (auto record = records.next(); record && *record; record = records.next())
        if (const auto at = b.base_offset() + (*record)->offset_delta; at.value >= position)
          out.emplace_back(at.value, std::string{as_text(*(*record)->value)});
    }
    position = std::max(position, b.next_offset().value);
  }
  return out;
}

}  // namespace troupe::cluster_sim
