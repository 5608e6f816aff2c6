#include "test/sim/cluster/appends.hpp"

#include "runtime/kafka/errors.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/record.hpp"

#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/fetch.hpp"
#include "schema/kafka/produce.hpp"

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto patience = 10s;
constexpr std::int64_t record_time_ms = 1'700'000'000'000;
constexpr std::size_t unpacked_bytes_max = 1 << 20;

/// The keys only make the records large, so that segments are rolled.
byte_slice batch_of(const std::vector<std::string>& values, std::size_t key_bytes) {
  const std::string key(key_bytes, 'k');
  log::batch_builder builder{{}};
  for (const auto& value : values)
    builder.add({record_time_ms, as_bytes(key), as_bytes(value), {}});
  return std::move(builder).finish().value();
}

}  // namespace

// -- appending ------------------------------------------------------------------------------------------------------

appender::appender(client& by, target to, append_history& told)
  : by_(by), to_(std::move(to)), told_(told), random_(by.in().stream("appender " + by.host())) {}

void appender::start() {
  create_topic();
}

void appender::create_topic() {
  if (is_stopped_)
    return;
  kafka::create_topics_request request;
  request.topics.resize(1);
  request.topics[0].name = to_.topic;
  request.topics[0].num_partitions = to_.partition + 1;
  request.topics[0].replication_factor = -1;
  by_.call<kafka::create_topics_response>(
    to_.broker, request, 7, patience, [this](expected<kafka::create_topics_response> answer) {
      const auto code = answer ? static_cast<error_code>(answer->topics.at(0).error_code) : error_code::none;
      has_topic_ = answer && (code == error_code::none || code == error_code::topic_already_exists);
      if (has_topic_)
        return append();
      by_.after(100ms, [this] { create_topic(); });
    });
}

void appender::append() {
  if (is_stopped_)
    return;
  std::vector<std::string> values;
  for (auto left = 1 + random_.below(3); left > 0; --left) {
    values.push_back(by_.host() + "-" + std::to_string(++last_value_));
    told_.sent.insert(values.back());
  }
  kafka::produce_request request;
  request.acks = -1;
  request.timeout_ms = 5'000;
  request.topic_data.resize(1);
  request.topic_data[0].name = to_.topic;
  const auto key_bytes = random_.below(random_.below(20) == 0 ? 100'000 : 2'000);
  request.topic_data[0].partition_data = {{to_.partition, batch_of(values, key_bytes)}};
  by_.call<kafka::produce_response>(
    to_.broker, request, 9, patience, [this, values](expected<kafka::produce_response> answer) {
      if (!answer || answer->responses.at(0).partition_responses.at(0).error_code != 0)
        return pause_and_append(100ms);
      auto at = answer->responses[0].partition_responses[0].base_offset;
      for (const auto& value : values)
        told_.acknowledged[value] = at++;
      pause_and_append(20ms);
    });
}

void appender::pause_and_append(std::chrono::microseconds most) {
  by_.after(std::chrono::microseconds{random_.below(static_cast<std::uint64_t>(most.count()))}, [this] { append(); });
}

// -- reading --------------------------------------------------------------------------------------------------------

void tailer::fetch() {
  if (is_stopped_)
    return;
  kafka::fetch_request request;
  request.max_wait_ms = 500;
  request.min_bytes = 1;
  request.max_bytes = 100'000;
  request.topics.resize(1);
  request.topics[0].topic = to_.topic;
  request.topics[0].partitions.resize(1);
  request.topics[0].partitions[0].partition = to_.partition;
  request.topics[0].partitions[0].fetch_offset = position_;
  request.topics[0].partitions[0].partition_max_bytes = 100'000;
  by_.call<kafka::fetch_response>(
    to_.broker, request, 11, patience, [this](expected<kafka::fetch_response> answer) {
      if (!answer || answer->responses.empty() || answer->responses[0].partitions[0].error_code != 0)
        return by_.after(100ms, [this] { fetch(); });
      const auto& partition = answer->responses[0].partitions[0];
      high_watermark_ = partition.high_watermark;
      if (partition.records)
        take(flatten(partition.records->parts));
      fetch();
    });
}

void tailer::take(const byte_slice& batches) {
  log::batch_run run{batches};
  while (true) {
    const auto batch = run.next();
    if (!batch || !*batch)
      break;
    if (!(*batch)->check_crc())
      told_.defects.push_back("a batch at " + std::to_string((*batch)->base_offset().value) + " with a bad CRC");
    const auto unpacked = log::unpacked_records::of(**batch, unpacked_bytes_max);
    log::record_run records{unpacked.value()};
    for (auto record = records.next().value(); record; record = records.next().value()) {
      const auto at = (*batch)->base_offset().value + record->offset_delta;
      if (at < position_)
        continue;
      if (at != position_)
        told_.defects.push_back("offset " + std::to_string(at) + " follows " + std::to_string(position_ - 1));
      const std::string value{as_text(record->value.value())};
      const auto [before, is_new] = told_.read.try_emplace(at, value);
      if (!is_new && before->second != value)
        told_.defects.push_back(before->second + " was read at " + std::to_string(at) + ", now it is " + value);
      position_ = at + 1;
    }
  }
}

// -- judging --------------------------------------------------------------------------------------------------------

std::vector<std::string> judge(const append_history& history, const std::map<std::int64_t, std::string>& found) {
  auto wrong = history.defects;
  std::map<std::string, std::int64_t> where;
  for (const auto& [at, value] : found) {
    if (!history.sent.contains(value))
      wrong.push_back(value + " at " + std::to_string(at) + " was never sent");
    if (const auto [other, is_new] = where.emplace(value, at); !is_new)
      wrong.push_back(value + " is at " + std::to_string(other->second) + " and at " + std::to_string(at));
  }
  for (const auto& [value, at] : history.acknowledged) {
    const auto there = where.find(value);
    if (there == where.end())
      wrong.push_back(value + ", acknowledged at " + std::to_string(at) + ", is lost");
    else if (there->second != at)
      wrong.push_back(value + ", acknowledged at " + std::to_string(at) + ", is at " + std::to_string(there->second));
  }
  for (const auto& [at, value] : history.read)
    if (const auto there = found.find(at); there == found.end() || there->second != value)
      wrong.push_back(value + ", read at " + std::to_string(at) + ", is not there any more");
  return wrong;
}

}  // namespace troupe::cluster_sim
