#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::net {

/// Cuts a byte stream into frames of a 4-byte big-endian length and that many bytes, without copying what arrives
/// whole.
///
/// The transport reads into `prepare()` and reports with `commit`. Buffers grow with the traffic of the connection and
/// a claimed length costs address space only: memory is touched as bytes arrive. Pure, no thread of its own.
class framer {
 public:
  /// Frames longer than `frame_bytes_max` are refused.
  explicit framer(std::size_t frame_bytes_max);

  /// Free space for the next read; never empty.
  std::span<std::uint8_t> prepare();

  /// Takes `count` bytes that were read into `prepare()` and appends the bodies of all frames complete by now to
  /// `frames`. An error means that the stream cannot be read on: the length was negative or too large.
  error commit(std::size_t count, std::vector<byte_slice>& frames);

  /// Bytes held of a frame that is not complete yet.
  std::size_t partial_bytes() const { return filled_ - taken_; }

 private:
  error take_frames(std::vector<byte_slice>& frames);
  void make_room(std::size_t frame_bytes);

  std::size_t frame_bytes_max_;
  std::size_t read_bytes_;  // size of the next fresh buffer
  std::shared_ptr<std::uint8_t[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t filled_ = 0;  // bytes of buffer_ that were read
  std::size_t taken_ = 0;   // bytes of buffer_ that were handed out
};

}  // namespace troupe::net
