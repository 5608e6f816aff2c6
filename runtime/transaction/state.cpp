#include "runtime/transaction/state.hpp"

#include "runtime/kafka/numbered.hpp"
#include "runtime/kafka/request.hpp"
#include "schema/kafka/transaction_state.hpp"

#include <array>

namespace troupe::transaction {

namespace {

constexpr std::int16_t key_version = 0;
constexpr std::int16_t plain_version = 0, bumping_version = 1;  // of values
constexpr std::array<std::string_view, 6> names = {"Empty",       "Ongoing",        "PrepareCommit",
                                                   "PrepareAbort", "CompleteCommit", "CompleteAbort"};

kafka::transaction_log_value to_value(const state& s) {
  kafka::transaction_log_value out;
  out.producer_id = s.producer.value;
  out.previous_producer_id = s.previous.value;
  out.next_producer_id = s.next.value;
  out.producer_epoch = s.epoch;
  out.transaction_timeout_ms = static_cast<std::int32_t>(s.timeout.count());
  out.transaction_status = static_cast<std::int8_t>(s.at);
  out.transaction_last_update_timestamp_ms = to_ms(s.updated);
  out.transaction_start_timestamp_ms = s.started ? to_ms(*s.started) : -1;
  out.client_transaction_version = s.client_version;
  if (s.at == status::empty)
    return out;  // null
  auto& topics = out.transaction_partitions.emplace();
  for (const auto& p : s.partitions) {
    if (topics.empty() || topics.back().topic != p.topic)
      topics.emplace_back().topic = p.topic;
    topics.back().partition_ids.push_back(p.partition);
  }
  return out;
}

state from_value(const kafka::transaction_log_value& v) {
  state out;
  out.producer = producer_id{v.producer_id};
  out.previous = producer_id{v.previous_producer_id};
  out.next = producer_id{v.next_producer_id};
  out.epoch = v.producer_epoch;
  out.timeout = std::chrono::milliseconds{v.transaction_timeout_ms};
  out.at = static_cast<status>(v.transaction_status);
  out.updated = from_ms(v.transaction_last_update_timestamp_ms);
  if (v.transaction_start_timestamp_ms >= 0)
    out.started = from_ms(v.transaction_start_timestamp_ms);
  out.client_version = v.client_transaction_version;
  if (v.transaction_partitions)
    for (const auto& topic : *v.transaction_partitions)
      for (const auto partition : topic.partition_ids)
        out.partitions.insert({topic.topic, partition});
  return out;
}

error malformed(std::string_view why) {
  return make_error(kafka::errc::malformed, "record of __transaction_state: " + std::string{why});
}

}  // namespace

std::string_view name_of(status s) {
  return names[static_cast<std::size_t>(s)];
}

std::optional<status> status_named(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name)
      return static_cast<status>(i);
  return std::nullopt;
}

journal_record to_record(const std::string& id, const state* what) {
  using kafka::transaction_log_key;
  transaction_log_key key;
  key.transactional_id = id;
  journal_record out{kafka::numbered(transaction_log_key::record_type, key, key_version), std::nullopt};
  if (what) {
    const auto version = what->bumps_epochs() ? bumping_version : plain_version;
    out.value = kafka::numbered(version, to_value(*what), version);
  }
  return out;
}

expected<std::optional<read_record>> read(const journal_record& record) {
  kafka::reader key{record.key};
  std::int16_t type = 0;
  key.read(type, "type");
  if (key.ok() && type != kafka::transaction_log_key::record_type)
    return std::optional<read_record>{};
  kafka::transaction_log_key id;
  id.decode(key, key_version);
  key.expect_end("key");
  if (!key.ok())
    return malformed(key.failure());
  read_record out{std::move(id.transactional_id), std::nullopt};
  if (!record.value)
    return std::optional{std::move(out)};
  kafka::reader from{*record.value};
  std::int16_t version = 0;
  from.read(version, "version");
  kafka::transaction_log_value value;
  if (from.ok())
    value.decode(from, version);
  from.expect_end("value");
  if (!from.ok())
    return malformed(from.failure());
  if (value.transaction_status < 0 || static_cast<std::size_t>(value.transaction_status) >= names.size())
    return malformed("status " + std::to_string(value.transaction_status) + " of " + out.id + " is not known");
  out.what = from_value(value);
  return std::optional{std::move(out)};
}

}  // namespace troupe::transaction
