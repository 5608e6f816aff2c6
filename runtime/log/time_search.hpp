#pragma once

#include "runtime/base/error.hpp"
#include "runtime/log/log_state.hpp"

#include <cstdint>
#include <optional>

namespace troupe::log {

/// A record found by its time.
struct timed_record {
  offset at;
  std::int64_t timestamp_ms = no_timestamp;
};

/// The first record at or behind the log's start whose time is at least `timestamp_ms`, by offset; empty when none is.
expected<std::optional<timed_record>> find_time(log_state& s, std::int64_t timestamp_ms);

/// The first of the records with the largest time (KIP-734); empty when no record has a time.
expected<std::optional<timed_record>> find_largest_time(log_state& s);

}  // namespace troupe::log
