#pragma once

#include "runtime/wire/text.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Golden messages: bytes that a released version wrote, kept as lines `Kind hex text`. Every later version must read
/// them as the same message; what it prints may have more fields.
namespace troupe::test {

/// One line of a golden file.
struct golden {
  std::string kind;
  std::vector<std::uint8_t> bytes;
  std::string text;
};

inline std::vector<std::uint8_t> from_hex(const std::string& hex) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i + 2 <= hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

inline std::string to_hex(bytes_view bytes) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (auto b : bytes)
    (out += digits[b >> 4]) += digits[b & 15];
  return out;
}

inline std::vector<golden> read_golden(const std::string& path) {
  std::ifstream in{path};
  BOOST_REQUIRE_MESSAGE(in, "cannot read " + path);
  std::vector<golden> out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    std::istringstream words{line};
    golden g;
    std::string hex;
    words >> g.kind >> hex >> std::ws;
    std::getline(words, g.text);
    g.bytes = from_hex(hex);
    out.push_back(std::move(g));
  }
  BOOST_TEST(!out.empty());
  return out;
}

/// True when every field of `older` stands in `now`, in the same order.
inline bool says_at_least(std::string_view now, std::string_view older) {
  std::size_t from = 0;
  while (!older.empty()) {
    const auto end = older.find_first_of(",()[]");
    const auto field = older.substr(0, end);
    const auto at = now.find(field, from);
    if (at == std::string_view::npos)
      return false;
    from = at + field.size();
    older = end == std::string_view::npos ? std::string_view{} : older.substr(end + 1);
  }
  return true;
}

/// Decodes `g` as a T and compares it with what it said when it was written.
template <class T>
wire<T> check_golden(const golden& g) {
  auto message = wire<T>::from_bytes(g.bytes);
  BOOST_REQUIRE_MESSAGE(message, g.kind << ": " << (message ? std::string{} : render(message.error())));
  BOOST_TEST(says_at_least(to_text(*message), g.text), g.kind << ": " << to_text(*message) << " was " << g.text);
  return *message;
}

}  // namespace troupe::test
