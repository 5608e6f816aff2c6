#pragma once

#include "runtime/base/chunk.hpp"

#include <capnp/any.h>
#include <capnp/common.h>
#include <capnp/message.h>
#include <kj/common.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

/// What stands behind `wire<T>` whatever T is. Nothing here is for use outside this folder.
namespace troupe::wire_detail {

/// What an absent attachment reads as.
const chunk& no_chunk();

/// The memory of one message: counter, attachments, and in the same allocation the segment table and the words, so that
/// the flat encoding lies there ready. Written by one owner, immutable from `seal` on, then shared by any thread.
class message_block {
 public:
  /// With room for `word_count` zeroed words and one reference.
  static message_block* make(std::size_t word_count);

  kj::ArrayPtr<capnp::word> words() { return {first_word(), word_count_}; }
  const capnp::word* root() const { return first_word(); }

  /// The message takes `used` words; writes the segment table.
  void seal(std::size_t used);
  /// Segment table and words as one piece.
  bytes_view flat() const;

  std::uint32_t attach(chunk part);
  const chunk& attachment(std::uint32_t index) const;
  std::uint32_t attachment_count() const { return attached_; }
  void take_attachments(message_block& from);

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;

 private:
  explicit message_block(std::size_t word_count) : word_count_(static_cast<std::uint32_t>(word_count)) {}

  std::uint32_t* table() { return reinterpret_cast<std::uint32_t*>(this + 1); }
  const std::uint32_t* table() const { return reinterpret_cast<const std::uint32_t*>(this + 1); }
  capnp::word* first_word() { return reinterpret_cast<capnp::word*>(this + 1) + 1; }
  const capnp::word* first_word() const { return reinterpret_cast<const capnp::word*>(this + 1) + 1; }

  std::atomic<std::uint32_t> references_{1};
  std::uint32_t word_count_;
  std::uint32_t attached_ = 0;
  chunk first_;              // most messages have one attachment or none
  std::vector<chunk> more_;  // the others
};

/// A counted reference to a block; null when default made.
class block_ref {
 public:
  block_ref() = default;
  explicit block_ref(message_block* adopted) : block_(adopted) {}
  block_ref(const block_ref& other) : block_(other.block_) {
    if (block_)
      block_->retain();
  }
  block_ref(block_ref&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  block_ref& operator=(block_ref other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~block_ref() {
    if (block_)
      block_->release();
  }

  explicit operator bool() const { return block_ != nullptr; }
  message_block* operator->() const { return block_; }
  friend bool operator==(const block_ref&, const block_ref&) = default;

 private:
  message_block* block_ = nullptr;
};

/// Builds into a block, and into more memory when that is too small; `finish` leaves one block with one segment.
class message_arena final : public capnp::MessageBuilder {
 public:
  explicit message_arena(std::size_t first_segment_words) : block_(message_block::make(first_segment_words)) {}
  ~message_arena() noexcept(false) override = default;

  kj::ArrayPtr<capnp::word> allocateSegment(capnp::uint minimum_words) override;
  std::uint32_t attach(chunk part) { return block_->attach(std::move(part)); }
  block_ref finish();

 private:
  block_ref block_;
  bool first_given_ = false;
  std::size_t given_words_ = 0;
  std::vector<std::unique_ptr<std::uint64_t[]>> more_;
};

/// A block with a copy of `source`. Throws what Cap'n Proto throws when that is damaged or exceeds its reader's limits.
block_ref copy_of(capnp::AnyStruct::Reader source);

}  // namespace troupe::wire_detail
