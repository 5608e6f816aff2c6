#include "runtime/wire/wire.hpp"

#include <capnp/dynamic.h>
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

void touch(const capnp::DynamicValue::Reader& value);

/// Reads every pointer as the kind that the schema says, which throws where the message has another one.
void touch_struct(const capnp::DynamicStruct::Reader& value) {
  for (auto field : value.getSchema().getNonUnionFields())
    touch(value.get(field));
  KJ_IF_MAYBE(active, value.which())
    touch(value.get(*active));
}

void touch(const capnp::DynamicValue::Reader& value) {
  if (value.getType() == capnp::DynamicValue::STRUCT)
    return touch_struct(value.as<capnp::DynamicStruct>());
  if (value.getType() != capnp::DynamicValue::LIST)
    return;
  auto list = value.as<capnp::DynamicList>();
  const auto element = list.getSchema().whichElementType();
  const bool has_pointers = element == capnp::schema::Type::STRUCT || element == capnp::schema::Type::LIST
                            || element == capnp::schema::Type::TEXT || element == capnp::schema::Type::DATA;
  if (has_pointers)
    for (auto item : list)
      touch(item);
}

block_ref checked_copy(kj::ArrayPtr<const capnp::word> words, const wire_limits& limits, capnp::StructSchema schema) {
  constexpr std::size_t slack_words = 1024;  // for lists of empty elements, which count although they take no room
  // Measuring and copying read each word once.
  capnp::ReaderOptions options{.traversalLimitInWords = 2 * words.size() + slack_words,
                               .nestingLimit = limits.nesting_max};
  capnp::FlatArrayMessageReader source{words, options};
  KJ_REQUIRE(source.getEnd() == words.end(), "bytes follow the message");
  auto root = source.getRoot<capnp::AnyPointer>();
  KJ_REQUIRE(root.isStruct(), "the root is not a struct");
  auto copy = copy_of(root.getAs<capnp::AnyStruct>());
  capnp::AnyPointer::Reader trusted{capnp::_::PointerReader::getRootUnchecked(copy->root())};
  touch_struct(trusted.getAs<capnp::DynamicStruct>(schema));
  return copy;
}

}  // namespace

expected<block_ref> decode(bytes_view flat, const wire_limits& limits, capnp::StructSchema schema) {
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
  KJ_IF_MAYBE(failed, kj::runCatchingExceptions([&] { copy = checked_copy(words, limits, schema); }))
    return make_error(wire_errc::malformed, std::string{"not a valid "} + schema.getShortDisplayName().cStr() + ": "
                                              + failed->getDescription().cStr());
  return copy;
}

}  // namespace wire_detail

}  // namespace troupe
