#pragma once

#include "runtime/wire/wire.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace troupe {

/// Makes one `wire<T>`: set fields through `->`, attach bulk bytes, then `std::move(b).freeze()`. One allocation when
/// the message fits the first segment, which is exact for structs without pointers. Lives on the stack of one function.
template <class T>
class wire_builder {
 public:
  using builder = typename T::Builder;

  wire_builder() : wire_builder(first_words) {}
  /// For messages with lists or texts: room for about `words` words of 8 bytes at once.
  explicit wire_builder(std::size_t words)
      : arena_(std::max(words, first_words)), root_(arena_.template initRoot<T>()) {}

  wire_builder(const wire_builder&) = delete;
  wire_builder& operator=(const wire_builder&) = delete;

  builder* operator->() { return &root_; }
  builder& operator*() { return root_; }

  /// Adds an attachment and returns the index that refers to it.
  std::uint32_t attach(chunk part) { return arena_.attach(std::move(part)); }

  /// The finished message; this builder and all builders got from it must not be used afterwards.
  wire<T> freeze() && { return wire<T>{arena_.finish()}; }

 private:
  static constexpr std::size_t pointer_words = 40;  // room for a few short texts and lists
  static constexpr std::size_t first_words =
    1 + capnp::sizeInWords<T>() + (capnp::_::structSize<T>().pointers > 0 ? pointer_words : 0);

  wire_detail::message_arena arena_;
  builder root_;
};

}  // namespace troupe
