#include "runtime/log/batch_file_reader.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/log/errors.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::log {

namespace {
constexpr std::size_t piece_bytes = 256 * bounds::kib;
}

batch_file_reader::batch_file_reader(std::shared_ptr<file> source, std::string name, std::uint64_t from,
                                     std::uint64_t end)
    : source_(std::move(source)), name_(std::move(name)), batch_position_(from), position_(from), end_(end) {}

error batch_file_reader::at_batch(const error& why) const {
  return with_context(name_ + " at byte " + std::to_string(position_), why);
}

// Makes at least `wanted` bytes available from `position_` on; the caller has checked that the file has them.
error batch_file_reader::fill(std::size_t wanted) {
  auto kept = filled_ - used_;
  if (kept >= wanted)
    return {};
  if (used_ > 0)
    std::memmove(buffer_.data(), buffer_.data() + used_, kept);
  used_ = 0;
  filled_ = kept;
  const auto left_in_file = end_ - position_ - kept;
  const auto take = std::min<std::uint64_t>(left_in_file, std::max(wanted, piece_bytes) - kept);
  if (buffer_.size() < kept + take)
    buffer_.resize(kept + take);
  auto got = source_->read(position_ + kept, std::span{buffer_}.subspan(kept, take));
  if (!got)
    return got.error();
  filled_ += *got;
  if (filled_ < wanted)
    return at_batch(make_error(errc::corrupt_batch, "the file ends inside a record batch"));
  return {};
}

expected<std::optional<batch_view>> batch_file_reader::next() {
  batch_position_ = position_;
  const auto left = end_ - position_;
  if (left == 0)
    return std::optional<batch_view>{};
  if (left < batch_header_bytes)
    return at_batch(make_error(errc::corrupt_batch, "the file ends inside a record batch"));
  if (auto failed = fill(batch_header_bytes))
    return failed;
  const auto prefix = batch_prefix::parse(buffered());
  if (!prefix)
    return at_batch(prefix.error());
  if (prefix->size_bytes > left)
    return at_batch(make_error(errc::corrupt_batch, "the record batch claims " + std::to_string(prefix->size_bytes)
                                                        + " bytes, the file has " + std::to_string(left) + " more"));
  if (auto failed = fill(prefix->size_bytes))
    return failed;
  const auto batch = batch_view::parse(buffered());
  if (!batch)
    return at_batch(batch.error());
  if (!batch->check_crc())
    return at_batch(make_error(errc::corrupt_batch, "the record batch's CRC does not match its bytes"));
  if (auto wrong = batch->check_header())
    return at_batch(wrong);
  used_ += batch->size();
  position_ += batch->size();
  return std::optional<batch_view>{*batch};
}

}  // namespace troupe::log
