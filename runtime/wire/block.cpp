#include "runtime/wire/block.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace troupe::wire_detail {

static_assert(sizeof(message_block) % sizeof(capnp::word) == 0, "the words behind a block must be aligned");

message_block* message_block::make(std::size_t word_count) {
  TROUPE_INVARIANT(word_count < (std::size_t{1} << 29), "a segment of a Cap'n Proto message is smaller than 4 GiB");
  const auto tail_bytes = (word_count + 1) * sizeof(capnp::word);
  void* memory = ::operator new(sizeof(message_block) + tail_bytes);
  auto* block = new (memory) message_block(word_count);
  std::memset(static_cast<void*>(block + 1), 0, tail_bytes);
  return block;
}

void message_block::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  this->~message_block();
  ::operator delete(this);
}

void message_block::seal(std::size_t used) {
  TROUPE_INVARIANT(used <= word_count_, "a message does not take more words than its block has");
  word_count_ = static_cast<std::uint32_t>(used);
  table()[0] = 0;  // number of segments, less one
  table()[1] = word_count_;
}

bytes_view message_block::flat() const {
  return {reinterpret_cast<const std::uint8_t*>(table()), (word_count_ + std::size_t{1}) * sizeof(capnp::word)};
}

std::uint32_t message_block::attach(chunk part) {
  if (attached_ == 0)
    first_ = std::move(part);
  else
    more_.push_back(std::move(part));
  return attached_++;
}

const chunk& message_block::attachment(std::uint32_t index) const {
  if (index >= attached_)
    return no_chunk();
  return index == 0 ? first_ : more_[index - 1];
}

void message_block::take_attachments(message_block& from) {
  attached_ = std::exchange(from.attached_, 0);
  first_ = std::move(from.first_);
  more_ = std::move(from.more_);
}

const chunk& no_chunk() {
  static const chunk nothing;
  return nothing;
}

kj::ArrayPtr<capnp::word> message_arena::allocateSegment(capnp::uint minimum_words) {
  if (!first_given_ && block_->words().size() >= minimum_words) {
    first_given_ = true;
    given_words_ = block_->words().size();
    return block_->words();
  }
  const auto count = std::max<std::size_t>(minimum_words, 2 * given_words_);  // doubling: few segments, all copied once
  more_.push_back(std::make_unique<std::uint64_t[]>(count));
  given_words_ += count;
  return {reinterpret_cast<capnp::word*>(more_.back().get()), count};
}

block_ref message_arena::finish() {
  auto segments = getSegmentsForOutput();
  if (segments.size() == 1 && segments[0].begin() == block_->root()) {
    block_->seal(segments[0].size());
    return std::move(block_);
  }
  auto whole = copy_of(getRoot<capnp::AnyPointer>().asReader().getAs<capnp::AnyStruct>());
  whole->take_attachments(*block_.operator->());
  return whole;
}

block_ref copy_of(capnp::AnyStruct::Reader source) {
  const auto count = source.totalSize().wordCount + 1;  // one for the root pointer
  block_ref copy{message_block::make(count)};
  capnp::copyToUnchecked(source, copy->words());
  copy->seal(count);
  return copy;
}

}  // namespace troupe::wire_detail
