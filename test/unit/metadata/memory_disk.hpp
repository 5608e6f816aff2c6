#pragma once

#include "runtime/authority/disk.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace troupe::metadata::test {

/// A disk that is a map, with faults on request: enough to lay files out byte by byte and to refuse an operation. What
/// survives a power loss is the simulated disk's business, not this one's.
class memory_disk final : public disk {
 public:
  using content = std::vector<std::uint8_t>;

  std::map<std::string, std::shared_ptr<content>> files;
  /// The error of the next writes or syncs whose count comes down to 0; -1: none.
  int writes_until_fault = -1;
  int syncs_until_fault = -1;
  disk_errc fault = disk_errc::io;

  expected<std::shared_ptr<file>> open(const std::string& path, open_mode mode) override {
    auto& slot = files[path];
    if (!slot && (mode == open_mode::read || mode == open_mode::read_write)) {
      files.erase(path);
      return make_error(disk_errc::not_found, path + ": no such file");
    }
    if (!slot)
      slot = std::make_shared<content>();
    return std::shared_ptr<file>{std::make_shared<open_file>(*this, path, slot)};
  }

  error make_directories(const std::string&) override { return {}; }

  expected<std::vector<directory_entry>> list(const std::string& path) override {
    std::vector<directory_entry> out;
    for (const auto& [name, bytes] : files)
      if (name.starts_with(path + "/"))
        out.push_back({name.substr(path.size() + 1), false, bytes->size()});
    return out;
  }

  expected<bool> exists(const std::string& path) override { return files.contains(path); }

  error remove(const std::string& path) override {
    return files.erase(path) == 1 ? error{} : make_error(disk_errc::not_found, path + ": no such file");
  }
  error remove_all(const std::string& path) override {
    files.erase(path);
    return {};
  }
  error rename(const std::string& from, const std::string& to) override {
    files[to] = files.at(from);
    files.erase(from);
    return {};
  }
  error sync_directory(const std::string&) override { return {}; }
  expected<std::unique_ptr<directory_lock>> lock(const std::string&) override {
    return std::make_unique<directory_lock>();
  }
  expected<space> free_space(const std::string&) override { return space{}; }

  /// Names in `directory` as one text.
  std::string names(const std::string& directory) {
    std::string out;
    const auto all = list(directory);
    for (const auto& f : *all)
      out += (out.empty() ? "" : " ") + f.name;
    return out;
  }

 private:
  class open_file final : public file {
   public:
    open_file(memory_disk& on, std::string path, std::shared_ptr<content> bytes)
        : on_(on), path_(std::move(path)), bytes_(std::move(bytes)) {}

    expected<std::size_t> read(std::uint64_t position, std::span<std::uint8_t> into) override {
      const auto begin = std::min<std::size_t>(position, bytes_->size());
      const auto count = std::min(into.size(), bytes_->size() - begin);
      std::copy_n(bytes_->begin() + static_cast<std::ptrdiff_t>(begin), count, into.begin());
      return count;
    }
    expected<std::optional<std::size_t>> read_cached(std::uint64_t position, std::span<std::uint8_t> into) override {
      return std::optional{*read(position, into)};
    }
    bool is_cached(std::uint64_t, std::size_t) override { return true; }
    error write(std::uint64_t position, std::span<const bytes_view> parts) override {
      const bool fails = on_.writes_until_fault >= 0 && on_.writes_until_fault-- == 0;
      for (const auto& part : parts) {
        const auto count = fails ? part.size() / 2 : part.size();
        bytes_->resize(std::max<std::size_t>(bytes_->size(), position + count));
        std::copy_n(part.begin(), count, bytes_->begin() + static_cast<std::ptrdiff_t>(position));
        position += count;
      }
      return fails ? make_error(on_.fault, path_ + ": write failed") : error{};
    }
    error sync() override {
      const bool fails = on_.syncs_until_fault >= 0 && on_.syncs_until_fault-- == 0;
      return fails ? make_error(on_.fault, path_ + ": sync failed") : error{};
    }
    error truncate(std::uint64_t size) override {
      bytes_->resize(size);
      return {};
    }
    expected<std::uint64_t> size() override { return std::uint64_t{bytes_->size()}; }

   private:
    memory_disk& on_;
    std::string path_;
    std::shared_ptr<content> bytes_;
  };
};

}  // namespace troupe::metadata::test
