#pragma once

#include "schema/kafka/all.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

/// What the tests of this folder share: messages with known or random content, and their bytes.
namespace troupe::kafka::test {

/// The bytes of `chunks`, which must all be in memory.
inline std::vector<std::uint8_t> bytes_of(const std::vector<chunk>& chunks) {
  const auto bytes = flatten(chunks);
  return {bytes.data(), bytes.data() + bytes.size()};
}

template <class Message>
std::vector<std::uint8_t> encoded(const Message& message, std::int16_t version) {
  writer out;
  message.encode(out, version);
  BOOST_TEST(out.ok(), out.failure());
  const auto announced = out.size_bytes();
  auto bytes = bytes_of(std::move(out).finish());
  BOOST_TEST(bytes.size() == announced);
  return bytes;
}

/// Runs `visit.template operator()<Message>(version)` for each message in each of its versions.
template <class Visitor>
void for_each_message_version(Visitor&& visit) {
  const auto all_versions = [&]<class Message>(const char* part) {
    for (std::int16_t version = Message::min_version; version <= Message::max_version; ++version)
      BOOST_TEST_CONTEXT(Message::api_name << ' ' << part << ", version " << version)
        visit.template operator()<Message>(version);
  };
  for_each_api([&]<class Request, class Response>() {
    all_versions.template operator()<Request>("request");
    all_versions.template operator()<Response>("response");
  });
  for_each_record([&]<class Key, class Value>() {
    all_versions.template operator()<Key>("key");
    all_versions.template operator()<Value>("value");
  });
}

/// Walks the fields that a version has and lets `Values` choose what goes in. Absent fields keep their defaults.
template <class Values>
class filler {
 public:
  filler(std::int16_t version, Values values) : version_(version), values_(std::move(values)) {}

  template <class Message>
  void fill(Message& message) {
    for_each_field(message, [this](const field_facts& facts, auto& field) {
      if (version_ < facts.first || version_ > facts.last)
        return;
      values_.next();
      set(field, version_ >= facts.nullable_first && version_ <= facts.nullable_last);
    });
  }

 private:
  template <class T>
  void set(std::optional<T>& field, bool nullable) {
    if (nullable && values_.is_null())
      field.reset();
    else
      set(field.emplace(), false);
  }
  template <class T>
  void set(std::vector<T>& field, bool) {
    field.resize(values_.element_count());
    for (auto& element : field) {
      values_.next();
      set(element, false);
    }
  }
  template <class T>
  void set(T& field, bool) {
    if constexpr (requires { field.decode(std::declval<reader&>(), version_); })
      fill(field);
    else
      values_.assign(field);
  }

  std::int16_t version_;
  Values values_;
};

/// The rule of golden/Golden.java: every field and element has the next number in it.
class counted_values {
 public:
  explicit counted_values(bool empty) : empty_(empty) {}

  void next() { ++counter_; }
  bool is_null() const { return empty_; }
  std::size_t element_count() const { return empty_ ? 0 : 2; }

  template <std::integral T>
  void assign(T& field) const { field = static_cast<T>(sizeof(T) == 1 ? counter_ % 100 : counter_); }
  void assign(bool& field) const { field = counter_ % 2 == 1; }
  void assign(double& field) const { field = static_cast<double>(counter_) + 0.5; }
  void assign(std::string& field) const { field = "s" + std::to_string(counter_); }
  void assign(byte_slice& field) const { field = byte_slice::copy_of(as_bytes("r" + std::to_string(counter_))); }
  void assign(record_set& field) const { assign(std::get<byte_slice>(field.parts.emplace_back())); }
  void assign(topic_id& field) const {
    for (std::size_t i = 0; i < 8; ++i)
      field.bytes[i] = field.bytes[i + 8] = static_cast<std::uint8_t>(counter_ >> (8 * (7 - i)));
  }

 private:
  bool empty_;
  std::int64_t counter_ = 0;
};

/// Anything, reproducible by its generator. `bytes_max` bounds each byte field.
class random_values {
 public:
  random_values(std::mt19937& generator, std::size_t bytes_max) : generator_(&generator), bytes_max_(bytes_max) {}

  void next() {}
  bool is_null() { return below(4) == 0; }
  std::size_t element_count() { return below(4); }

  template <std::integral T>
  void assign(T& field) {
    const auto bits = static_cast<std::uint64_t>((*generator_)()) << 32 | (*generator_)();
    field = static_cast<T>(below(4) == 0 ? below(3) - 1 : bits);
  }
  void assign(bool& field) { field = below(2) == 1; }
  void assign(double& field) { field = static_cast<double>(below(1000)) / 8; }
  void assign(std::string& field) {
    field.assign(below(below(8) == 0 ? 300 : 12), static_cast<char>(below(256)));
  }
  void assign(byte_slice& field) {
    std::vector<std::uint8_t> bytes(below(bytes_max_ + 1));
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>(below(256));
    field = byte_slice::adopt(std::move(bytes));
  }
  void assign(record_set& field) {
    byte_slice bytes;
    assign(bytes);
    if (!bytes.empty())
      field.parts.emplace_back(std::move(bytes));
  }
  void assign(topic_id& field) {
    for (auto& byte : field.bytes)
      byte = static_cast<std::uint8_t>(below(256));
  }

 private:
  std::size_t below(std::size_t bound) { return (*generator_)() % bound; }

  std::mt19937* generator_;
  std::size_t bytes_max_;
};

template <class Message>
Message random_message(std::int16_t version, std::mt19937& generator, std::size_t bytes_max) {
  Message message;
  filler{version, random_values{generator, bytes_max}}.fill(message);
  return message;
}

}  // namespace troupe::kafka::test
