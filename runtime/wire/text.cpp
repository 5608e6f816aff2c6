#include "runtime/wire/text.hpp"

#include <capnp/dynamic.h>

namespace troupe::wire_detail {

std::string struct_text(capnp::AnyStruct::Reader value, capnp::StructSchema schema) {
  auto text = kj::str(value.as<capnp::DynamicStruct>(schema));
  return {text.begin(), text.size()};
}

}  // namespace troupe::wire_detail
