#include "runtime/log/checkpoint_text.hpp"

#include "runtime/log/errors.hpp"

#include <string>

namespace troupe::log {

namespace {

error corrupt(std::string why) {
  return make_error(errc::corrupt_file, std::move(why));
}

// Every line ends in a line feed: one that does not was torn.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

}  // namespace

expected<std::vector<std::string_view>> checkpoint_lines(std::string_view content) {
  const auto version = take_line(content);
  if (!version)
    return corrupt("it is empty or cut short");
  if (*version != "0")
    return corrupt("its version is \"" + std::string{version->substr(0, 20)} + "\", not 0");
  const auto count_line = take_line(content);
  const auto count = count_line ? parse_number<std::size_t>(*count_line) : std::nullopt;
  if (!count)
    return corrupt("its second line is not a count");
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const auto line = take_line(content);
    if (!line)
      return corrupt("its last line is cut short");
    lines.push_back(*line);
  }
  if (lines.size() != *count)
    return corrupt("it promises " + std::to_string(*count) + " entries and has " + std::to_string(lines.size()));
  return lines;
}

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const auto space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos)
      return words;
    line.remove_prefix(space + 1);
  }
}

}  // namespace troupe::log
