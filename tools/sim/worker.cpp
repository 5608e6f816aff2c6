#include "tools/sim/worker.hpp"

#include "runtime/kafka/errors.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/record.hpp"

#include "schema/kafka/init_producer_id.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using check::operation_kind;
using check::outcome;
using kafka::error_code;

constexpr auto patience = 6s;
constexpr auto produce_timeout = 3s;
constexpr auto retry_pause_most = 100ms;
constexpr auto pause_most = 20ms;
constexpr std::int32_t fetch_bytes = 100'000;
constexpr std::size_t unpacked_bytes_max = 1 << 20;
constexpr std::size_t defects_max = 20;
constexpr std::int64_t record_time_ms = 1'700'000'000'000;

/// What a producer of Kafka's answers with sending again.
bool passes(error_code code) {
  switch (code) {
    case error_code::unknown_topic_or_partition:
    case error_code::leader_not_available:
    case error_code::not_leader_or_follower:
    case error_code::request_timed_out:
    case error_code::not_enough_replicas:
    case error_code::not_enough_replicas_after_append:
    case error_code::kafka_storage_error:
    case error_code::fenced_leader_epoch:
    case error_code::unknown_leader_epoch: return true;
    default: return false;
  }
}

}  // namespace

worker::worker(check::client_id id, cluster_client& by, const surroundings& around)
  : id_(id), by_(by), around_(around), random_(by.by().in().stream("worker " + by.by().host())) {}

check::instant worker::now() const {
  return by_.by().in().now();
}

void worker::start() {
  is_stopped_ = false;
  is_idle_ = false;
  by_.refresh([this] { go_on(); });
}

std::string worker::describe() const {
  if (is_idle_)
    return by_.by().host() + ": idle";
  return by_.by().host() + ": sends " + std::to_string(sending_.what.value) + " to "
         + std::to_string(sending_.partition) + " or polls, last: " + last_said_;
}

void worker::defect(const std::string& what) {
  if (around_.defects.size() < defects_max)
    around_.defects.push_back(by_.by().host() + ": " + what);
}

// -- wishes ---------------------------------------------------------------------------------------------------------

void worker::next_soon() {
  by_.by().after(std::chrono::microseconds{random_.below(std::chrono::microseconds{pause_most}.count())},
                 [this] { go_on(); });
}

void worker::go_on() {
  const auto w = is_stopped_ ? std::nullopt : around_.wishes.next(id_);
  if (!w) {
    is_idle_ = true;
    return;
  }
  switch (w->kind) {
    case operation_kind::send: return send(w->steps.front());
    case operation_kind::poll: return poll();
    case operation_kind::crash: die(); break;
    default: record_steps(*w); break;
  }
  next_soon();
}

/// Of an assign or a seek, which nobody else hears of.
void worker::record_steps(const workload::wish& w) {
  const auto op = around_.told.begin(id_, w.kind, now());
  std::map<std::int32_t, std::int64_t> kept;
  for (const auto& step : w.steps) {
    const auto partition = step.key.value;
    if (step.kind == check::step_kind::seek) {
      around_.told.seek(op, step.key, step.at);
      positions_[partition] = step.at.value;
    } else {
      around_.told.name(op, step.key);
      kept[partition] = positions_.contains(partition) ? positions_[partition] : 0;
    }
  }
  if (w.kind == operation_kind::assign)
    positions_ = std::move(kept);
  around_.told.end(op, outcome::ok, now());
}

void worker::die() {
  around_.told.crash(id_, now());
  by_.by().disconnect();
  positions_.clear();
  sequences_.clear();
  producer_ = -1;
}

// -- sending --------------------------------------------------------------------------------------------------------

void worker::send(const workload::wished_step& step) {
  sending_ = {around_.told.begin(id_, operation_kind::send, now()), step.key.value, step.what, {}};
  around_.told.send(sending_.op, step.key, step.what);
  prepare();
}

void worker::prepare() {
  if (producer_ < 0) {
    kafka::init_producer_id_request request;
    request.transactional_id = std::nullopt;
    request.transaction_timeout_ms = 60'000;
    return by_.by().call<kafka::init_producer_id_response>(
      by_.any_broker(), request, 4, patience, [this](expected<kafka::init_producer_id_response> answer) {
        last_said_ = !answer ? render(answer.error()) : "init-producer-id " + std::to_string(answer->error_code);
        if (answer && answer->error_code == 0) {
          producer_ = answer->producer_id;
          producer_epoch_ = answer->producer_epoch;
          return prepare();
        }
        by_.by().after(retry_pause_most, [this] { prepare(); });
      });
  }
  log::batch_fields fields;
  fields.producer = producer_id{producer_};
  fields.producer_epoch = producer_epoch_;
  fields.base_sequence = sequences_[sending_.partition];
  log::batch_builder builder{fields};
  const auto value = std::to_string(sending_.what.value);
  const std::string key(random_.below(random_.below(20) == 0 ? 50'000 : 500), 'k');
  builder.add({record_time_ms, as_bytes(key), as_bytes(value), {}});
  sending_.batch = std::move(builder).finish().value();
  attempt();
}

void worker::attempt() {
  const auto leader = by_.leader_of(sending_.partition);
  if (!leader)
    return try_again_soon();
  kafka::produce_request request;
  request.acks = -1;
  request.timeout_ms = static_cast<std::int32_t>(std::chrono::milliseconds{produce_timeout}.count());
  request.topic_data.resize(1);
  request.topic_data[0].name = by_.topic();
  request.topic_data[0].partition_data = {{sending_.partition, sending_.batch}};
  by_.by().call<kafka::produce_response>(leader->at, request, 9, patience,
                                         [this](expected<kafka::produce_response> answer) { answered(answer); });
}

void worker::answered(const expected<kafka::produce_response>& answer) {
  if (!answer) {
    last_said_ = render(answer.error());
    return try_again_soon();
  }
  const auto& result = answer->responses.at(0).partition_responses.at(0);
  const auto code = static_cast<error_code>(result.error_code);
  last_said_ = "produce " + std::to_string(result.error_code) + " " + result.error_message.value_or("");
  if (code == error_code::none)
    return sent_at(offset{result.base_offset});
  if (!passes(code))
    defect("value " + std::to_string(sending_.what.value) + " for partition " + std::to_string(sending_.partition)
           + " is refused: " + last_said_);
  try_again_soon();
}

void worker::sent_at(offset at) {
  const check::log_key key{sending_.partition};
  ++sequences_[sending_.partition];
  around_.told.acked(sending_.op, key, sending_.what, at);
  around_.told.end(sending_.op, outcome::ok, now());
  around_.wishes.acknowledged(key, at);
  next_soon();
}

void worker::try_again_soon() {
  by_.by().after(std::chrono::microseconds{random_.below(std::chrono::microseconds{retry_pause_most}.count())},
                 [this] { by_.refresh([this] { attempt(); }); });
}

// -- polling --------------------------------------------------------------------------------------------------------

/// One request to the leader of one of the partitions, for all that it leads.
void worker::poll() {
  const auto op = around_.told.begin(id_, operation_kind::poll, now());
  const auto first = std::next(positions_.begin(), static_cast<std::ptrdiff_t>(next_polled_++ % positions_.size()));
  const auto leader = by_.leader_of(first->first);
  if (!leader)
    return end_of_poll(op, outcome::fail);
  kafka::fetch_request request;
  request.max_wait_ms = 50;
  request.min_bytes = 1;
  request.max_bytes = fetch_bytes;
  request.topics.resize(1);
  request.topics[0].topic = by_.topic();
  for (const auto& [partition, position] : positions_) {
    const auto its = by_.leader_of(partition);
    if (!its || its->at.host != leader->at.host)
      continue;
    auto& wanted = request.topics[0].partitions.emplace_back();
    wanted.partition = partition;
    wanted.current_leader_epoch = its->epoch;
    wanted.fetch_offset = position;
    wanted.partition_max_bytes = fetch_bytes;
  }
  by_.by().call<kafka::fetch_response>(
    leader->at, request, 11, patience, [this, op](expected<kafka::fetch_response> answer) { polled(op, answer); });
}

void worker::polled(check::recorder::ticket op, const expected<kafka::fetch_response>& answer) {
  last_said_ = !answer ? render(answer.error()) : "fetch " + std::to_string(answer->error_code);
  if (!answer || answer->error_code != 0)
    return end_of_poll(op, outcome::fail);
  around_.told.poll(op);
  bool all_well = true;
  for (const auto& topic : answer->responses)
    for (const auto& partition : topic.partitions)
      all_well &= take(op, partition);
  around_.told.end(op, outcome::ok, now());
  if (all_well)
    return next_soon();
  by_.refresh([this] { next_soon(); });
}

/// False when the partition was not read from.
bool worker::take(check::recorder::ticket op, const kafka::fetch_response_partition_data& from) {
  const auto code = static_cast<error_code>(from.error_code);
  auto& position = positions_[from.partition_index];
  if (code != error_code::none) {
    last_said_ = "fetch of partition " + std::to_string(from.partition_index) + ": " + std::to_string(from.error_code);
    if (!passes(code) && code != error_code::offset_not_available)
      defect(last_said_ + " at " + std::to_string(position));
    return false;
  }
  if (!from.records)
    return true;
  const check::log_key key{from.partition_index};
  const auto bytes = flatten(from.records->parts);
  log::batch_run run{bytes};
  for (auto batch = run.next(); batch && *batch; batch = run.next()) {
    if (!(*batch)->check_crc())
      defect("a batch with a bad CRC at " + std::to_string((*batch)->base_offset().value));
    const auto unpacked = log::unpacked_records::of(**batch, unpacked_bytes_max);
    log::record_run records{unpacked.value()};
    for (auto record = records.next().value(); record; record = records.next().value()) {
      const offset at{(*batch)->base_offset().value + record->offset_delta};
      if (at.value < position)
        continue;
      const auto text = as_text(record->value.value());
      check::value what{-1};
      std::from_chars(text.data(), text.data() + text.size(), what.value);
      around_.told.polled(op, key, {at, what});
      around_.wishes.polled(key, at);
      position = at.value + 1;
    }
  }
  around_.wishes.reached(id_, key, offset{position});
  return true;
}

void worker::end_of_poll(check::recorder::ticket op, outcome result) {
  around_.told.end(op, result, now());
  by_.by().after(std::chrono::microseconds{random_.below(std::chrono::microseconds{retry_pause_most}.count())},
                 [this] { by_.refresh([this] { next_soon(); }); });
}

}  // namespace troupe::cluster_sim
