#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/base/error.hpp"
#include "runtime/log/batch.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::log {

/// Reads a segment's batches in order, in large pieces, checking each one's header and CRC. A batch may be of any size:
/// what was once accepted is read, whatever today's max.message.bytes says (KAFKA-6834). May block on the device.
class batch_file_reader {
 public:
  /// Reads [from, end) of `source`; `name` is for error sentences.
  batch_file_reader(std::shared_ptr<file> source, std::string name, std::uint64_t from, std::uint64_t end);

  /// The next batch, valid until the next call; an empty optional at the end. Errors: `corrupt_batch` naming file and
  /// position (also when the file ends inside a batch), `unsupported_format`, and the disk's.
  expected<std::optional<batch_view>> next();

  /// Where the batch that `next` returned last begins, and the one after it.
  std::uint64_t batch_position() const { return batch_position_; }
  std::uint64_t position() const { return position_; }

 private:
  error fill(std::size_t wanted);
  error at_batch(const error& why) const;
  bytes_view buffered() const { return bytes_view{buffer_}.subspan(used_, filled_ - used_); }

  std::shared_ptr<file> source_;
  std::string name_;
  std::uint64_t batch_position_;
  std::uint64_t position_;  // of the first buffered byte
  std::uint64_t end_;
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace troupe::log
