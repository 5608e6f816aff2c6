#include "runtime/log/partition_metadata.hpp"

#include "runtime/log/log_home.hpp"

namespace troupe::log {

namespace {

constexpr std::size_t metadata_bytes_max = 4096;
constexpr std::size_t id_characters = 22;
constexpr std::string_view key = "topic_id: ";

}  // namespace

std::string encode_partition_metadata(const topic_id& topic) {
  return "version: 0\n" + std::string{key} + to_string(topic);
}

expected<std::string> read_partition_topic(disk& on, const std::string& directory) {
  const auto path = directory + "/" + std::string{metadata_file_name};
  const auto there = on.exists(path);
  if (!there)
    return there.error();
  if (!*there)
    return std::string{};
  const auto content = read_file(on, path, metadata_bytes_max);
  if (!content)
    return content.error();
  const auto text = as_text(*content);
  const auto at = text.find(key);
  if (at == std::string_view::npos)
    return std::string{};
  const auto id = text.substr(at + key.size(), id_characters);
  return id.size() == id_characters ? std::string{id} : std::string{};
}

}  // namespace troupe::log
