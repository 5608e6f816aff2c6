#include "runtime/sim/disk_state.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

bool is_about_reading(fault_kind kind) {
  return kind == fault_kind::read_error || kind == fault_kind::bit_flip || kind == fault_kind::zeroed_sector;
}

/// Stores `change` on the medium as the device does it; the size comes right in any case.
void store(std::vector<std::uint8_t>& medium, const file_change& change) {
  if (change.is_truncation) {
    medium.resize(change.position);
    return;
  }
  if (medium.size() < change.end())
    medium.resize(change.end());
  if (change.lost)
    return;
  if (change.misdirected_to) {
    put(medium, *change.misdirected_to, change.bytes);
    return;
  }
  std::vector<std::uint8_t> old;
  if (change.stale_sector) {
    const auto begin = medium.begin() + static_cast<std::ptrdiff_t>(*change.stale_sector * sector_bytes);
    const auto left = medium.size() - *change.stale_sector * sector_bytes;
    old.assign(begin, begin + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(sector_bytes, left)));
  }
  put(medium, change.position, change.bytes);
  if (change.stale_sector)
    put(medium, *change.stale_sector * sector_bytes, old);
}

/// Marks everything that can be reached from `from` by the names that `names_of` gives.
template <class NamesOf>
void reach(const std::map<inode_number, inode>& inodes, inode_number from, std::set<inode_number>& into,
           NamesOf names_of) {
  if (!into.insert(from).second)
    return;
  const auto found = inodes.find(from);
  if (found == inodes.end())
    return;
  for (const auto& [name, target] : names_of(found->second))
    reach(inodes, target, into, names_of);
}

}  // namespace

error disk_state::check_alive(const std::string& path) const {
  return is_cut ? make_error(disk_errc::io, path + ": the simulated process has died") : error{};
}

error disk_state::begin_op(const char* what, const std::string& path, const std::string& detail) {
  if (ops >= cut_at)
    is_cut = true;
  if (auto dead = check_alive(path))
    return dead;
  if (trace)
    trace(std::to_string(ops) + " " + what + " " + path + (detail.empty() ? "" : " " + detail));
  ++ops;
  maybe_slow(path);
  return {};
}

bool disk_state::strikes(fault_kind kind, const std::string& path) {
  const auto made = is_about_reading(kind) ? reads : ops;
  for (auto& f : faults) {
    if (f.kind != kind || path.find(f.path_contains) == std::string::npos)
      continue;
    const bool is_due = f.at_op && made > *f.at_op;
    if (is_due)
      f.at_op.reset();
    if (is_due || random.chance(f.per_million)) {
      ++faults_struck;
      return true;
    }
  }
  return false;
}

void disk_state::maybe_slow(const std::string& path) {
  if (!strikes(fault_kind::slow, path) || !slow)
    return;
  // Most slow calls take milliseconds, some hang for up to half a minute.
  const auto millis = random.below(4) == 0 ? 1000 + random.below(29'001) : std::uint64_t{1} << random.below(10);
  slow(path, std::chrono::milliseconds{millis});
}

std::optional<inode_number> disk_state::find(const std::string& path) const {
  auto at = root_inode;
  for (const auto& name : split_path(path)) {
    const auto& names = inodes.at(at).names;
    const auto found = names.find(name);
    if (found == names.end())
      return {};
    at = found->second;
  }
  return at;
}

expected<std::pair<inode_number, std::string>> disk_state::find_parent(const std::string& path) const {
  auto names = split_path(path);
  if (names.empty())
    return make_error(disk_errc::io, path + ": not possible with the root directory");
  auto at = root_inode;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    const auto& here = inodes.at(at).names;
    const auto found = here.find(names[i]);
    if (found == here.end())
      return make_error(disk_errc::not_found, path + ": no such directory");
    at = found->second;
  }
  if (!inodes.at(at).is_directory)
    return make_error(disk_errc::not_found, path + ": not in a directory");
  return std::pair{at, names.back()};
}

inode_number disk_state::link_new(inode_number directory, const std::string& name, bool is_directory) {
  const auto number = ++last_inode;
  inodes[number].is_directory = is_directory;
  inodes[directory].names[name] = number;
  unsynced_names.push_back({++last_change, number, 0, {}, directory, name});
  return number;
}

void disk_state::unlink(inode_number directory, const std::string& name) {
  auto& names = inodes[directory].names;
  unsynced_names.push_back({++last_change, names.at(name), directory, name, 0, {}});
  names.erase(name);
}

void disk_state::move(inode_number from_directory, const std::string& from, inode_number to_directory,
                      const std::string& to) {
  auto& names = inodes[from_directory].names;
  const auto target = names.at(from);
  names.erase(from);
  inodes[to_directory].names[to] = target;
  unsynced_names.push_back({++last_change, target, from_directory, from, to_directory, to});
}

void disk_state::sync_names(inode_number directory) {
  std::erase_if(unsynced_names, [&](const name_change& change) {
    if (change.from_directory != directory && change.to_directory != directory)
      return false;
    apply_name_change(change, [this](inode_number d) -> name_map& { return inodes[d].durable_names; });
    names_durable_to = std::max(names_durable_to, change.number);
    return true;
  });
}

void disk_state::sync_content(inode_number file) {
  auto& node = inodes[file];
  for (const auto& change : node.unsynced)
    store(node.durable, change);
  node.unsynced.clear();
}

void disk_state::collect() {
  std::set<inode_number> needed;
  reach(inodes, root_inode, needed, [](const inode& node) -> const name_map& { return node.names; });
  std::set<inode_number> durable;
  reach(inodes, root_inode, durable, [](const inode& node) -> const name_map& { return node.durable_names; });
  needed.merge(durable);
  for (const auto& change : unsynced_names)
    needed.insert({change.target, change.from_directory, change.to_directory});
  std::erase_if(inodes, [&](const auto& entry) { return entry.second.handles == 0 && !needed.contains(entry.first); });
}

void disk_state::end_process() {
  ++incarnation;
  locked.clear();
  is_cut = false;
  cut_at = std::numeric_limits<std::uint64_t>::max();
  for (auto& [number, node] : inodes)
    node.handles = 0;
  collect();
}

std::uint64_t disk_state::used_bytes() const {
  std::set<inode_number> named;
  reach(inodes, root_inode, named, [](const inode& node) -> const name_map& { return node.names; });
  std::uint64_t sum = 0;
  for (const auto& [number, node] : inodes)
    if (node.handles > 0 || named.contains(number))
      sum += node.content.size();
  return sum;
}

void put(std::vector<std::uint8_t>& content, std::uint64_t position, bytes_view bytes) {
  if (content.size() < position + bytes.size())
    content.resize(position + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(position));
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < path.size();) {
    const auto slash = std::min(path.find('/', at), path.size());
    const auto name = path.substr(at, slash - at);
    if (!name.empty() && name != ".")
      names.push_back(name);
    at = slash + 1;
  }
  return names;
}

}  // namespace troupe::sim
