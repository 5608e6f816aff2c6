#include "runtime/group/records.hpp"

#include "runtime/kafka/numbered.hpp"
#include "runtime/kafka/request.hpp"

#include <type_traits>

namespace troupe::group {

namespace {

constexpr std::int16_t key_version = 0;
constexpr std::int16_t plain_offset_version = 3;     // without the topic's id
constexpr std::int16_t offset_version = 4;
constexpr std::int16_t expiring_offset_version = 1;  // the only one that says when it expires
constexpr std::int16_t group_version = 3;

error malformed(const kafka::reader& from, std::int16_t type) {
  return make_error(kafka::errc::malformed,
                    "record of type " + std::to_string(type) + " in __consumer_offsets: " + from.failure());
}

template <class Record>
expected<any_record> read(kafka::reader& key, const std::optional<byte_slice>& value, std::int16_t type) {
  Record out;
  out.key.decode(key, key_version);
  key.expect_end("key");
  if (!key.ok())
    return malformed(key, type);
  if (!value)
    return any_record{std::move(out)};
  kafka::reader from{*value};
  std::int16_t version = 0;
  from.read(version, "version");
  out.value.emplace();
  if (from.ok())
    out.value->decode(from, version);
  from.expect_end("value");
  if (!from.ok())
    return malformed(from, type);
  return any_record{std::move(out)};
}

/// Calls `use.template operator()<Record>()` with the alternative of `any_record` whose type is `type`.
template <std::size_t At = 0, class Use, class Otherwise>
auto with_type(std::int16_t type, Use&& use, Otherwise&& otherwise) {
  using record = std::variant_alternative_t<At, any_record>;
  if constexpr (std::is_same_v<record, unknown_record>) {
    return otherwise();
  } else {
    using key = std::remove_cvref_t<decltype(std::declval<record>().key)>;
    if (key::record_type == type)
      return use.template operator()<record>();
    return with_type<At + 1>(type, use, otherwise);
  }
}

template <class Key, class Value>
log_record write(const typed_record<Key, Value>& record, std::int16_t version) {
  log_record out{kafka::numbered(Key::record_type, record.key, key_version), std::nullopt};
  if (record.value)
    out.value = kafka::numbered(version, *record.value, version);
  return out;
}

}  // namespace

expected<any_record> parse(const log_record& record) {
  kafka::reader key{record.key};
  std::int16_t type = 0;
  key.read(type, "type");
  if (!key.ok())
    return malformed(key, type);
  return with_type(
      type, [&]<class Record>() { return read<Record>(key, record.value, type); },
      [&]() -> expected<any_record> { return any_record{unknown_record{type}}; });
}

log_record to_log(const any_record& record, std::int16_t value_version) {
  return std::visit(
      [&]<class Record>(const Record& r) -> log_record {
        if constexpr (std::is_same_v<Record, unknown_record>)
          invariant_broken("known", "a record of an unknown type is written", __FILE__, __LINE__);
        else
          return write(r, value_version);
      },
      record);
}

log_record to_log(const offset_commit_record& record) {
  if (record.value && record.value->expire_timestamp != -1)
    return write(record, expiring_offset_version);
  return write(record, record.value && !record.value->topic_id.is_zero() ? offset_version : plain_offset_version);
}

log_record to_log(const group_record& record) {
  return write(record, group_version);
}

}  // namespace troupe::group
