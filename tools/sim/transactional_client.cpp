#include "tools/sim/transactional_client.hpp"

#include "tools/sim/simulated_cluster.hpp"

#include "schema/kafka/add_partitions_to_txn.hpp"
#include "schema/kafka/end_txn.hpp"
#include "schema/kafka/find_coordinator.hpp"
#include "schema/kafka/init_producer_id.hpp"

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using fate = transaction_oracle::fate;

constexpr auto transaction_timeout = 3s;
constexpr auto patience = 3s;
constexpr auto pause_most = 300ms;
constexpr auto retry_pause_most = 100ms;
constexpr int failures_most = 60;            // of one step, before the client starts over
constexpr std::uint64_t abort_share = 3;     // one transaction in so many is aborted
constexpr std::uint64_t silence_share = 25;  // or is left alone for a while before its end
constexpr std::uint64_t death_share = 25;    // or forgotten
constexpr std::int16_t plain_produce = 11, bumping_produce = 12, plain_end = 4, bumping_end = 5;

/// Codes after which the same request is sent again.
bool passes(kafka::error_code code) {
  using kafka::error_code;
  switch (code) {
    case error_code::not_coordinator:
    case error_code::coordinator_not_available:
    case error_code::coordinator_load_in_progress:
    case error_code::concurrent_transactions:
    case error_code::not_leader_or_follower:
    case error_code::unknown_topic_or_partition:
    case error_code::not_enough_replicas:
    case error_code::not_enough_replicas_after_append:
    case error_code::request_timed_out:
    case error_code::kafka_storage_error:
    case error_code::fenced_leader_epoch:
      return true;
    default:
      return false;
  }
}

}  // namespace

transactional_client::transactional_client(sim::world& in, const std::string& host, std::vector<endpoint> brokers,
                                           std::string topic, bool bumps_epochs, transaction_oracle& oracle)
  : by_(in, host),
    routed_(by_, brokers, std::move(topic)),
    random_(in.stream("transactional client " + host)),
    brokers_(std::move(brokers)),
    bumps_epochs_(bumps_epochs),
    oracle_(oracle),
    id_(host) {}

void transactional_client::start() {
  soon(&transactional_client::find);
}

std::string transactional_client::describe() const {
  return by_.host() + (is_idle_ ? ": idle" : ": " + at_);
}

void transactional_client::soon(void (transactional_client::*step)()) {
  by_.after(std::chrono::microseconds{random_.below(std::chrono::microseconds{retry_pause_most}.count())},
            [this, step] { (this->*step)(); });
}

// -- its producer -----------------------------------------------------------------------------------------------------

void transactional_client::find() {
  at_ = "seeks its coordinator";
  kafka::find_coordinator_request r;
  r.key_type = 1;
  r.coordinator_keys = {id_};
  by_.call<kafka::find_coordinator_response>(
    brokers_[random_.below(brokers_.size())], r, 4, patience, [this](auto answer) {
      if (!answer || answer->coordinators.at(0).error_code != 0)
        return soon(&transactional_client::find);
      const auto& one = answer->coordinators[0];
      coordinator_ = endpoint{one.host, static_cast<std::uint16_t>(one.port)};
      if (is_ending_)
        return end(*is_ending_);
      soon(producer_ < 0 ? &transactional_client::init : &transactional_client::add_partitions);
    });
}

void transactional_client::give_up() {
  if (!value_.empty()) {
    oracle_.ends(value_, is_ending_ == true ? fate::unknown : fate::aborted);
    value_.clear();
  }
  is_ending_.reset();
  producer_ = -1;
  failures_ = 0;
  soon(&transactional_client::find);
}

void transactional_client::init() {
  at_ = "gets its producer id";
  kafka::init_producer_id_request r;
  r.transactional_id = id_;
  r.transaction_timeout_ms = std::chrono::milliseconds{transaction_timeout}.count();
  by_.call<kafka::init_producer_id_response>(*coordinator_, r, 4, patience, [this](auto answer) {
    at_ = "gets its producer id, told " + (answer ? std::to_string(answer->error_code) : render(answer.error()));
    if (!answer || answer->error_code != 0)
      return soon(&transactional_client::find);
    producer_ = answer->producer_id;
    epoch_ = answer->producer_epoch;
    sequences_.clear();
    failures_ = 0;
    begin();
  });
}

// -- a transaction ----------------------------------------------------------------------------------------------------

void transactional_client::begin() {
  if (is_stopping_) {
    is_idle_ = true;
    return;
  }
  is_idle_ = false;
  value_ = oracle_.begins(id_);
  left_.clear();
  while (left_.empty())
    for (std::int32_t p = 0; p < simulated_cluster::partition_count; ++p)
      if (random_.below(2) == 0)
        left_.insert(p);
  for (const auto p : left_)
    oracle_.writes(value_, p);
  failures_ = 0;
  by_.after(std::chrono::microseconds{random_.below(std::chrono::microseconds{pause_most}.count())},
            [this] { add_partitions(); });
}

void transactional_client::add_partitions() {
  if (value_.empty())
    return begin();
  const auto write = [this] {
    for (const auto p : std::set{left_})
      produce(p);
  };
  if (bumps_epochs_)
    return write();
  at_ = value_ + " adds its partitions";
  kafka::add_partitions_to_txn_request r;
  r.v3_and_below_transactional_id = id_;
  r.v3_and_below_producer_id = producer_;
  r.v3_and_below_producer_epoch = epoch_;
  r.v3_and_below_topics = {{routed_.topic(), {left_.begin(), left_.end()}}};
  by_.call<kafka::add_partitions_to_txn_response>(*coordinator_, r, 3, patience, [this, write](auto answer) {
    if (++failures_ > failures_most)
      return give_up();
    if (!answer)
      return soon(&transactional_client::find);
    const auto told = static_cast<code>(answer->results_by_topic_v3_and_below.at(0).results_by_partition.at(0)
                                          .partition_error_code);
    at_ += ", told " + std::to_string(static_cast<int>(told));
    if (told == code::none)
      return failures_ = 0, write();
    if (passes(told))
      return soon(&transactional_client::find);
    give_up();
  });
}

log::batch_fields transactional_client::fields_for(std::int32_t partition) const {
  log::batch_fields fields;
  fields.producer = producer_id{producer_};
  fields.producer_epoch = epoch_;
  const auto found = sequences_.find(partition);
  fields.base_sequence = found == sequences_.end() ? 0 : found->second;
  fields.transactional = true;
  return fields;
}

void transactional_client::produce(std::int32_t partition) {
  at_ = value_ + " is written to partition " + std::to_string(partition);
  const auto leader = routed_.leader_of(partition);
  if (!leader) {
    if (++failures_ > failures_most)
      return give_up();
    return by_.after(retry_pause_most, [this, partition, value = value_] {
      routed_.refresh([this, partition, value] {
        if (value == value_ && left_.contains(partition))
          produce(partition);
      });
    });
  }
  log::batch_builder builder{fields_for(partition)};
  builder.add({1'700'000'000'000, as_bytes(id_), as_bytes(value_), {}});
  kafka::produce_request r;
  r.transactional_id = id_;
  r.acks = -1;
  r.timeout_ms = 2'000;
  r.topic_data.resize(1);
  r.topic_data[0].name = routed_.topic();
  r.topic_data[0].partition_data = {{partition, std::move(builder).finish().value()}};
  by_.call<kafka::produce_response>(leader->at, r, bumps_epochs_ ? bumping_produce : plain_produce, patience,
                                    [this, partition, value = value_](auto answer) {
                                      if (value == value_ && left_.contains(partition))
                                        produced(partition, answer);
                                    });
}

void transactional_client::produced(std::int32_t partition, const expected<kafka::produce_response>& answer) {
  const auto told = answer ? static_cast<code>(answer->responses.at(0).partition_responses.at(0).error_code)
                           : code::not_leader_or_follower;
  if (told == code::none) {
    ++sequences_[partition];
    left_.erase(partition);
    if (left_.empty())
      finish();
    return;
  }
  at_ += ", told " + std::to_string(static_cast<int>(told));
  if (!passes(told) || ++failures_ > failures_most)
    return give_up();
  by_.after(std::chrono::microseconds{random_.below(std::chrono::microseconds{retry_pause_most}.count())},
            [this, partition, value = value_] {
              routed_.refresh([this, partition, value] {
                if (value == value_ && left_.contains(partition))
                  produce(partition);
              });
            });
}

void transactional_client::finish() {
  failures_ = 0;
  if (!is_stopping_ && random_.below(death_share) == 0)
    return give_up();
  const bool commits = random_.below(abort_share) != 0;
  const bool is_silent = !is_stopping_ && random_.below(silence_share) == 0;
  by_.after(is_silent ? std::chrono::nanoseconds{2 * transaction_timeout} : std::chrono::nanoseconds{0},
            [this, commits] { end(commits); });
}

// -- its end ----------------------------------------------------------------------------------------------------------

void transactional_client::end(bool commits) {
  at_ = value_ + (commits ? " is committed" : " is aborted");
  is_ending_ = commits;
  kafka::end_txn_request r;
  r.transactional_id = id_;
  r.producer_id = producer_;
  r.producer_epoch = epoch_;
  r.committed = commits;
  by_.call<kafka::end_txn_response>(*coordinator_, r, bumps_epochs_ ? bumping_end : plain_end, patience,
                                    [this, commits](auto answer) {
                                      if (answer)
                                        return ended(commits, static_cast<code>(answer->error_code),
                                                     answer->producer_id, answer->producer_epoch);
                                      if (++failures_ > failures_most)
                                        return give_up();
                                      soon(&transactional_client::find);
                                    });
}

void transactional_client::ended(bool commits, code told, std::int64_t producer, std::int16_t epoch) {
  at_ += ", told " + std::to_string(static_cast<int>(told));
  if (passes(told) && ++failures_ <= failures_most)
    return soon(&transactional_client::find);
  if (told != code::none)
    return give_up();
  oracle_.ends(std::exchange(value_, {}), commits ? fate::committed : fate::aborted);
  is_ending_.reset();
  if (bumps_epochs_) {
    producer_ = producer;
    epoch_ = epoch;
    sequences_.clear();
  }
  begin();
}

}  // namespace troupe::cluster_sim
