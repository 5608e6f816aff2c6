#include "runtime/sim/disk.hpp"

#include "runtime/sim/disk_file.hpp"
#include "runtime/sim/disk_state.hpp"
#include "runtime/sim/power_loss.hpp"

namespace troupe::sim {

namespace {

class held_lock final : public directory_lock {
 public:
  held_lock(std::shared_ptr<disk_state> on, inode_number number)
      : on_(std::move(on)), number_(number), incarnation_(on_->incarnation) {}
  ~held_lock() override {
    if (incarnation_ == on_->incarnation)
      on_->locked.erase(number_);
  }

 private:
  std::shared_ptr<disk_state> on_;
  inode_number number_;
  std::uint64_t incarnation_;
};

error not_found(const std::string& path) {
  return make_error(disk_errc::not_found, path + ": no such file or directory");
}

error out_of_space(const std::string& path) {
  return make_error(disk_errc::no_space, path + ": no space left (simulated)");
}

/// Removes `name` in `directory` and all below it, each name with an operation of its own.
error remove_tree(disk_state& state, inode_number directory, const std::string& name, const std::string& path) {
  const auto number = state.inodes[directory].names.at(name);
  const auto below = state.inodes[number].names;
  for (const auto& [child, target] : below)
    if (auto failed = remove_tree(state, number, child, path + "/" + child))
      return failed;
  if (auto failed = state.begin_op("remove", path))
    return failed;
  if (state.strikes(fault_kind::write_error, path))
    return make_error(disk_errc::io, path + ": remove error (simulated)");
  state.unlink(directory, name);
  return {};
}

/// Why `from` cannot replace `to`, as POSIX has it.
error check_replace(const disk_state& state, inode_number from, inode_number to, const std::string& path) {
  const auto& old = state.inodes.at(to);
  if (state.inodes.at(from).is_directory && !old.is_directory)
    return make_error(disk_errc::not_found, path + ": not a directory");
  if (!state.inodes.at(from).is_directory && old.is_directory)
    return make_error(disk_errc::io, path + ": is a directory");
  if (!old.names.empty())
    return make_error(disk_errc::exists, path + ": directory not empty");
  return {};
}

void collect_files(const disk_state& state, inode_number at, const std::string& path,
                   std::vector<std::pair<std::string, std::vector<std::uint8_t>>>& out) {
  for (const auto& [name, number] : state.inodes.at(at).names) {
    const auto& node = state.inodes.at(number);
    const auto full = path.empty() ? name : path + "/" + name;
    if (node.is_directory)
      collect_files(state, number, full, out);
    else
      out.emplace_back(full, node.content);
  }
}

}  // namespace

simulated_disk::simulated_disk(std::uint64_t seed) : state_(std::make_shared<disk_state>(seed)) {}
simulated_disk::simulated_disk(std::shared_ptr<disk_state> state) : state_(std::move(state)) {}
simulated_disk::~simulated_disk() = default;

expected<std::shared_ptr<file>> simulated_disk::open(const std::string& path, open_mode mode) {
  auto& s = *state_;
  if (auto dead = s.check_alive(path))
    return dead;
  if (s.strikes(fault_kind::no_handles, path))
    return make_error(disk_errc::out_of_handles, path + ": too many open files (simulated)");
  auto parent = s.find_parent(path);
  if (!parent)
    return parent.error();
  auto number = s.find(path);
  if (number && mode == open_mode::create_new)
    return make_error(disk_errc::exists, path + ": exists already");
  if (number && s.inodes[*number].is_directory)
    return make_error(disk_errc::io, path + ": is a directory");
  if (!number) {
    if (mode == open_mode::read || mode == open_mode::read_write)
      return not_found(path);
    if (auto failed = s.begin_op("create", path))
      return failed;
    if (s.strikes(fault_kind::no_space, path))
      return out_of_space(path);
    number = s.link_new(parent->first, parent->second, false);
  }
  return make_file(state_, *number, path, mode != open_mode::read);
}

error simulated_disk::make_directories(const std::string& path) {
  auto& s = *state_;
  if (auto dead = s.check_alive(path))
    return dead;
  auto at = root_inode;
  std::string so_far = path.starts_with("/") ? "/" : "";
  for (const auto& name : split_path(path)) {
    so_far += name;
    if (!s.inodes[at].is_directory)
      return make_error(disk_errc::not_found, so_far + ": not in a directory");
    const auto found = s.inodes[at].names.find(name);
    if (found != s.inodes[at].names.end()) {
      at = found->second;
    } else {
      if (auto failed = s.begin_op("mkdir", so_far))
        return failed;
      if (s.strikes(fault_kind::no_space, so_far))
        return out_of_space(so_far);
      at = s.link_new(at, name, true);
    }
    so_far += "/";
  }
  return {};
}

expected<std::vector<directory_entry>> simulated_disk::list(const std::string& path) {
  auto& s = *state_;
  if (auto dead = s.check_alive(path))
    return dead;
  const auto number = s.find(path);
  if (!number || !s.inodes[*number].is_directory)
    return not_found(path);
  std::vector<directory_entry> out;
  for (const auto& [name, target] : s.inodes[*number].names)
    out.push_back({name, s.inodes[target].is_directory, s.inodes[target].content.size()});
  return out;
}

expected<bool> simulated_disk::exists(const std::string& path) {
  if (auto dead = state_->check_alive(path))
    return dead;
  return state_->find(path).has_value();
}

error simulated_disk::remove(const std::string& path) {
  auto& s = *state_;
  if (auto dead = s.check_alive(path))
    return dead;
  auto parent = s.find_parent(path);
  if (!parent)
    return parent.error();
  const auto number = s.find(path);
  if (!number)
    return not_found(path);
  if (!s.inodes[*number].names.empty())
    return make_error(disk_errc::exists, path + ": directory not empty");
  return remove_tree(s, parent->first, parent->second, path);
}

error simulated_disk::remove_all(const std::string& path) {
  auto& s = *state_;
  if (auto dead = s.check_alive(path))
    return dead;
  if (!s.find(path))
    return {};
  auto parent = s.find_parent(path);
  if (!parent)
    return parent.error();
  return remove_tree(s, parent->first, parent->second, path);
}

error simulated_disk::rename(const std::string& from, const std::string& to) {
  auto& s = *state_;
  if (auto dead = s.check_alive(from))
    return dead;
  auto source = s.find_parent(from);
  auto target = s.find_parent(to);
  if (!source || !target)
    return source ? target.error() : source.error();
  const auto number = s.find(from);
  if (!number)
    return not_found(from);
  const auto old = s.find(to);
  if (old == number)
    return {};
  if ((to + "/").starts_with(from + "/"))
    return make_error(disk_errc::io, from + ": cannot be moved into itself");
  if ((from + "/").starts_with(to + "/"))
    return make_error(disk_errc::exists, to + ": directory not empty");
  if (old)
    if (auto refused = check_replace(s, *number, *old, to))
      return refused;
  if (auto failed = s.begin_op("rename", from, "to " + to))
    return failed;
  if (s.strikes(fault_kind::write_error, from))
    return make_error(disk_errc::io, from + ": rename error (simulated)");
  if (!old && s.strikes(fault_kind::no_space, from))
    return out_of_space(to);
  s.move(source->first, source->second, target->first, target->second);
  return {};
}

error simulated_disk::sync_directory(const std::string& path) {
  auto& s = *state_;
  if (auto dead = s.check_alive(path))
    return dead;
  const auto number = s.find(path);
  if (!number || !s.inodes[*number].is_directory)
    return not_found(path);
  if (auto failed = s.begin_op("sync directory", path))
    return failed;
  if (s.strikes(fault_kind::sync_error, path)) {
    std::erase_if(s.unsynced_names,
                  [&](const auto& c) { return c.from_directory == *number || c.to_directory == *number; });
    return make_error(disk_errc::io, path + ": sync error (simulated)");
  }
  s.sync_names(*number);
  return {};
}

expected<std::unique_ptr<directory_lock>> simulated_disk::lock(const std::string& path) {
  auto opened = open(path + "/.lock", open_mode::create);
  if (!opened)
    return opened.error();
  const auto number = *state_->find(path + "/.lock");
  if (!state_->locked.insert(number).second)
    return make_error(disk_errc::locked, path + "/.lock is locked by another process");
  return std::unique_ptr<directory_lock>{std::make_unique<held_lock>(state_, number)};
}

expected<disk::space> simulated_disk::free_space(const std::string& path) {
  if (auto dead = state_->check_alive(path))
    return dead;
  if (!state_->find(path))
    return not_found(path);
  constexpr auto unlimited = std::uint64_t{1} << 40;
  const auto total = std::min(state_->capacity, unlimited);
  const auto used = state_->used_bytes();
  return space{total, used < total ? total - used : 0};
}

std::unique_ptr<simulated_disk> simulated_disk::clone() const {
  auto state = std::make_shared<disk_state>(*state_);
  for (auto& [number, node] : state->inodes)
    node.handles = 0;
  state->locked.clear();
  return std::unique_ptr<simulated_disk>{new simulated_disk{std::move(state)}};
}

std::uint64_t simulated_disk::ops() const { return state_->ops; }
std::uint64_t simulated_disk::reads() const { return state_->reads; }
void simulated_disk::cut_at(std::uint64_t op) { state_->cut_at = op; }
bool simulated_disk::is_cut() const { return state_->is_cut; }
void simulated_disk::process_crash() { state_->end_process(); }
void simulated_disk::power_loss(power_loss_mode mode, std::uint64_t seed) { draw_power_loss(*state_, mode, seed); }

void simulated_disk::show_old_bytes(bool shown) { state_->shows_old_bytes = shown; }

void simulated_disk::settle() {
  std::vector<inode_number> directories;
  for (auto& [number, node] : state_->inodes) {
    if (node.is_directory)
      directories.push_back(number);
    else
      state_->sync_content(number);
  }
  for (const auto number : directories)
    state_->sync_names(number);
}

void simulated_disk::add_fault(disk_fault fault) {
  state_->faults.push_back(std::move(fault));
}
void simulated_disk::clear_faults() { state_->faults.clear(); }
std::uint64_t simulated_disk::faults_struck() const { return state_->faults_struck; }
void simulated_disk::set_capacity(std::uint64_t bytes) { state_->capacity = bytes; }
void simulated_disk::set_cached(bool cached) { state_->cached = cached; }
void simulated_disk::on_slow(slow_callback callback) { state_->slow = std::move(callback); }
void simulated_disk::trace(disk_trace callback) { state_->trace = std::move(callback); }

void simulated_disk::drop_caches() {
  for (auto& [number, node] : state_->inodes)
    if (!node.is_directory && node.unsynced.empty())
      node.content = node.durable;
}

std::vector<std::pair<std::string, std::vector<std::uint8_t>>> simulated_disk::files() const {
  std::vector<std::pair<std::string, std::vector<std::uint8_t>>> out;
  collect_files(*state_, root_inode, "", out);
  return out;
}

void simulated_disk::plant(const std::string& path, std::vector<std::uint8_t> content) {
  auto number = state_->find(path);
  if (!number) {
    auto parent = state_->find_parent(path);
    if (!parent)
      return;
    number = state_->link_new(parent->first, parent->second, false);
    state_->sync_names(parent->first);
  }
  auto& node = state_->inodes[*number];
  node.content = content;
  node.durable = std::move(content);
  node.unsynced.clear();
  node.bad_sectors.clear();
}

}  // namespace troupe::sim
