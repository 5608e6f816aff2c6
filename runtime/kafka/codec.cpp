#include "runtime/kafka/codec.hpp"

#include <array>
#include <limits>

namespace troupe::kafka {

namespace {

constexpr std::size_t short_string_bytes_max = std::numeric_limits<std::int16_t>::max();
constexpr std::size_t varint_bytes_max = 5;

const char* describe(fault why) {
  switch (why) {
    case fault::none: return "no fault";
    case fault::truncated: return "the message ends inside the field";
    case fault::null_not_allowed: return "null is not allowed in this version";
    case fault::negative_length: return "negative length";
    case fault::length_beyond_end: return "more bytes or elements announced than can follow";
    case fault::malformed_varint: return "malformed varint";
    case fault::too_many_tags: return "too many tagged fields";
    case fault::tag_size: return "tagged field does not fill its announced size";
    case fault::malformed_marker: return "presence byte is neither 1 nor -1";
    case fault::trailing_bytes: return "bytes follow the last field";
    case fault::unsupported_version: return "no such version";
  }
  return "unknown fault";
}

std::size_t encode_varint(std::uint32_t value, std::uint8_t* to) {
  std::size_t count = 0;
  for (; value >= 0x80; value >>= 7)
    to[count++] = static_cast<std::uint8_t>(value | 0x80);
  to[count++] = static_cast<std::uint8_t>(value);
  return count;
}

bool same_part(const chunk& a, const chunk& b) {
  if (a.index() != b.index())
    return false;
  if (const auto* bytes = std::get_if<byte_slice>(&a))
    return *bytes == std::get<byte_slice>(b);
  const auto& left = std::get<file_region>(a);
  const auto& right = std::get<file_region>(b);
  return left.source == right.source && left.position == right.position && left.size == right.size;
}

}  // namespace

// -- record_set -------------------------------------------------------------------------------------------------------

std::size_t record_set::size_bytes() const {
  std::size_t total = 0;
  for (const auto& part : parts)
    total += size_of(part);
  return total;
}

bool record_set::operator==(const record_set& other) const {
  return std::equal(parts.begin(), parts.end(), other.parts.begin(), other.parts.end(), same_part);
}

// -- reader -----------------------------------------------------------------------------------------------------------

std::string reader::failure() const {
  if (ok())
    return {};
  return std::string{failed_field_} + " at byte " + std::to_string(failed_at_) + " of " + std::to_string(frame_.size())
         + ": " + describe(fault_);
}

void reader::fail(fault why, const char* field) {
  if (!ok())
    return;
  fault_ = why;
  failed_field_ = field;
  failed_at_ = static_cast<std::size_t>(at_ - frame_.data());
  end_ = at_;
}

void reader::expect_end(const char* message) {
  if (ok() && at_ != end_)
    fail(fault::trailing_bytes, message);
}

void reader::read(bool& out, const char* field) {
  std::int8_t byte = 0;
  read(byte, field);
  out = byte != 0;
}

void reader::read(double& out, const char* field) {
  std::int64_t bits = 0;
  read(bits, field);
  out = std::bit_cast<double>(bits);
}

void reader::read(topic_id& out, const char* field) {
  if (left_bytes() < out.bytes.size())
    return fail(fault::truncated, field);
  std::copy_n(at_, out.bytes.size(), out.bytes.begin());
  at_ += out.bytes.size();
}

std::uint32_t reader::read_unsigned_varint(const char* field) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < varint_bytes_max; ++i) {
    if (at_ == end_) {
      fail(fault::truncated, field);
      return 0;
    }
    const std::uint8_t byte = *at_++;
    if (i == varint_bytes_max - 1 && byte > 0x0f)
      break;
    value |= static_cast<std::uint32_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80)
      return value;
  }
  fail(fault::malformed_varint, field);
  return 0;
}

std::int64_t reader::read_length(bool compact, bool short_length, bool nullable, std::size_t unit_bytes_min,
                                 const char* field) {
  std::int64_t length = 0;
  if (compact) {
    length = static_cast<std::int64_t>(read_unsigned_varint(field)) - 1;
  } else if (short_length) {
    std::int16_t value = 0;
    read(value, field);
    length = value;
  } else {
    std::int32_t value = 0;
    read(value, field);
    length = value;
  }
  if (!ok())
    return 0;
  if (length >= 0 && static_cast<std::uint64_t>(length) <= left_bytes() / unit_bytes_min) [[likely]]
    return length;
  if (length == -1 && nullable)
    return -1;
  fail(length == -1 ? fault::null_not_allowed : length < 0 ? fault::negative_length : fault::length_beyond_end, field);
  return 0;
}

byte_slice reader::cut(std::size_t count) {
  auto part = frame_.sub(static_cast<std::size_t>(at_ - frame_.data()), count);
  at_ += count;
  return part;
}

void reader::read_string(std::string& out, bool compact, const char* field) {
  const auto length = static_cast<std::size_t>(read_length(compact, true, false, 1, field));
  out.assign(reinterpret_cast<const char*>(at_), length);
  at_ += length;
}

void reader::read_string(std::optional<std::string>& out, bool compact, bool nullable, const char* field) {
  const auto length = read_length(compact, true, nullable, 1, field);
  if (length < 0)
    return out.reset();
  out.emplace(reinterpret_cast<const char*>(at_), static_cast<std::size_t>(length));
  at_ += length;
}

void reader::read_bytes(byte_slice& out, bool compact, const char* field) {
  out = cut(static_cast<std::size_t>(read_length(compact, false, false, 1, field)));
}

void reader::read_bytes(std::optional<byte_slice>& out, bool compact, bool nullable, const char* field) {
  const auto length = read_length(compact, false, nullable, 1, field);
  if (length < 0)
    return out.reset();
  out = cut(static_cast<std::size_t>(length));
}

void reader::read_records(record_set& out, bool compact, const char* field) {
  byte_slice bytes;
  read_bytes(bytes, compact, field);
  out.parts.clear();
  if (!bytes.empty())
    out.parts.emplace_back(std::move(bytes));
}

void reader::read_records(std::optional<record_set>& out, bool compact, bool nullable, const char* field) {
  std::optional<byte_slice> bytes;
  read_bytes(bytes, compact, nullable, field);
  out.reset();
  if (!bytes)
    return;
  out.emplace();
  if (!bytes->empty())
    out->parts.emplace_back(std::move(*bytes));
}

bool reader::read_presence(const char* field) {
  std::int8_t marker = 0;
  read(marker, field);
  if (marker != 1 && marker != -1)
    fail(fault::malformed_marker, field);
  return ok() && marker == 1;
}

std::uint32_t reader::read_tag_count(const char* field) {
  const auto count = read_unsigned_varint(field);
  if (count <= tags_max) [[likely]]
    return count;
  fail(fault::too_many_tags, field);
  return 0;
}

reader::tag reader::open_tag(const char* field) {
  const auto number = read_unsigned_varint(field);
  const auto size = read_unsigned_varint(field);
  tag opened{number, end_};
  if (size > left_bytes())
    fail(fault::length_beyond_end, field);
  else
    end_ = at_ + size;
  return opened;
}

void reader::close_tag(const tag& t, const char* field) {
  if (ok() && at_ != end_)
    fail(fault::tag_size, field);
  if (ok())
    end_ = t.outer_end;
}

void reader::skip_tags(const char* field) {
  for (auto count = read_tag_count(field); count > 0 && ok(); --count) {
    const auto opened = open_tag(field);
    skip_tag();
    close_tag(opened, field);
  }
}

// -- writer -----------------------------------------------------------------------------------------------------------

void writer::fail(std::string_view literal) {
  if (ok())
    failure_ = literal;
}

void writer::enlarge(std::size_t count) {
  unique_buffer larger{std::max(2 * buffer_.size(), used_ + count)};
  std::copy_n(buffer_.data(), used_, larger.data());
  buffer_ = std::move(larger);
}

void writer::append(bytes_view bytes) {
  auto* to = grow(bytes.size());
  std::copy(bytes.begin(), bytes.end(), to);
}

void writer::append(const byte_slice& bytes) {
  // Inside a tagged field positions still move, so nothing can be spliced there.
  if (bytes.size() >= splice_bytes_min && open_tags_ == 0)
    splice_in(bytes, bytes.size());
  else
    append(bytes.view());
}

void writer::append(const chunk& part) {
  if (const auto* bytes = std::get_if<byte_slice>(&part))
    return append(*bytes);
  if (open_tags_ > 0)
    return fail("records in a tagged field must be in memory");
  splice_in(part, size_of(part));
}

void writer::splice_in(const chunk& part, std::size_t size) {
  splices_.push_back({used_, part});
  spliced_bytes_ += size;
}

void writer::write(const topic_id& id) {
  append(bytes_view{id.bytes});
}

void writer::write_unsigned_varint(std::uint32_t value) {
  std::array<std::uint8_t, varint_bytes_max> bytes;
  const auto count = encode_varint(value, bytes.data());
  append(bytes_view{bytes.data(), count});
}

void writer::write_length(std::int64_t length, bool compact) {
  if (length >= std::numeric_limits<std::int32_t>::max())
    return fail("a length above 2 GiB");
  if (compact)
    write_unsigned_varint(static_cast<std::uint32_t>(length + 1));
  else
    write(static_cast<std::int32_t>(length));
}

void writer::write_string(std::string_view text, bool compact) {
  if (compact)
    write_length(static_cast<std::int64_t>(text.size()), true);
  else if (text.size() <= short_string_bytes_max)
    write(static_cast<std::int16_t>(text.size()));
  else
    return fail("a string of more than 32767 bytes, which this version of the message cannot carry");
  append(as_bytes(text));
}

void writer::write_string(const std::optional<std::string>& text, bool compact, bool nullable) {
  if (text || !nullable)
    return write_string(text ? std::string_view{*text} : std::string_view{}, compact);
  if (compact)
    write_length(-1, true);
  else
    write(std::int16_t{-1});
}

void writer::write_bytes(const byte_slice& bytes, bool compact) {
  write_length(static_cast<std::int64_t>(bytes.size()), compact);
  append(bytes);
}

void writer::write_bytes(const std::optional<byte_slice>& bytes, bool compact, bool nullable) {
  if (bytes)
    return write_bytes(*bytes, compact);
  write_length(nullable ? -1 : 0, compact);
}

void writer::write_records(const record_set& records, bool compact) {
  write_length(static_cast<std::int64_t>(records.size_bytes()), compact);
  for (const auto& part : records.parts)
    append(part);
}

void writer::write_records(const std::optional<record_set>& records, bool compact, bool nullable) {
  if (records)
    return write_records(*records, compact);
  write_length(nullable ? -1 : 0, compact);
}

std::size_t writer::open_tag(std::uint32_t number) {
  write_unsigned_varint(number);
  ++open_tags_;
  return used_;
}

void writer::close_tag(std::size_t mark) {
  --open_tags_;
  const auto size = used_ - mark;
  std::array<std::uint8_t, varint_bytes_max> prefix;
  const auto prefix_size = encode_varint(static_cast<std::uint32_t>(size), prefix.data());
  grow(prefix_size);
  auto* value = buffer_.data() + mark;
  std::memmove(value + prefix_size, value, size);
  std::copy_n(prefix.data(), prefix_size, value);
}

void writer::patch(std::size_t position, std::int32_t value) {
  auto bits = static_cast<std::uint32_t>(value);
  for (std::size_t i = 4; i-- > 0; bits >>= 8)
    buffer_.data()[position + i] = static_cast<std::uint8_t>(bits);
}

std::vector<chunk> writer::finish() && {
  const auto all = std::move(buffer_).freeze(used_);
  std::vector<chunk> out;
  out.reserve(2 * splices_.size() + 1);
  std::size_t from = 0;
  for (auto& part : splices_) {
    if (part.before > from)
      out.emplace_back(all.sub(from, part.before - from));
    from = part.before;
    out.push_back(std::move(part.part));
  }
  if (used_ > from)
    out.emplace_back(all.sub(from, used_ - from));
  splices_.clear();
  used_ = spliced_bytes_ = 0;
  return out;
}

}  // namespace troupe::kafka
