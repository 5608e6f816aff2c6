#include "runtime/sim/disk_file.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

class simulated_file final : public file {
 public:
  simulated_file(std::shared_ptr<disk_state> on, inode_number number, std::string path, bool is_writable)
      : on_(std::move(on)), number_(number), path_(std::move(path)), is_writable_(is_writable),
        incarnation_(on_->incarnation) {
    ++on_->inodes[number_].handles;
  }
  ~simulated_file() override {
    if (incarnation_ == on_->incarnation)
      --on_->inodes[number_].handles;
  }

  expected<std::size_t> read(std::uint64_t position, std::span<std::uint8_t> into) override {
    if (auto dead = check_alive())
      return dead;
    ++on_->reads;
    on_->maybe_slow(path_);
    const auto& content = node().content;
    const auto begin = std::min<std::uint64_t>(position, content.size());
    const auto count = std::min<std::uint64_t>(into.size(), content.size() - begin);
    if (count > 0)
      if (auto failed = damage(begin, count))
        return failed;
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(begin), count, into.begin());
    return std::size_t{count};
  }

  expected<std::optional<std::size_t>> read_cached(std::uint64_t position, std::span<std::uint8_t> into) override {
    if (!on_->cached)
      return std::optional<std::size_t>{};
    auto count = read(position, into);
    if (!count)
      return count.error();
    return std::optional<std::size_t>{*count};
  }

  bool is_cached(std::uint64_t, std::size_t) override { return on_->cached; }

  error write(std::uint64_t position, std::span<const bytes_view> parts) override {
    file_change change;
    change.position = position;
    for (const auto& part : parts)
      change.bytes.insert(change.bytes.end(), part.begin(), part.end());
    if (auto failed = begin_change("write", std::to_string(position) + "+" + std::to_string(change.bytes.size())))
      return failed;
    if (on_->strikes(fault_kind::write_error, path_))
      return failed_by(disk_errc::io, "write error");
    auto failed = shorten(change);
    if (!change.bytes.empty())
      keep(std::move(change));
    return failed;
  }

  error sync() override {
    if (auto failed = begin_op("sync"))
      return failed;
    if (on_->strikes(fault_kind::sync_error, path_)) {
      node().unsynced.clear();  // the pages count as clean now; a later sync has nothing to do
      return failed_by(disk_errc::io, "sync error");
    }
    on_->sync_content(number_);
    return {};
  }

  error truncate(std::uint64_t size) override {
    if (auto failed = begin_change("truncate", std::to_string(size)))
      return failed;
    if (on_->strikes(fault_kind::write_error, path_))
      return failed_by(disk_errc::io, "truncate error");
    node().content.resize(size);
    file_change change;
    change.is_truncation = true;
    change.position = size;
    node().unsynced.push_back(std::move(change));
    return {};
  }

  expected<std::uint64_t> size() override {
    if (auto dead = check_alive())
      return dead;
    return std::uint64_t{node().content.size()};
  }

 private:
  inode& node() { return on_->inodes[number_]; }

  error failed_by(disk_errc code, const char* why) const {
    return make_error(code, path_ + ": " + why + " (simulated, operation " + std::to_string(on_->ops - 1) + ")");
  }

  error check_alive() const {
    if (incarnation_ != on_->incarnation)
      return make_error(disk_errc::io, path_ + ": opened by a simulated process that has died");
    return on_->check_alive(path_);
  }

  error begin_op(const char* what, const std::string& detail = {}) {
    if (auto dead = check_alive())
      return dead;
    return on_->begin_op(what, path_, detail);
  }

  error begin_change(const char* what, const std::string& detail) {
    if (!is_writable_)
      return make_error(disk_errc::io, path_ + ": " + what + ": opened for reading only");
    return begin_op(what, detail);
  }

  /// Lets faults strike the bytes that are about to be read: some are changed on the medium, or cannot be read.
  error damage(std::uint64_t begin, std::uint64_t count) {
    auto& here = node();
    const auto somewhere = [&] { return begin + on_->random.below(count); };
    const auto first_sector = begin / sector_bytes;
    if (on_->strikes(fault_kind::read_error, path_))
      here.bad_sectors.insert(somewhere() / sector_bytes);
    if (on_->strikes(fault_kind::bit_flip, path_)) {
      const auto at = somewhere();
      const auto mask = static_cast<std::uint8_t>(1U << on_->random.below(8));
      here.content[at] ^= mask;
      if (at < here.durable.size())
        here.durable[at] = here.content[at];
    }
    if (on_->strikes(fault_kind::zeroed_sector, path_)) {
      const auto from = somewhere() / sector_bytes * sector_bytes;
      for (auto* bytes : {&here.content, &here.durable})
        for (auto at = from; at < from + sector_bytes && at < bytes->size(); ++at)
          (*bytes)[at] = 0;
    }
    const auto bad = here.bad_sectors.lower_bound(first_sector);
    if (bad != here.bad_sectors.end() && *bad * sector_bytes < begin + count)
      return make_error(disk_errc::io, path_ + ": sector " + std::to_string(*bad) + " cannot be read (simulated)");
    return {};
  }

  /// What fits of `change` when space runs out or a fault cuts it short, and the error that the caller gets then.
  error shorten(file_change& change) {
    const auto size = change.bytes.size();
    if (on_->strikes(fault_kind::short_write, path_)) {
      change.bytes.resize(on_->random.below(size + 1));
      return failed_by(disk_errc::io, "only a part was written");
    }
    if (on_->strikes(fault_kind::no_space, path_)) {
      change.bytes.resize(on_->random.below(size + 1));
      return failed_by(disk_errc::no_space, "no space left");
    }
    if (on_->capacity == std::numeric_limits<std::uint64_t>::max() || change.end() <= node().content.size())
      return {};
    const auto used = on_->used_bytes();
    const auto end_max = node().content.size() + (used < on_->capacity ? on_->capacity - used : 0);
    if (change.end() <= end_max)
      return {};
    change.bytes.resize(end_max > change.position ? end_max - change.position : 0);
    return failed_by(disk_errc::no_space, "no space left");
  }

  /// Takes `change` in, and lets faults strike that show only later.
  void keep(file_change change) {
    auto& here = node();
    put(here.content, change.position, change.bytes);
    here.bad_sectors.erase(here.bad_sectors.lower_bound(change.position / sector_bytes),
                           here.bad_sectors.lower_bound((change.end() + sector_bytes - 1) / sector_bytes));
    change.lost = on_->strikes(fault_kind::lost_write, path_);
    if (on_->strikes(fault_kind::stale_sector, path_))
      change.stale_sector = (change.position + on_->random.below(change.bytes.size())) / sector_bytes;
    if (on_->strikes(fault_kind::misdirected_write, path_))
      change.misdirected_to = on_->random.below(change.position + 1) / sector_bytes * sector_bytes
                              + change.position % sector_bytes;
    here.unsynced.push_back(std::move(change));
  }

  std::shared_ptr<disk_state> on_;
  inode_number number_;
  std::string path_;
  bool is_writable_;
  std::uint64_t incarnation_;
};

}  // namespace

std::shared_ptr<file> make_file(std::shared_ptr<disk_state> on, inode_number number, std::string path,
                                bool is_writable) {
  return std::make_shared<simulated_file>(std::move(on), number, std::move(path), is_writable);
}

}  // namespace troupe::sim
