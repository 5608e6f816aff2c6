#pragma once

#include "runtime/authority/disk.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::log::test {

/// Passes everything on and writes down each change to one directory, so that a test can make every state in which a
/// crash may leave it: changes of names are in any subset and in order until the directory is synced, content is there
/// when the file was synced (what was not is taken as lost: an empty file).
class recording_disk : public disk {
 public:
  enum class change : std::uint8_t { made, renamed, removed, synced_directory };
  struct step {
    change what;
    std::string name;                   ///< inside the directory
    std::string to;                     ///< for renames
    std::vector<std::uint8_t> content;  ///< for made files: what was synced
  };

  explicit recording_disk(disk& under) : under_(&under) {}
  const std::vector<step>& steps() const { return steps_; }

  expected<std::shared_ptr<file>> open(const std::string& path, open_mode mode) override;
  error make_directories(const std::string& path) override { return under_->make_directories(path); }
  expected<std::vector<directory_entry>> list(const std::string& path) override { return under_->list(path); }
  expected<bool> exists(const std::string& path) override { return under_->exists(path); }
  error remove(const std::string& path) override;
  error remove_all(const std::string& path) override;
  error rename(const std::string& from, const std::string& to) override;
  error sync_directory(const std::string& path) override;
  expected<std::unique_ptr<directory_lock>> lock(const std::string& path) override { return under_->lock(path); }
  expected<space> free_space(const std::string& path) override { return under_->free_space(path); }

  /// A file under the disk's own name was synced with this content.
  void note_sync(const std::string& name, std::vector<std::uint8_t> content);

 private:
  disk* under_;
  std::vector<step> steps_;
};

/// Calls `look` with the directory `at` in every state that a crash may leave: made from `before` by the steps, all
/// those up to a point, of which each one since the last sync of the directory may be lost. Above `subsets_max`
/// combinations of one point a sample is taken. Returns how many states there were.
std::size_t for_each_crash(const std::filesystem::path& before, const std::filesystem::path& at,
                           const std::vector<recording_disk::step>& steps, std::size_t subsets_max,
                           const std::function<void()>& look);

}  // namespace troupe::log::test
