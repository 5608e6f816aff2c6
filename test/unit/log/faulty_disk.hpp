#pragma once

#include "runtime/authority/disk.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::log::test {

/// What a call asks of the disk, as far as tests tell them apart.
enum class call { open, read, write, sync, truncate, list, remove, rename, sync_directory, make_directories };

/// A disk that does what `real` does, counts the calls, and fails those that `fails` picks. A write that fails for
/// want of space leaves half of its bytes behind, as the system does.
class faulty_disk final : public disk {
 public:
  explicit faulty_disk(disk& real) : real_(real) {}

  /// Asked before every call; an answer is the error that the call gives.
  std::function<std::optional<disk_errc>(call, const std::string& path)> fails;
  int reads = 0;
  int writes = 0;
  int opens = 0;
  int syncs = 0;

  expected<std::shared_ptr<file>> open(const std::string& path, open_mode mode) override;
  error make_directories(const std::string& path) override;
  expected<std::vector<directory_entry>> list(const std::string& path) override;
  expected<bool> exists(const std::string& path) override { return real_.exists(path); }
  error remove(const std::string& path) override;
  error remove_all(const std::string& path) override { return real_.remove_all(path); }
  error rename(const std::string& from, const std::string& to) override;
  error sync_directory(const std::string& path) override;
  expected<std::unique_ptr<directory_lock>> lock(const std::string& path) override { return real_.lock(path); }
  expected<space> free_space(const std::string& path) override { return real_.free_space(path); }

  /// The error to give for this call; none: go on.
  error check(call what, const std::string& path);

 private:
  disk& real_;
};

}  // namespace troupe::log::test
