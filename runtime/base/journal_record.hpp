#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/ids.hpp"

#include <optional>

namespace troupe {

/// A record of a journal: says what its key is from now on; without a value it takes the key out. Compaction keeps the
/// last one of each key, so that a journal holds no more than the state it makes.
struct journal_record {
  byte_slice key;
  std::optional<byte_slice> value;
  bool operator==(const journal_record&) const = default;

  std::size_t size() const { return key.size() + (value ? value->size() : 0); }
};

/// The producer in whose transaction records are appended to a journal: they count when its marker says so.
struct journal_producer {
  producer_id id = no_producer_id;
  std::int16_t epoch = -1;
  bool operator==(const journal_producer&) const = default;
};

}  // namespace troupe
