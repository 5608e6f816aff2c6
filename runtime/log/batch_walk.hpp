#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/log/batch_head.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace troupe::log {

/// Steps through the batch headers of a part of a segment file, reading a few KiB at a time and no records. Checks
/// sizes and header sanity, no CRC. Lives on the stack of one call.
class batch_walk {
 public:
  /// Walks [from, end) of `in`, which must outlive the walk; `from` is the start of a batch.
  batch_walk(file& in, std::uint64_t from, std::uint64_t end) : in_(in), position_(from), end_(end) {}

  /// The next whole batch; empty at the end, and when the rest is no whole batch (`position` is before the end then).
  /// Errors: the disk's, `corrupt_batch`, `unsupported_format`.
  expected<std::optional<batch_head>> next();
  /// Where the next batch starts.
  std::uint64_t position() const { return position_; }
  /// Steps to `to`, the start of a later batch.
  void skip_to(std::uint64_t to) { position_ = to; }

 private:
  error fill();

  file& in_;
  std::uint64_t position_;
  std::uint64_t end_;
  std::uint64_t buffered_from_ = 0;
  std::size_t buffered_ = 0;
  std::array<std::uint8_t, 8192> buffer_;
};

/// Reads the whole batch that `head` describes.
expected<byte_slice> read_batch(file& in, const batch_head& head);

}  // namespace troupe::log
