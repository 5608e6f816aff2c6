#include "runtime/log/offset_checkpoint.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/log/checkpoint_text.hpp"
#include "runtime/log/errors.hpp"

namespace troupe::log {

namespace {

constexpr std::size_t checkpoint_bytes_max = 256 * bounds::mib;  // about a million partitions

}  // namespace

std::vector<std::uint8_t> encode_offset_checkpoint(std::span<const offset_checkpoint_entry> entries) {
  std::string text = "0\n" + std::to_string(entries.size()) + "\n";
  for (const auto& e : entries)
    text += e.topic + " " + std::to_string(e.partition.value) + " " + std::to_string(e.at.value) + "\n";
  return {text.begin(), text.end()};
}

expected<std::vector<offset_checkpoint_entry>> decode_offset_checkpoint(const std::string& path, bytes_view content) {
  auto lines = checkpoint_lines(as_text(content));
  if (!lines)
    return with_context(path, lines.error());
  std::vector<offset_checkpoint_entry> entries;
  entries.reserve(lines->size());
  for (const auto& line : *lines) {
    const auto words = split_words(line);
    const auto partition = words.size() == 3 ? parse_number<std::int32_t>(words[1]) : std::nullopt;
    const auto at = words.size() == 3 ? parse_number<std::int64_t>(words[2]) : std::nullopt;
    if (!partition || !at || words[0].empty() || *partition < 0 || *at < 0)
      return make_error(errc::corrupt_file, path + ": line \"" + std::string{line}
                                              + "\" is not a topic, a partition and an offset");
    entries.push_back({std::string{words[0]}, partition_index{*partition}, offset{*at}});
  }
  return entries;
}

expected<std::vector<offset_checkpoint_entry>> read_offset_checkpoint(disk& on, const std::string& path) {
  const auto there = on.exists(path);
  if (!there)
    return there.error();
  if (!*there)
    return std::vector<offset_checkpoint_entry>{};
  const auto content = read_file(on, path, checkpoint_bytes_max);
  if (!content)
    return content.error();
  return decode_offset_checkpoint(path, *content);
}

error write_offset_checkpoint(disk& on, const std::string& path, std::span<const offset_checkpoint_entry> entries) {
  return replace_file(on, path, encode_offset_checkpoint(entries));
}

}  // namespace troupe::log
