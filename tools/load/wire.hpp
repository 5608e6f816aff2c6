#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::load {

/// The error codes that members of groups act upon (Kafka's protocol guide).
namespace code {
constexpr std::int16_t none = 0;
constexpr std::int16_t coordinator_load_in_progress = 14;
constexpr std::int16_t coordinator_not_available = 15;
constexpr std::int16_t not_coordinator = 16;
constexpr std::int16_t illegal_generation = 22;
constexpr std::int16_t unknown_member_id = 25;
constexpr std::int16_t rebalance_in_progress = 27;
constexpr std::int16_t member_id_required = 79;
constexpr std::int16_t fenced_member_epoch = 110;
constexpr std::int16_t stale_member_epoch = 113;
}  // namespace code

/// Which request, in which version, and whether that version is one of the flexible ones (KIP-482).
struct api {
  std::int16_t key;
  std::int16_t version;
  bool flexible;
};

/// Puts a request together, field by field. Strings and arrays are compact ones where the version is flexible.
class request {
 public:
  explicit request(api what) : what_(what) {}

  request& i8(std::int8_t value);
  request& i16(std::int16_t value);
  request& i32(std::int32_t value);
  request& i64(std::int64_t value);
  request& text(std::string_view value);
  request& no_text();
  request& bytes(std::string_view value);
  /// Bytes without a length: ids.
  request& raw(std::string_view value);
  /// Before the elements of an array.
  request& count(std::size_t elements);
  request& no_array();
  /// After the last field of a structure: no tagged fields.
  request& end();

  api what() const { return what_; }
  /// What was put in so far, without a header.
  const std::string& fields() const { return fields_; }
  /// The size, the header with `correlation`, and the fields.
  std::string framed(std::int32_t correlation) const;

 private:
  void length(std::int64_t value, bool narrow);

  api what_;
  std::string fields_;
};

/// Takes an answer apart, field by field. Throws `std::runtime_error` when it ends too early.
class answer {
 public:
  answer(std::string_view fields, bool flexible) : rest_(fields), flexible_(flexible) {}

  std::int8_t i8();
  std::int16_t i16();
  std::int32_t i32();
  std::int64_t i64();
  /// Empty for null, too.
  std::string_view text();
  std::string_view bytes();
  std::string_view raw(std::size_t size);
  /// Elements of the array that begins here; none for null.
  std::size_t count();
  /// After the last field of a structure.
  void end();

 private:
  std::uint64_t varint();
  std::int64_t length(bool narrow);

  std::string_view rest_;
  bool flexible_;
};

}  // namespace troupe::load
