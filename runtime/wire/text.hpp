#pragma once

#include "runtime/wire/wire.hpp"

#include <string>

namespace troupe {

namespace wire_detail {

/// One line of Cap'n Proto's text form, read by reflection.
std::string struct_text(capnp::AnyStruct::Reader value, capnp::StructSchema schema);

}  // namespace wire_detail

/// A part of a message as one line, e.g. `(offset = 5, maxBytes = 1024)`: for traces, tests and people. Not for
/// parsing.
template <class Reader>
std::string to_text(const Reader& value) {
  return wire_detail::struct_text(capnp::AnyStruct::Reader{value}, capnp::Schema::from<typename Reader::Reads>());
}

/// A whole message as one line, with the sizes of its attachments.
template <class T>
std::string to_text(const wire<T>& message) {
  auto text = wire_detail::struct_text(capnp::AnyStruct::Reader{*message}, capnp::Schema::from<T>());
  for (std::uint32_t i = 0; i < message.attachment_count(); ++i)
    text += (i == 0 ? " with attachments of " : ", ") + std::to_string(size_of(message.attachment(i)));
  return message.attachment_count() == 0 ? text : text + " bytes";
}

}  // namespace troupe
