#include "runtime/config/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace troupe::config {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view a, std::string_view b, bool ignore_case) {
  return std::ranges::equal(a, b, [=](char x, char y) { return ignore_case ? lower(x) == lower(y) : x == y; });
}

/// A number as a person writes it: no exponent where it is whole.
std::string show(double number) {
  if (number == std::floor(number) && std::abs(number) < 9e15)
    return std::to_string(static_cast<std::int64_t>(number));
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

std::string spaced(std::string_view words) {
  std::string out;
  for (char c : words)
    out += c == '|' ? std::string{", "} : std::string{c};
  return out;
}

bool is_one_of(const allowed_values& allowed, std::string_view word) {
  auto rest = allowed.words;
  while (!rest.empty()) {
    auto bar = rest.find('|');
    if (same(rest.substr(0, bar), word, allowed.ignore_case))
      return true;
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);
  }
  return false;
}

bool in_range(const allowed_values& allowed, double number) {
  return (number >= allowed.low && number <= allowed.high) || (allowed.exception && number == *allowed.exception);
}

bool integer_fits(const setting& s, std::string_view text) {
  auto number = parse_integer(text);
  if (!number)
    return false;
  auto within = [n = *number]<class T>(T) {
    return n >= std::numeric_limits<T>::min() && n <= std::numeric_limits<T>::max();
  };
  bool fits = s.type == value_type::int16   ? within(std::int16_t{})
              : s.type == value_type::int32 ? within(std::int32_t{})
                                            : true;
  return fits && in_range(s.allowed, static_cast<double>(*number));
}

bool list_fits(const setting& s, std::string_view text) {
  auto entries = split_list(text);
  if (s.allowed.non_empty && entries.empty())
    return false;
  if (std::ranges::find(entries, "") != entries.end())
    return false;
  return s.allowed.words.empty() ||
         std::ranges::all_of(entries, [&](const auto& entry) { return is_one_of(s.allowed, entry); });
}

bool fits(const setting& s, std::string_view text) {
  switch (s.type) {
    case value_type::boolean:
      return parse_boolean(text).has_value();
    case value_type::int16:
    case value_type::int32:
    case value_type::int64:
      return integer_fits(s, text);
    case value_type::float64: {
      auto number = parse_real(text);
      return number && in_range(s.allowed, *number);
    }
    case value_type::list:
      return list_fits(s, text);
    case value_type::string:
    case value_type::class_name:
    case value_type::password:
      if (s.allowed.non_empty && trimmed(text).empty())
        return false;
      return s.allowed.words.empty() || is_one_of(s.allowed, trimmed(text));
  }
  return false;
}

std::string_view type_words(value_type type) {
  switch (type) {
    case value_type::boolean: return "true or false";
    case value_type::int16: return "a 16-bit integer";
    case value_type::int32: return "a 32-bit integer";
    case value_type::int64: return "a 64-bit integer";
    case value_type::float64: return "a number";
    case value_type::list: return "a list, separated by commas";
    case value_type::class_name: return "the name of a class";
    case value_type::password: return "a secret";
    case value_type::string: break;
  }
  return "a text";
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  auto from = text.find_first_not_of(" \t\r\n\f");
  if (from == std::string_view::npos)
    return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n\f") - from + 1);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> entries;
  text = trimmed(text);
  while (!text.empty()) {
    auto comma = text.find(',');
    entries.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos)
      break;
    text = text.substr(comma + 1);
    if (text.empty())
      entries.emplace_back();
  }
  return entries;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-')
    text.remove_prefix(1);
  std::int64_t number = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::optional<double> parse_real(std::string_view text) {
  text = trimmed(text);
  double number = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || std::isnan(number))
    return std::nullopt;
  return number;
}

std::optional<bool> parse_boolean(std::string_view text) {
  text = trimmed(text);
  if (same(text, "true", true))
    return true;
  if (same(text, "false", true))
    return false;
  return std::nullopt;
}

std::string normalised(value_type type, std::string_view text) {
  switch (type) {
    case value_type::boolean:
      return parse_boolean(text).value_or(false) ? "true" : "false";
    case value_type::int16:
    case value_type::int32:
    case value_type::int64:
      return std::to_string(parse_integer(text).value_or(0));
    case value_type::list: {
      std::string joined;
      for (auto& entry : split_list(text))
        joined += (joined.empty() ? "" : ",") + entry;
      return joined;
    }
    case value_type::password:
      return std::string{text};
    default:
      return std::string{trimmed(text)};
  }
}

error check_value(const setting& s, std::string_view text) {
  if (fits(s, text))
    return {};
  auto shown = s.sensitive() ? std::string{"(hidden)"} : '"' + std::string{text} + '"';
  return make_error(errc::bad_value, std::string{s.key} + ": " + shown + " is not allowed; it must be " +
                                       describe_allowed(s));
}

std::string describe_allowed(const setting& s) {
  auto& allowed = s.allowed;
  if (!allowed.words.empty())
    return (s.type == value_type::list ? "a list of any of " : "one of ") + spaced(allowed.words);
  std::string out{type_words(s.type)};
  if (allowed.non_empty)
    out += " that is not empty";
  bool low = std::isfinite(allowed.low);
  bool high = std::isfinite(allowed.high);
  if (low && high)
    out += " from " + show(allowed.low) + " to " + show(allowed.high);
  else if (low)
    out += " of at least " + show(allowed.low);
  if (allowed.exception)
    out += ", or " + show(*allowed.exception);
  return out;
}

}  // namespace troupe::config
