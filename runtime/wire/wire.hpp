#pragma once

#include "runtime/wire/block.hpp"
#include "runtime/wire/errors.hpp"
#include "runtime/wire/shape.hpp"

#include <capnp/any.h>
#include <capnp/schema.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace troupe {

/// How much of a message from outside is believed.
struct wire_limits {
  std::size_t bytes_max = std::size_t{64} << 20;  ///< segments and segment table
  int nesting_max = 32;                           ///< structs and lists inside one another
};

namespace wire_detail {

/// Copies a flat message after checking bounds, limits and, by `shape`, the kind of every pointer: whoever reads the
/// copy cannot fail any more.
expected<block_ref> decode(bytes_view flat, const wire_limits& limits, const struct_shape& shape);

}  // namespace wire_detail

/// An immutable message of root type T (a struct of `schema/*.capnp`), shared by counting references: what actors send
/// each other, what journals keep. Copying is one atomic increment; any thread may hold and read one. Bulk bytes travel
/// beside the message as attachments, which fields of the schema refer to by index. Reading never fails and never
/// throws.
template <class T>
class wire {
 public:
  using reader = typename T::Reader;

  /// Lets `m->getX()` work on a reader that is made on the fly.
  class arrow {
   public:
    explicit arrow(reader r) : reader_(r) {}
    const reader* operator->() const { return &reader_; }

   private:
    reader reader_;
  };

  /// No message: reads as a T with all defaults.
  wire() = default;

  /// The message in `flat` (Cap'n Proto's stream encoding), checked as a whole and copied, so that `flat` is not needed
  /// afterwards. Errors: `too_large`, `malformed`. Fields of newer versions are kept.
  static expected<wire> from_bytes(bytes_view flat, const wire_limits& limits = {},
                                   std::vector<chunk> attachments = {}) {
    static const auto& shape = wire_detail::struct_shape::of(capnp::Schema::from<T>());
    auto block = wire_detail::decode(flat, limits, shape);
    if (!block)
      return block.error();
    for (auto& part : attachments)
      (*block)->attach(std::move(part));
    return wire{std::move(*block)};
  }

  /// A message of its own with what `source` reads, which must be part of a message that can be trusted.
  static wire copy_of(reader source) {
    return wire{wire_detail::copy_of(capnp::AnyStruct::Reader{source})};
  }

  reader operator*() const { return block_ ? capnp::readMessageUnchecked<T>(block_->root()) : reader{}; }
  arrow operator->() const { return arrow{**this}; }
  explicit operator bool() const { return static_cast<bool>(block_); }

  /// The attachment with that index; an empty one when there is none, as for indices that mean "nothing".
  const chunk& attachment(std::uint32_t index) const {
    return block_ ? block_->attachment(index) : wire_detail::no_chunk();
  }
  std::uint32_t attachment_count() const { return block_ ? block_->attachment_count() : 0; }

  /// The stream encoding without the attachments: always one segment, a multiple of 8 bytes, and not a copy.
  byte_slice to_bytes() const {
    return block_ ? byte_slice{std::make_shared<wire_detail::block_ref>(block_), block_->flat()} : byte_slice{};
  }

  /// The same message in memory, not one of equal content.
  bool is_same(const wire& other) const { return block_ == other.block_; }

 private:
  template <class>
  friend class wire_builder;
  explicit wire(wire_detail::block_ref block) : block_(std::move(block)) {}

  wire_detail::block_ref block_;
};

}  // namespace troupe
