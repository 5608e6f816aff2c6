#include "runtime/wire/wire.hpp"

#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>
#include <string>

namespace troupe {

error make_error(wire_errc code, std::string text) {
  return domain_error(error_domain::wire, static_cast<std::uint8_t>(code), std::move(text));
}

namespace wire_detail {

namespace {

block_ref checked_copy(kj::ArrayPtr<const capnp::word> words, const wire_limits& limits, const struct_shape& shape) {
  constexpr std::size_t slack_words = 1024;  // for lists of empty elements, which count although they take no room
  // Measuring and copying read each word once.
  capnp::ReaderOptions options{.traversalLimitInWords = 2 * words.size() + slack_words,
                               .nestingLimit = limits.nesting_max};
  capnp::FlatArrayMessageReader source{words, options};
  KJ_REQUIRE(source.getEnd() == words.end(), "bytes follow the message");
  auto root = source.getRoot<capnp::AnyPointer>();
  KJ_REQUIRE(root.isStruct(), "the root is not a struct");
  auto copy = copy_of(root.getAs<capnp::AnyStruct>());
  shape.check(capnp::readMessageUnchecked<capnp::AnyPointer>(copy->root()).getAs<capnp::AnyStruct>());
  return copy;
}

}  // namespace

expected<block_ref> decode(bytes_view flat, const wire_limits& limits, const struct_shape& shape) {
  if (flat.size() > limits.bytes_max)
    return make_error(wire_errc::too_large, "message of " + std::to_string(flat.size()) + " bytes, only "
                                              + std::to_string(limits.bytes_max) + " are allowed");
  if (flat.size() % sizeof(capnp::word) != 0 || flat.empty())
    return make_error(wire_errc::malformed, "message of " + std::to_string(flat.size())
                                              + " bytes: the length is not a positive multiple of 8");
  const auto word_count = flat.size() / sizeof(capnp::word);
  auto words = kj::ArrayPtr<const capnp::word>{reinterpret_cast<const capnp::word*>(flat.data()), word_count};
  kj::Array<capnp::word> aligned;
  if (reinterpret_cast<std::uintptr_t>(flat.data()) % alignof(std::uint64_t) != 0) {
    aligned = kj::heapArray<capnp::word>(word_count);
    std::memcpy(aligned.begin(), flat.data(), flat.size());
    words = aligned;
  }
  block_ref copy;
  KJ_IF_MAYBE(failed, kj::runCatchingExceptions([&] { copy = checked_copy(words, limits, shape); }))
    return make_error(wire_errc::malformed, "not a valid " + shape.name() + ": "
                                              + failed->getDescription().cStr());
  return copy;
}

}  // namespace wire_detail

}  // namespace troupe
