#include "runtime/config/properties.hpp"

#include <cstdint>
#include <optional>

namespace troupe::config {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}

/// Natural lines of a text; `\n`, `\r` and `\r\n` end one.
class line_reader {
 public:
  explicit line_reader(std::string_view text) : rest_(text) {}

  bool next(std::string_view& line) {
    if (rest_.empty())
      return false;
    ++number_;
    auto end = rest_.find_first_of("\r\n");
    line = rest_.substr(0, end);
    if (end == std::string_view::npos)
      rest_ = {};
    else
      rest_.remove_prefix(end + (rest_.substr(end, 2) == "\r\n" ? 2 : 1));
    return true;
  }

  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

std::string_view without_leading_blanks(std::string_view line) {
  while (!line.empty() && is_blank(line.front()))
    line.remove_prefix(1);
  return line;
}

/// An odd number of backslashes at the end: the next line goes on.
bool is_continued(std::string_view line) {
  std::size_t count = 0;
  while (count < line.size() && line[line.size() - 1 - count] == '\\')
    ++count;
  return count % 2 == 1;
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::optional<std::uint32_t> hex_digits(std::string_view four) {
  if (four.size() != 4)
    return std::nullopt;
  std::uint32_t value = 0;
  for (char c : four) {
    auto digit = std::string_view{"0123456789abcdef"}.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
    if (digit == std::string_view::npos)
      return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

/// The text that `raw` stands for; none when a `\u` is not followed by four hexadecimal digits.
std::optional<std::string> unescaped(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 == raw.size()) {
      out += raw[i];
      continue;
    }
    char c = raw[++i];
    if (c == 'u') {
      auto code = hex_digits(raw.substr(i + 1, 4));
      if (!code)
        return std::nullopt;
      append_utf8(out, *code);
      i += 4;
    } else {
      out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
    }
  }
  return out;
}

/// Where the key of a logical line ends: at the first `=`, `:` or blank without a backslash before it.
std::size_t end_of_key(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '=' || line[i] == ':' || is_blank(line[i]))
      return i;
  }
  return line.size();
}

expected<property> parse_line(std::string_view line, int number, const std::string& place) {
  auto cut = end_of_key(line);
  auto rest = without_leading_blanks(line.substr(cut));
  if (cut == 0)
    return make_error(errc::malformed_line, place + ": there is no key before \"" + std::string{line.substr(0, 1)} +
                                              "\"; write key=value");
  if (cut == line.size())
    return make_error(errc::malformed_line, place + ": \"" + std::string{line} + "\" has no value; write key=value");
  if (!rest.empty() && (rest.front() == '=' || rest.front() == ':'))
    rest = without_leading_blanks(rest.substr(1));
  auto key = unescaped(line.substr(0, cut));
  auto value = unescaped(rest);
  if (!key || !value)
    return make_error(errc::malformed_line, place + ": \\u must be followed by four hexadecimal digits");
  return property{std::move(*key), std::move(*value), number};
}

}  // namespace

expected<std::vector<property>> parse_properties(std::string_view text, std::string_view name) {
  std::vector<property> all;
  line_reader lines{text};
  std::string_view line;
  while (lines.next(line)) {
    line = without_leading_blanks(line);
    if (line.empty() || line.front() == '#' || line.front() == '!')
      continue;
    int first = lines.number();
    std::string logical{line};
    while (is_continued(logical)) {
      logical.pop_back();
      if (!lines.next(line))
        break;
      logical += without_leading_blanks(line);
    }
    auto parsed = parse_line(logical, first, std::string{name} + ":" + std::to_string(first));
    if (!parsed)
      return parsed.error();
    all.push_back(std::move(*parsed));
  }
  return all;
}

}  // namespace troupe::config
