#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/log/batch_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// Builders and shorthands for tests of the log.

namespace troupe::log::test {

using byte_vector = std::vector<std::uint8_t>;

inline byte_vector bytes_of(bytes_view v) {
  return {v.begin(), v.end()};
}

inline byte_vector bytes_of(std::string_view text) {
  return bytes_of(as_bytes(text));
}

byte_vector from_hex(std::string_view hex);
std::string to_hex(bytes_view bytes);

/// Bytes without any pattern.
byte_vector noise(std::size_t size, std::uint64_t seed);

/// Unwraps a result and fails the test with its sentence when there is none.
template <class T>
T must(expected<T> result) {
  if (!result)
    BOOST_FAIL("unexpected error: " << render(result.error()));
  return std::move(*result);
}

inline void must_succeed(const error& e) {
  if (e)
    BOOST_FAIL("unexpected error: " << render(e));
}

/// A record of tests; an empty optional is null.
struct simple_record {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::int64_t timestamp_ms = 1'000;
};

/// A batch of these records at `fields.base_offset`.
byte_slice make_batch(const std::vector<simple_record>& records, batch_fields fields = {});

inline batch_view view(const byte_slice& batch) {
  return must(batch_view::parse(batch));
}

/// The batches of `bytes` with all records, in the words of golden/KafkaBatches.java.
std::string describe(bytes_view bytes);

}  // namespace troupe::log::test
