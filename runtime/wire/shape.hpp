#pragma once

#include <capnp/any.h>
#include <capnp/schema.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::wire_detail {

/// Which pointers a struct of one schema has, and what kind of thing must be behind each: worked out once from the
/// schema, since asking the schema anew for every message costs more than all the rest of decoding.
class struct_shape {
 public:
  /// The shape of `schema`; lives as long as the program. From any thread.
  static const struct_shape& of(capnp::StructSchema schema);

  /// Name of the struct.
  const std::string& name() const { return name_; }

  /// Looks at everything in `value` that its readers may look at. Throws kj::Exception where a pointer leads to another
  /// kind of thing than the schema says. The depth is that of the message.
  void check(capnp::AnyStruct::Reader value) const;

 private:
  struct target;
  /// A union must have this member for a pointer to be in use.
  struct guard {
    std::uint32_t discriminant_at;  ///< in units of 2 bytes from the struct's begin
    std::uint16_t value;
  };
  struct pointer {
    std::uint32_t index;
    std::vector<guard> guards;
    std::shared_ptr<const target> leads_to;
  };

  static struct_shape& find_or_make(capnp::StructSchema schema);
  static std::shared_ptr<const target> target_of(capnp::Type type);
  static void check(capnp::AnyPointer::Reader value, const target& expected);
  static bool in_use(const pointer& p, capnp::Data::Reader data);
  void add_fields(capnp::StructSchema schema, const std::vector<guard>& guards);

  std::string name_;
  std::vector<pointer> pointers_;
};

}  // namespace troupe::wire_detail
