#include "runtime/node/log_directory.hpp"

#include "runtime/config/properties.hpp"
#include "runtime/log/offset_checkpoint.hpp"
#include "runtime/node/errors.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace troupe {

namespace {

constexpr std::size_t small_file_bytes_max = 64 * 1024;

std::string properties_path(const std::string& directory) { return directory + "/meta.properties"; }

/// `topic-N` with a number behind the last dash.
bool is_partition_folder(std::string_view name) {
  const auto dash = name.find_last_of('-');
  return name != metadata_folder && dash != std::string_view::npos && dash > 0 && dash + 1 < name.size()
         && name.size() - dash <= 10
         && std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dash) + 1, name.end(),
                        [](char c) { return c >= '0' && c <= '9'; });
}

error claim(disk& on, random_source& random, log_directory& d, node_id self, const std::string& cluster_id) {
  const auto path = properties_path(d.path);
  auto there = on.exists(path);
  if (!there)
    return there.error();
  if (!*there) {
    d.cluster_id = cluster_id.empty() ? to_string(new_topic_id(random)) : cluster_id;
    d.id = new_topic_id(random);
    const auto text = "version=1\ncluster.id=" + d.cluster_id + "\nnode.id=" + std::to_string(self.value)
                      + "\ndirectory.id=" + to_string(d.id) + "\n";
    return replace_file(on, path, as_bytes(text));
  }
  auto content = read_file(on, path, small_file_bytes_max);
  if (!content)
    return content.error();
  auto found = config::parse_properties(as_text(*content), path);
  if (!found)
    return found.error();
  std::string owner;
  for (const auto& p : *found)
    if (p.key == "cluster.id")
      d.cluster_id = p.value;
    else if (p.key == "node.id")
      owner = p.value;
    else if (p.key == "directory.id")
      d.id = parse_topic_id(p.value).value_or(topic_id{});
  if (d.cluster_id.empty() || owner.empty() || d.id.is_zero())
    return make_error(node_errc::bad_start,
                      path + ": cluster.id, node.id or directory.id is missing; restore the file from a backup");
  if (owner != std::to_string(self.value))
    return make_error(node_errc::bad_start, path + ": the directory belongs to node " + owner + ", this is node "
                                              + std::to_string(self.value) + "; set node.id or log.dirs");
  if (!cluster_id.empty() && cluster_id != d.cluster_id)
    return make_error(node_errc::bad_start, path + ": the directory belongs to cluster " + d.cluster_id
                                              + ", the others of log.dirs to " + cluster_id);
  return {};
}

/// Reads one checkpoint; a damaged one is noted and counts as empty, so that more is verified, never less.
void read_checkpoint(disk& on, const std::string& path, log_directory& d, offset known_offsets::*member) {
  auto entries = log::read_offset_checkpoint(on, path);
  if (!entries) {
    d.notes.push_back(render(entries.error()) + "; its logs are verified from their start");
    d.clean = false;
    return;
  }
  for (const auto& e : *entries)
    d.offsets[partition_folder(e.topic, e.partition)].*member = e.at;
}

constexpr std::string_view epoch_key = "\"brokerEpoch\":";

/// The epoch in the text of a clean mark; -1 when there is none.
std::int64_t epoch_in(std::string_view text) {
  std::int64_t epoch = -1;
  if (const auto at = text.find(epoch_key); at != std::string_view::npos)
    std::from_chars(text.data() + at + epoch_key.size(), text.data() + text.size(), epoch);
  return epoch;
}

error take_clean_mark(disk& on, log_directory& d) {
  const auto path = clean_mark_path(d.path);
  auto there = on.exists(path);
  if (!there)
    return there.error();
  d.clean = *there;
  if (!d.clean)
    return {};
  if (auto content = read_file(on, path, small_file_bytes_max))
    d.clean_epoch = epoch_in(as_text(*content));
  if (auto failed = on.remove(path))
    return failed;
  return on.sync_directory(d.path);
}

error look_around(disk& on, log_directory& d) {
  auto entries = on.list(d.path);
  if (!entries)
    return entries.error();
  // The names that deleted folders have been given must not go back when some of their files are gone.
  const auto is_deleted = [](const auto& e) { return e.is_directory && e.name.ends_with(deleted_suffix); };
  if (std::any_of(entries->begin(), entries->end(), is_deleted))
    if (auto failed = on.sync_directory(d.path))
      return failed;
  for (const auto& e : *entries) {
    if (!e.is_directory)
      continue;
    if (e.name.ends_with(deleted_suffix)) {
      if (auto failed = on.remove_all(d.path + "/" + e.name))
        return failed;
      d.notes.push_back(d.path + "/" + e.name + ": finished a deletion that was cut short");
    } else if (is_partition_folder(e.name)) {
      d.partitions.insert(e.name);
    }
  }
  return {};
}

}  // namespace

expected<log_directory> open_log_directory(disk& on, random_source& random, const std::string& path, node_id self,
                                           const std::string& cluster_id) {
  log_directory d;
  d.path = path;
  if (auto failed = on.make_directories(path))
    return failed;
  // The parent may be one that this process cannot read, and the directory an old one.
  if (auto failed = on.sync_directory(parent_path(path)))
    d.notes.push_back(render(failed) + "; if the directory is new, a loss of power may take it away");
  auto lock = on.lock(path);
  if (!lock)
    return with_context("log.dirs " + path + ": another process uses it; stop it or name another directory",
                        lock.error());
  d.lock = std::move(*lock);
  if (auto failed = claim(on, random, d, self, cluster_id))
    return failed;
  if (auto failed = take_clean_mark(on, d))
    return failed;
  if (auto failed = look_around(on, d))
    return failed;
  read_checkpoint(on, recovery_checkpoint_path(path), d, &known_offsets::recovery_point);
  read_checkpoint(on, log_start_checkpoint_path(path), d, &known_offsets::log_start);
  read_checkpoint(on, cleaner_checkpoint_path(path), d, &known_offsets::cleaned_to);
  read_checkpoint(on, watermark_checkpoint_path(path), d, &known_offsets::high_watermark);
  return d;
}

expected<std::string> put_aside_foreign(disk& on, const std::string& folder, const topic_id& owner) {
  const auto path = folder + "/partition.metadata";
  auto there = on.exists(path);
  if (!there)
    return there.error();
  if (!*there)
    return std::string{};
  auto content = read_file(on, path, small_file_bytes_max);
  if (!content)
    return content.error();
  if (as_text(*content).find("topic_id: " + to_string(owner)) != std::string_view::npos)
    return std::string{};
  return put_aside(on, folder);
}

expected<std::string> put_aside(disk& on, const std::string& folder) {
  for (int n = 0;; ++n) {
    const auto to = folder + "." + std::to_string(n) + stray_suffix;
    auto taken = on.exists(to);
    if (!taken)
      return taken.error();
    if (*taken)
      continue;
    if (auto failed = on.rename(folder, to))
      return failed;
    if (auto failed = on.sync_directory(parent_path(folder)))
      return failed;
    return to;
  }
}

std::string future_folder(const std::string& directory, const std::string& folder, const topic_id& topic) {
  return directory + "/" + folder + "." + to_string(topic) + future_suffix;
}

namespace {

error settle_one(disk& on, std::vector<log_directory>& all, log_directory& in, const std::string& name) {
  const auto path = in.path + "/" + name;
  const auto folder = name.substr(0, name.find_last_of('.'));
  const bool is_there =
    std::any_of(all.begin(), all.end(), [&](const auto& d) { return d.partitions.contains(folder); });
  if (name.ends_with(future_suffix) || is_there) {
    in.notes.push_back(path + ": removed what a move of a log has left when it was cut short");
    return on.remove_all(path);
  }
  in.notes.push_back(path + ": finished the move of a log that was cut short");
  if (auto failed = on.rename(path, in.path + "/" + folder))
    return failed;
  in.partitions.insert(folder);
  return on.sync_directory(in.path);
}

}  // namespace

error settle_moved_folders(disk& on, std::vector<log_directory>& directories) {
  for (auto& d : directories) {
    auto entries = on.list(d.path);
    if (!entries)
      return entries.error();
    for (const auto& e : *entries)
      if (e.is_directory && e.name.find('.') != std::string::npos
          && (e.name.ends_with(future_suffix) || e.name.ends_with(ready_suffix)))
        if (auto failed = settle_one(on, directories, d, e.name))
          return failed;
  }
  return {};
}

std::string recovery_checkpoint_path(const std::string& directory) {
  return directory + "/recovery-point-offset-checkpoint";
}

std::string log_start_checkpoint_path(const std::string& directory) {
  return directory + "/log-start-offset-checkpoint";
}

std::string cleaner_checkpoint_path(const std::string& directory) {
  return directory + "/cleaner-offset-checkpoint";
}

std::string watermark_checkpoint_path(const std::string& directory) {
  return directory + "/replication-offset-checkpoint";
}

std::string clean_mark_path(const std::string& directory) {
  return directory + "/.kafka_cleanshutdown";
}

std::vector<std::uint8_t> clean_mark(std::int64_t broker_epoch) {
  const auto text = "{\"version\":0," + std::string{epoch_key} + std::to_string(broker_epoch) + "}";
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

expected<std::string> cluster_of_directory(disk& on, const std::string& path) {
  const auto file = properties_path(path);
  auto there = on.exists(file);
  if (!there)
    return there.error();
  if (!*there)
    return std::string{};
  auto content = read_file(on, file, small_file_bytes_max);
  if (!content)
    return content.error();
  auto found = config::parse_properties(as_text(*content), file);
  if (!found)
    return found.error();
  for (const auto& p : *found)
    if (p.key == "cluster.id")
      return p.value;
  return std::string{};
}

std::string partition_folder(const std::string& topic, partition_index index) {
  return topic + "-" + std::to_string(index.value);
}

}  // namespace troupe
