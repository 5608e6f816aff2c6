#include "runtime/log/cleaned_swap.hpp"

#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <sstream>

namespace troupe::log {

namespace {

constexpr std::string_view swap_file = "compaction.swap";
constexpr std::string_view swap_version = "0";
constexpr std::size_t swap_file_bytes_max = 16 * 1024 * 1024;
constexpr std::string_view cleaned_suffix = ".cleaned";
constexpr std::array<std::string_view, 4> segment_suffixes = {".log", ".index", ".timeindex", ".txnindex"};

struct replacement {
  offset base;
  offset end;
  std::uint64_t size_bytes = 0;  // of the new log; 0: nothing survived, there is none
  bool vanishes() const { return size_bytes == 0; }
};

std::string path_of(const std::string& directory, offset base, std::string_view suffix) {
  return directory + "/" + offset_file_name(base, suffix);
}

error remove_if_there(disk& on, const std::string& path) {
  auto failed = on.remove(path);
  if (is_error(failed, error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found)))
    return {};
  return failed;
}

std::string render(const std::vector<cleaned_group>& groups) {
  std::ostringstream text;
  text << swap_version << '\n' << groups.size() << '\n';
  for (const auto& group : groups)
    text << group.replaces.base().value << ' ' << group.replaces.end().value << ' ' << group.size_bytes << '\n';
  return text.str();
}

expected<std::vector<replacement>> parse(const std::string& path, const std::vector<std::uint8_t>& content) {
  std::istringstream text{std::string{as_text(content)}};
  std::string version;
  std::size_t count = 0;
  text >> version >> count;
  std::vector<replacement> found;
  for (replacement r; text >> r.base.value >> r.end.value >> r.size_bytes;)
    found.push_back(r);
  const bool sound = std::all_of(found.begin(), found.end(),
                                 [](const replacement& r) { return r.base >= offset{0} && r.end > r.base; });
  if (version != swap_version || found.size() != count || !sound)
    return make_error(errc::corrupt_file, path
                                            + ": it names the segments that a compaction replaces and cannot be read; "
                                              "restore this replica from another one");
  return found;
}

// What cannot be made anew from the batches: the first segment's stays until the new one is renamed onto it.
bool is_irreplaceable(std::string_view suffix) {
  return suffix == ".log" || suffix == ".txnindex";
}

// Files of old segments inside a replaced range.
bool is_replaced(const offset_file& file, const replacement& r) {
  if (std::find(segment_suffixes.begin(), segment_suffixes.end(), file.suffix) == segment_suffixes.end())
    return false;
  if (file.base == r.base && is_irreplaceable(file.suffix))
    return r.vanishes();
  return file.base >= r.base && file.base < r.end;
}

error remove_replaced(disk& on, const std::string& directory, const std::vector<replacement>& all) {
  auto entries = on.list(directory);
  if (!entries)
    return entries.error();
  for (const auto& entry : *entries) {
    const auto file = parse_offset_file(entry.name);
    if (!file)
      continue;
    if (std::any_of(all.begin(), all.end(), [&](const replacement& r) { return is_replaced(*file, r); }))
      if (auto failed = on.remove(directory + "/" + entry.name))
        return failed;
  }
  return {};
}

// Renames the log only when it is still there: a start may find the swap half done.
error finish(disk& on, const std::string& directory, const std::vector<replacement>& all,
             std::span<const std::string_view> suffixes) {
  for (const auto& r : all)
    for (const auto suffix : suffixes) {
      const auto to = path_of(directory, r.base, suffix);
      const auto from = to + std::string{cleaned_suffix};
      auto there = on.exists(from);
      if (!there)
        return there.error();
      if (!*there)
        continue;
      if (auto failed = r.vanishes() ? on.remove(from) : on.rename(from, to))
        return failed;
    }
  // Removals and renames are durable before the file that would repeat them goes; and that it is gone must be durable
  // before the log may change these segments again.
  if (auto failed = on.sync_directory(directory))
    return failed;
  if (auto failed = remove_if_there(on, directory + "/" + std::string{swap_file}))
    return failed;
  return on.sync_directory(directory);
}

std::vector<replacement> replacements(const std::vector<cleaned_group>& groups) {
  std::vector<replacement> all;
  for (const auto& group : groups)
    all.push_back({group.replaces.base(), group.replaces.end(), group.size_bytes});
  return all;
}

expected<bool> has_size(disk& on, const std::string& path, std::uint64_t size) {
  auto in = on.open(path, open_mode::read);
  if (!in) {
    if (is_error(in.error(), error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found)))
      return false;
    return in.error();
  }
  auto found = (*in)->size();
  if (!found)
    return found.error();
  return *found == size;
}

// Before anything old goes: the new log must be there, under its first or its last name.
error check_new_logs(disk& on, const std::string& directory, const std::vector<replacement>& all) {
  for (const auto& r : all) {
    if (r.vanishes())
      continue;
    const auto path = path_of(directory, r.base, ".log");
    for (const auto& name : {path + std::string{cleaned_suffix}, path}) {
      auto same = has_size(on, name, r.size_bytes);
      if (!same)
        return same.error();
      if (*same)
        break;
      if (name == path)
        return make_error(errc::corrupt_file, path + ": the compacted segment of " + std::to_string(r.size_bytes)
                                                + " bytes that was to replace it is gone; restore this replica from "
                                                  "another one");
    }
  }
  return {};
}

expected<bool> remove_cleaned(disk& on, const std::string& directory) {
  auto entries = on.list(directory);
  if (!entries)
    return entries.error();
  bool any = false;
  for (const auto& entry : *entries) {
    if (!entry.name.ends_with(cleaned_suffix))
      continue;
    any = true;
    if (auto failed = on.remove(directory + "/" + entry.name))
      return failed;
  }
  if (any)
    if (auto failed = on.sync_directory(directory))
      return failed;
  return any;
}

}  // namespace

swap_choice choose_swaps(const cleaned_files& files, const std::vector<segment_facts>& inactive,
                         std::uint64_t generation) {
  swap_choice choice;
  for (const auto& group : files.groups) {
    const bool fits =
        generation == files.generation
        && std::all_of(group.replaces.sources.begin(), group.replaces.sources.end(), [&](const segment_facts& source) {
             return std::find(inactive.begin(), inactive.end(), source) != inactive.end();
           });
    (fits ? choice.fit : choice.unfit).push_back(group);
  }
  return choice;
}

error swap_in_cleaned(disk& on, const std::string& directory, const std::vector<cleaned_group>& groups) {
  if (groups.empty())
    return {};
  if (auto failed = replace_file(on, directory + "/" + std::string{swap_file}, as_bytes(render(groups))))
    return failed;
  const auto all = replacements(groups);
  if (auto failed = remove_replaced(on, directory, all))
    return failed;
  constexpr std::array<std::string_view, 4> suffixes = {".index", ".timeindex", ".txnindex", ".log"};
  return finish(on, directory, all, suffixes);
}

void drop_cleaned(disk& on, const std::string& directory, const std::vector<cleaned_group>& groups) {
  // Best effort: what stays is removed by the next cleaning or start.
  for (const auto& group : groups)
    for (const auto suffix : segment_suffixes)
      remove_if_there(on, path_of(directory, group.replaces.base(), suffix) + std::string{cleaned_suffix});
}

expected<bool> finish_interrupted_swaps(disk& on, const std::string& directory) {
  const auto path = directory + "/" + std::string{swap_file};
  auto there = on.exists(path);
  if (!there)
    return there.error();
  if (!*there) {
    // Also what is left of writing the swap file itself.
    if (auto failed = remove_if_there(on, path + ".tmp"))
      return failed;
    return remove_cleaned(on, directory);
  }
  auto content = read_file(on, path, swap_file_bytes_max);
  if (!content)
    return content.error();
  auto all = parse(path, *content);
  if (!all)
    return all.error();
  if (auto failed = check_new_logs(on, directory, *all))
    return failed;
  if (auto failed = remove_replaced(on, directory, *all))
    return failed;
  // Not the indexes: which of them were renamed before the crash is unknown, so they are built anew.
  constexpr std::array<std::string_view, 2> suffixes = {".txnindex", ".log"};
  if (auto failed = finish(on, directory, *all, suffixes))
    return failed;
  auto rest = remove_cleaned(on, directory);
  if (!rest)
    return rest.error();
  return true;
}

}  // namespace troupe::log
