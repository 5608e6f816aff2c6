#include "runtime/wire/shape.hpp"

#include <capnp/dynamic.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace troupe::wire_detail {

/// What a pointer must lead to.
struct struct_shape::target {
  capnp::schema::Type::Which kind;
  capnp::ListSchema list;                 ///< of lists
  std::shared_ptr<const target> element;  ///< of lists whose elements are or have pointers
  const struct_shape* shape = nullptr;    ///< of structs
};

namespace {

constexpr std::uint16_t no_discriminant = capnp::schema::Field::NO_DISCRIMINANT;

struct shape_table {
  std::mutex lock;
  std::unordered_map<std::uint64_t, std::unique_ptr<struct_shape>> by_type;
};

shape_table& shapes() {
  static shape_table table;
  return table;
}

}  // namespace

const struct_shape& struct_shape::of(capnp::StructSchema schema) {
  const std::lock_guard guard{shapes().lock};
  return find_or_make(schema);
}

struct_shape& struct_shape::find_or_make(capnp::StructSchema schema) {
  auto& slot = shapes().by_type[schema.getProto().getId()];
  if (!slot) {
    slot = std::make_unique<struct_shape>();
    auto& made = *slot;  // the slot may move while the fields are looked at; a struct may contain itself
    made.name_ = schema.getShortDisplayName().cStr();
    made.add_fields(schema, {});
    return made;
  }
  return *slot;
}

void struct_shape::add_fields(capnp::StructSchema schema, const std::vector<guard>& guards) {
  const auto discriminant_at = schema.getProto().getStruct().getDiscriminantOffset();
  for (auto field : schema.getFields()) {
    const auto proto = field.getProto();
    auto own = guards;
    if (proto.getDiscriminantValue() != no_discriminant)
      own.push_back({discriminant_at, proto.getDiscriminantValue()});
    if (proto.isGroup())
      add_fields(field.getType().asStruct(), own);
    else if (auto leads_to = target_of(field.getType()))
      pointers_.push_back({proto.getSlot().getOffset(), std::move(own), std::move(leads_to)});
  }
}

std::shared_ptr<const struct_shape::target> struct_shape::target_of(capnp::Type type) {
  using kind = capnp::schema::Type;
  switch (type.which()) {
    case kind::TEXT:
    case kind::DATA:
      return std::make_shared<const target>(target{type.which(), {}, nullptr, nullptr});
    case kind::STRUCT:
      return std::make_shared<const target>(target{type.which(), {}, nullptr, &find_or_make(type.asStruct())});
    case kind::LIST: {
      const auto list = type.asList();
      return std::make_shared<const target>(target{type.which(), list, target_of(list.getElementType()), nullptr});
    }
    default:
      return nullptr;  // lies in the data section, or is a pointer to anything
  }
}

bool struct_shape::in_use(const pointer& p, capnp::Data::Reader data) {
  return std::all_of(p.guards.begin(), p.guards.end(), [data](const guard& g) {
    const auto at = std::size_t{g.discriminant_at} * 2;
    const auto value = at + 2 <= data.size() ? data[at] | data[at + 1] << 8 : 0;
    return value == g.value;
  });
}

void struct_shape::check(capnp::AnyStruct::Reader value) const {
  if (pointers_.empty())
    return;
  const auto there = value.getPointerSection();
  const auto data = value.getDataSection();
  for (const auto& p : pointers_)
    if (p.index < there.size() && in_use(p, data))
      check(there[p.index], *p.leads_to);
}

void struct_shape::check(capnp::AnyPointer::Reader value, const target& expected) {
  if (value.isNull())
    return;
  switch (expected.kind) {
    case capnp::schema::Type::TEXT:
      value.getAs<capnp::Text>();
      return;
    case capnp::schema::Type::DATA:
      value.getAs<capnp::Data>();
      return;
    case capnp::schema::Type::STRUCT:
      expected.shape->check(value.getAs<capnp::AnyStruct>());
      return;
    default:
      break;
  }
  value.getAs<capnp::DynamicList>(expected.list);  // the size of the elements
  if (!expected.element)
    return;
  const auto items = value.getAs<capnp::AnyList>();
  if (expected.element->kind == capnp::schema::Type::STRUCT) {
    for (auto item : items.as<capnp::List<capnp::AnyStruct>>())
      expected.element->shape->check(item);
    return;
  }
  for (auto item : items.as<capnp::List<capnp::AnyPointer>>())
    check(item, *expected.element);
}

}  // namespace troupe::wire_detail
