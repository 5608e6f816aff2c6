#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// Borrowed bytes; the lender must outlive the view.
using bytes_view = std::span<const std::uint8_t>;

inline std::string_view as_text(bytes_view v) {
  return {reinterpret_cast<const char*>(v.data()), v.size()};
}

inline bytes_view as_bytes(std::string_view v) {
  return {reinterpret_cast<const std::uint8_t*>(v.data()), v.size()};
}

/// Immutable, counted bytes: a part of some buffer, kept alive by `owner`. Copying costs a reference count; any thread
/// may hold one. This is what record batches travel in, from the socket to the file and back.
class byte_slice {
 public:
  byte_slice() = default;
  byte_slice(std::shared_ptr<const void> owner, bytes_view part) : owner_(std::move(owner)), part_(part) {}

  /// A slice with a buffer of its own, filled from `from`.
  static byte_slice copy_of(bytes_view from);
  /// A slice that owns `buffer`.
  static byte_slice adopt(std::vector<std::uint8_t>&& buffer);

  const std::uint8_t* data() const { return part_.data(); }
  std::size_t size() const { return part_.size(); }
  bool empty() const { return part_.empty(); }
  bytes_view view() const { return part_; }
  operator bytes_view() const { return part_; }

  /// The part [from, from + count) with the same owner. The caller has checked that it lies inside.
  byte_slice sub(std::size_t from, std::size_t count) const { return {owner_, part_.subspan(from, count)}; }

  /// Same bytes, whoever owns them.
  friend bool operator==(const byte_slice& a, const byte_slice& b) { return as_text(a.part_) == as_text(b.part_); }

 private:
  std::shared_ptr<const void> owner_;
  bytes_view part_;
};

/// A buffer of fixed size whose bytes start uninitialised: one owner writes it, then it becomes a `byte_slice`.
class unique_buffer {
 public:
  unique_buffer() = default;
  explicit unique_buffer(std::size_t size);

  std::uint8_t* data() { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::span<std::uint8_t> span() { return {bytes_.get(), size_}; }

  /// Gives the first `count` bytes away as an immutable slice; this buffer is empty afterwards.
  byte_slice freeze(std::size_t count) &&;

 private:
  std::shared_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace troupe
