#include "tools/load/wire.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>

namespace troupe::load {

namespace {

constexpr std::string_view client_id = "troupe_load";

template <class T>
T swapped(T value) {
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  else if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  else if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  else
    return value;
}

template <class T>
T big_endian(T value) {
  return std::endian::native == std::endian::big ? value : swapped(value);
}

template <class T>
void put(std::string& out, T value) {
  value = big_endian(value);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

template <class T>
T take(std::string_view& from) {
  if (from.size() < sizeof(T))
    throw std::runtime_error("an answer ends too early");
  T value;
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return big_endian(value);
}

}  // namespace

request& request::i8(std::int8_t value) { return put(fields_, value), *this; }
request& request::i16(std::int16_t value) { return put(fields_, value), *this; }
request& request::i32(std::int32_t value) { return put(fields_, value), *this; }
request& request::i64(std::int64_t value) { return put(fields_, value), *this; }

/// Lengths are a varint of one more than they are where the version is flexible; -1 stands for null.
void request::length(std::int64_t value, bool narrow) {
  if (what_.flexible)
    put_varint(fields_, static_cast<std::uint64_t>(value + 1));
  else if (narrow)
    put(fields_, static_cast<std::int16_t>(value));
  else
    put(fields_, static_cast<std::int32_t>(value));
}

request& request::text(std::string_view value) {
  length(static_cast<std::int64_t>(value.size()), true);
  fields_ += value;
  return *this;
}

request& request::no_text() { return length(-1, true), *this; }

request& request::bytes(std::string_view value) {
  length(static_cast<std::int64_t>(value.size()), false);
  fields_ += value;
  return *this;
}

request& request::raw(std::string_view value) {
  fields_ += value;
  return *this;
}

request& request::count(std::size_t elements) { return length(static_cast<std::int64_t>(elements), false), *this; }
request& request::no_array() { return length(-1, false), *this; }

request& request::end() {
  if (what_.flexible)
    fields_.push_back(0);
  return *this;
}

std::string request::framed(std::int32_t correlation) const {
  std::string header;
  put(header, what_.key);
  put(header, what_.version);
  put(header, correlation);
  put(header, static_cast<std::int16_t>(client_id.size()));
  header += client_id;
  if (what_.flexible)
    header.push_back(0);
  std::string out;
  out.reserve(sizeof(std::int32_t) + header.size() + fields_.size());
  put(out, static_cast<std::int32_t>(header.size() + fields_.size()));
  return out += header += fields_;
}

std::int8_t answer::i8() { return take<std::int8_t>(rest_); }
std::int16_t answer::i16() { return take<std::int16_t>(rest_); }
std::int32_t answer::i32() { return take<std::int32_t>(rest_); }
std::int64_t answer::i64() { return take<std::int64_t>(rest_); }

std::uint64_t answer::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(i8());
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80)
      return value;
  }
  throw std::runtime_error("an answer has a varint that does not end");
}

std::int64_t answer::length(bool narrow) {
  if (flexible_)
    return static_cast<std::int64_t>(varint()) - 1;
  return narrow ? i16() : i32();
}

std::string_view answer::raw(std::size_t size) {
  if (rest_.size() < size)
    throw std::runtime_error("an answer ends too early");
  const auto value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

std::string_view answer::text() {
  const auto size = length(true);
  return size < 0 ? std::string_view{} : raw(static_cast<std::size_t>(size));
}

std::string_view answer::bytes() {
  const auto size = length(false);
  return size < 0 ? std::string_view{} : raw(static_cast<std::size_t>(size));
}

std::size_t answer::count() {
  const auto elements = length(false);
  return elements < 0 ? 0 : static_cast<std::size_t>(elements);
}

void answer::end() {
  if (!flexible_)
    return;
  for (auto tags = varint(); tags > 0; --tags) {
    varint();
    raw(static_cast<std::size_t>(varint()));
  }
}

}  // namespace troupe::load
