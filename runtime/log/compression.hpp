#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::log {

/// Effort per codec, in Kafka's numbers (compression.gzip.level and its brothers, KIP-390). Snappy has none.
struct compression_levels {
  int gzip = -1;
  int lz4 = 9;
  int zstd = 3;
};

/// Packs `plain` the way Kafka's clients expect it inside a batch: gzip a gzip stream, snappy the framing of
/// snappy-java
/// ("xerial"), lz4 one LZ4 frame of independent blocks, zstd one frame. Codec `none` gives a copy.
expected<std::vector<std::uint8_t>> compress(codec with, const compression_levels& levels, bytes_view plain);

/// Unpacks the records of a batch. The result never grows beyond `max_output_bytes`, and grows as output really comes,
/// so that a small input does not reserve much memory. (Zstd reserves the window that a frame names: at most
/// `max_output_bytes` or 8 MiB, whichever is more, and never above 128 MiB. Of that only what is written to becomes
/// memory.) Snappy is taken with and without framing.
/// Errors: `output_limit` when there would be more, `corrupt_batch` for bytes that are not of this codec or cut short.
expected<std::vector<std::uint8_t>> decompress(codec with, bytes_view packed, std::size_t max_output_bytes);

}  // namespace troupe::log
