#pragma once

#include "runtime/base/ids.hpp"

#include <chrono>
#include <cstdint>

namespace troupe::check {

/// Who does operations one after the other: a producer and a consumer together, one thread of a test.
using client_id = strong<struct client_tag, std::int32_t>;
/// A partition, by a number that the test gives it. Clients map it to topic and partition.
using log_key = strong<struct log_key_tag, std::int32_t>;
/// What a record holds. A test sends no value twice to one partition, so that a value names its send.
using value = strong<struct value_tag, std::int64_t>;
/// Since the start of the run, by a clock that all clients share.
using instant = std::chrono::nanoseconds;

/// No partition.
constexpr log_key no_key{-1};
/// When an operation is over whose client never heard of it again.
constexpr instant never = instant::max();

/// What a client knows of its operation when it is over.
enum class outcome : std::uint8_t {
  ok,    ///< done; of a transaction: committed
  fail,  ///< certainly not done, now and later; of a transaction: aborted
  info,  ///< unknown: it may have been done, or be done yet
};

/// What a client set out to do.
enum class operation_kind : std::uint8_t {
  send,         ///< sends outside a transaction; each stands for itself
  poll,         ///< polls outside a transaction
  transaction,  ///< sends and polls that take effect together or not at all
  assign,       ///< goes on with exactly these partitions; what it had before keeps its position
  subscribe,    ///< likewise, but the group decides which of them the client gets
  seek,         ///< next polls of these partitions begin at an offset
  crash,        ///< the client is gone, a fresh one goes on under its name
};

/// What a step of an operation is about.
enum class step_kind : std::uint8_t {
  send,      ///< `sent` to `key`, at `at` when the client was told
  poll,      ///< the part of a poll that came from `key`; `no_key` for a poll that brought nothing
  rebalance, ///< the group took `key` away or gave it anew in the middle of the operation
  name,      ///< `key` of an assign or subscribe
  seek,      ///< position of `key` becomes `at`
};

/// A record as a poll brought it.
struct record {
  offset at;
  value what;
  auto operator<=>(const record&) const = default;
};

/// One step of an operation. Its records lie in the history.
struct step {
  step_kind kind = step_kind::send;
  bool continues = false;  ///< of polls: another part of the same poll as the step before
  log_key key = no_key;
  value sent{};
  offset at = no_offset;  ///< of sends: none unless acknowledged
  std::uint32_t first_record = 0;
  std::uint32_t record_count = 0;
};

/// What a client did in [invoked, completed]. Its steps lie in the history.
struct operation {
  client_id client;
  operation_kind kind = operation_kind::send;
  outcome result = outcome::ok;
  instant invoked{};
  instant completed = never;
  std::uint32_t first_step = 0;
  std::uint32_t step_count = 0;
};

/// The place of an operation in its history.
using operation_number = std::uint32_t;
constexpr operation_number no_operation = UINT32_MAX;

}  // namespace troupe::check
