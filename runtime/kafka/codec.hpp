#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/base/chunk.hpp"
#include "runtime/base/ids.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The encodings that all messages of the Kafka protocol are made of. `reader` and `writer` are what the generated
/// structs of `schema/kafka` decode from and encode to; both are plain values without a thread of their own.
namespace troupe::kafka {

/// Tagged fields of one struct beyond this number are refused (KIP-482 sets no limit).
constexpr std::uint32_t tags_max = 64;
/// Bytes from this size on are handed to the socket as they are; shorter ones are copied beside their neighbours.
constexpr std::size_t splice_bytes_min = 4096;

/// Record batches in sending order, each in memory or in a file; what a Fetch response carries for a partition.
struct record_set {
  std::vector<chunk> parts;

  std::size_t size_bytes() const;
  bool empty() const { return size_bytes() == 0; }
  /// Equal parts in equal order; parts of files are equal when they are the same region of the same file.
  bool operator==(const record_set& other) const;
};

/// Why a message cannot be read.
enum class fault : std::uint8_t {
  none,
  truncated,             ///< the field ends after the message
  null_not_allowed,      ///< null in a version where the field must have a value
  negative_length,       ///< a length below -1
  length_beyond_end,     ///< more bytes or elements claimed than can follow
  malformed_varint,      ///< longer than five bytes or above 32 bits
  too_many_tags,         ///< more than `tags_max`
  tag_size,              ///< a tagged field that does not fill its announced size
  malformed_marker,      ///< presence byte of a struct that is none
  trailing_bytes,        ///< bytes after the last field
  unsupported_version,   ///< the struct has no such version
};

/// Decodes one message out of a frame. The first failure sticks: every later read yields defaults and touches nothing,
/// so that decoders need not check between fields. Never reads outside the frame, never throws on input, and allocates
/// in proportion to the bytes that are really there. `field` arguments are literals that name the field in failures.
class reader {
 public:
  /// Reads `frame` from its first byte. Byte and record fields are cut out of it and keep its buffer alive.
  explicit reader(byte_slice frame)
    : frame_(std::move(frame)), at_(frame_.data()), end_(frame_.data() + frame_.size()) {}

  bool ok() const { return fault_ == fault::none; }
  /// What was wrong, `fault::none` while `ok()`.
  fault why() const { return fault_; }
  /// Name of the field that failed, as `message.struct.field`; empty while `ok()`.
  std::string_view failed_field() const { return failed_field_; }
  /// A sentence with field, byte position and fault; empty while `ok()`.
  std::string failure() const;
  /// Bytes not read yet, inside the innermost tagged field.
  std::size_t left_bytes() const { return static_cast<std::size_t>(end_ - at_); }

  /// What is not read yet, for passing it on undecoded; shares the frame's buffer.
  byte_slice rest() const { return frame_.sub(static_cast<std::size_t>(at_ - frame_.data()), left_bytes()); }

  /// Records the first failure and makes all later reads fail.
  void fail(fault why, const char* field);
  /// Fails unless every byte was read; call it after the last field.
  void expect_end(const char* message);

  /// Big-endian two's complement.
  template <std::integral T>
  void read(T& out, const char* field) {
    if (left_bytes() < sizeof(T)) [[unlikely]]
      return fail(fault::truncated, field);
    if constexpr (sizeof(T) == 1) {
      out = static_cast<T>(*at_);
    } else {
      std::make_unsigned_t<T> bits = 0;
      for (std::size_t i = 0; i < sizeof(T); ++i)  // compiles to one load and a byte swap
        bits = static_cast<std::make_unsigned_t<T>>(bits << 8 | at_[i]);
      out = static_cast<T>(bits);
    }
    at_ += sizeof(T);
  }
  void read(bool& out, const char* field);
  void read(double& out, const char* field);
  void read(topic_id& out, const char* field);

  /// `compact` lengths are varints of length plus one (KIP-482); others are int16 for strings and int32 for the rest.
  void read_string(std::string& out, bool compact, const char* field);
  void read_string(std::optional<std::string>& out, bool compact, bool nullable, const char* field);
  void read_bytes(byte_slice& out, bool compact, const char* field);
  void read_bytes(std::optional<byte_slice>& out, bool compact, bool nullable, const char* field);
  /// The batches as they lie in the frame, one part.
  void read_records(record_set& out, bool compact, const char* field);
  void read_records(std::optional<record_set>& out, bool compact, bool nullable, const char* field);

  /// An array of numbers, ids, strings or structs. `element_bytes_min` is the least that one element can take on the
  /// wire: a count that cannot fit into the bytes left is refused before anything is allocated.
  template <class T>
  void read_array(std::vector<T>& out, std::int16_t version, bool compact, std::size_t element_bytes_min,
                  const char* field) {
    if (auto count = read_count(compact, false, element_bytes_min, field); count > 0)
      read_elements(out, static_cast<std::size_t>(count), version, compact, field);
    else
      out.clear();
  }
  template <class T>
  void read_array(std::optional<std::vector<T>>& out, std::int16_t version, bool compact, bool nullable,
                  std::size_t element_bytes_min, const char* field) {
    auto count = read_count(compact, nullable, element_bytes_min, field);
    if (count < 0)
      return out.reset();
    read_elements(out.emplace(), static_cast<std::size_t>(count), version, compact, field);
  }
  /// A struct that may be null, told by a presence byte. Call only in versions that allow null.
  template <class T>
  void read_struct(std::optional<T>& out, std::int16_t version, const char* field) {
    out.reset();
    if (read_presence(field))
      out.emplace().decode(*this, version);
  }
  /// The same as a tagged field, where the byte is 0 for null and 1 otherwise.
  template <class T>
  void read_tagged_struct(std::optional<T>& out, std::int16_t version, const char* field) {
    out.reset();
    const auto presence = read_unsigned_varint(field);
    if (presence > 1)
      fail(fault::malformed_marker, field);
    else if (presence == 1)
      out.emplace().decode(*this, version);
  }

  /// Seven bits a byte, the lowest first; at most five bytes.
  std::uint32_t read_unsigned_varint(const char* field);

  /// One tagged field: while it is open, nothing after it can be read.
  struct tag {
    std::uint32_t number = 0;
    const std::uint8_t* outer_end = nullptr;
  };
  /// Number of tagged fields that follow.
  std::uint32_t read_tag_count(const char* field);
  tag open_tag(const char* field);
  /// Leaves the field's bytes unread: unknown tags are legal and mean nothing to us.
  void skip_tag() { at_ = end_; }
  void close_tag(const tag& t, const char* field);
  /// For structs that know no tags in this version.
  void skip_tags(const char* field);

 private:
  /// -1 for an allowed null, otherwise the number of units of at least `unit_bytes_min` each; 0 after a failure.
  std::int64_t read_length(bool compact, bool short_length, bool nullable, std::size_t unit_bytes_min,
                           const char* field);
  std::int64_t read_count(bool compact, bool nullable, std::size_t element_bytes_min, const char* field) {
    return read_length(compact, false, nullable, element_bytes_min, field);
  }
  bool read_presence(const char* field);
  byte_slice cut(std::size_t count);

  template <class T>
  void read_elements(std::vector<T>& out, std::size_t count, std::int16_t version, bool compact, const char* field) {
    out.clear();
    // A large element may take few bytes on the wire: start with about what the frame weighs, then grow as they come.
    out.reserve(std::min(count, 8 + 2 * left_bytes() / sizeof(T)));
    for (std::size_t i = 0; i < count && ok(); ++i) {
      T& element = out.emplace_back();
      if constexpr (requires { element.decode(*this, version); })
        element.decode(*this, version);
      else if constexpr (std::same_as<T, std::string>)
        read_string(element, compact, field);
      else
        read(element, field);
    }
  }

  byte_slice frame_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;  // of the frame, or of the open tagged field
  const char* failed_field_ = "";
  std::size_t failed_at_ = 0;
  fault fault_ = fault::none;
};

/// Encodes one message. Small parts gather in one buffer; record batches and other long bytes are spliced in between
/// without a copy. A null in a version that has no null is written as the field's empty value. What cannot be written
/// at all (a string too long for the version) sticks as a failure: check `ok()` before sending.
class writer {
 public:
  /// `expected_bytes`: first size of the buffer, without the spliced parts.
  explicit writer(std::size_t expected_bytes = 512) : buffer_(expected_bytes) {}

  bool ok() const { return failure_.empty(); }
  /// A sentence about the first failure; empty while `ok()`.
  std::string_view failure() const { return failure_; }
  /// Records the first failure, a literal that says what cannot be written.
  void fail(std::string_view literal);

  /// Bytes written so far, spliced ones included.
  std::size_t size_bytes() const { return used_ + spliced_bytes_; }

  /// Big-endian two's complement.
  template <std::integral T>
  void write(T value) {
    auto* to = grow(sizeof(T));
    if constexpr (sizeof(T) == 1) {
      *to = static_cast<std::uint8_t>(value);
    } else {
      auto bits = static_cast<std::make_unsigned_t<T>>(value);
      for (std::size_t i = sizeof(T); i-- > 0; bits = static_cast<decltype(bits)>(bits >> 8))
        to[i] = static_cast<std::uint8_t>(bits);
    }
  }
  /// IEEE 754, big-endian.
  void write(double value) { write(std::bit_cast<std::int64_t>(value)); }
  /// Sixteen bytes.
  void write(const topic_id& id);

  /// Lengths as in `reader`.
  void write_string(std::string_view text, bool compact);
  void write_string(const std::optional<std::string>& text, bool compact, bool nullable);
  /// Spliced in from `splice_bytes_min` on, and then they must not change until they are sent.
  void write_bytes(const byte_slice& bytes, bool compact);
  void write_bytes(const std::optional<byte_slice>& bytes, bool compact, bool nullable);
  /// File regions are always spliced in.
  void write_records(const record_set& records, bool compact);
  void write_records(const std::optional<record_set>& records, bool compact, bool nullable);

  /// Numbers, ids, strings, or structs with an `encode`.
  template <class T>
  void write_array(const std::vector<T>& elements, std::int16_t version, bool compact) {
    write_length(static_cast<std::int64_t>(elements.size()), compact);
    for (const auto& element : elements) {
      if constexpr (requires { element.encode(*this, version); })
        element.encode(*this, version);
      else if constexpr (std::same_as<T, std::string>)
        write_string(element, compact);
      else
        write(element);
    }
  }
  template <class T>
  void write_array(const std::optional<std::vector<T>>& elements, std::int16_t version, bool compact, bool nullable) {
    if (elements)
      write_array(*elements, version, compact);
    else
      write_length(nullable ? -1 : 0, compact);
  }
  /// With a presence byte in front; for versions that allow null.
  template <class T>
  void write_struct(const std::optional<T>& value, std::int16_t version) {
    write(static_cast<std::int8_t>(value ? 1 : -1));
    if (value)
      value->encode(*this, version);
  }
  /// As `read_tagged_struct` reads it.
  template <class T>
  void write_tagged_struct(const std::optional<T>& value, std::int16_t version) {
    write_unsigned_varint(value ? 1 : 0);
    if (value)
      value->encode(*this, version);
  }

  /// As `read_unsigned_varint` reads it.
  void write_unsigned_varint(std::uint32_t value);

  /// Starts a tagged field; what is written until `close_tag` with the returned mark is its value.
  std::size_t open_tag(std::uint32_t number);
  void close_tag(std::size_t mark);

  /// Replaces the four bytes at `position` of an unspliced beginning, for lengths known only at the end.
  void patch(std::size_t position, std::int32_t value);
  /// Everything written, in order; the writer is empty afterwards.
  std::vector<chunk> finish() &&;

 private:
  struct splice {
    std::size_t before;  // position in buffer_ where it belongs
    chunk part;
  };

  /// A compact or int32 length; -1 is null.
  void write_length(std::int64_t length, bool compact);
  void append(bytes_view bytes);
  void append(const byte_slice& bytes);
  void append(const chunk& part);
  void splice_in(const chunk& part, std::size_t size);
  std::uint8_t* grow(std::size_t count) {
    if (buffer_.size() - used_ < count) [[unlikely]]
      enlarge(count);
    auto* to = buffer_.data() + used_;
    used_ += count;
    return to;
  }
  void enlarge(std::size_t count);

  unique_buffer buffer_;
  std::size_t used_ = 0;
  std::vector<splice> splices_;
  std::size_t spliced_bytes_ = 0;
  unsigned open_tags_ = 0;
  std::string_view failure_;
};

/// What is known of one field of a generated struct; the second argument of visitors is the field itself.
/// Versions are cut to those of the message; an empty range (first > last) means never.
struct field_facts {
  const char* name;
  std::int16_t first, last;                    ///< versions that have the field
  std::int16_t nullable_first, nullable_last;  ///< versions in which it may be null
  std::int32_t tag;                            ///< -1 when it is not tagged
};

}  // namespace troupe::kafka
