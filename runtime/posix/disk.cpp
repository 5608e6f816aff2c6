#include "runtime/posix/disk.hpp"

#include "runtime/posix/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace troupe::posix {

namespace {

class held_lock final : public directory_lock {
 public:
  explicit held_lock(int fd) : fd_(fd) {}
  ~held_lock() override { ::close(fd_); }

 private:
  int fd_;
};

int flags_of(open_mode mode) {
  switch (mode) {
    case open_mode::read: return O_RDONLY;
    case open_mode::read_write: return O_RDWR;
    case open_mode::create: return O_RDWR | O_CREAT;
    case open_mode::create_new: return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

error remove_entry(const std::string& path, bool is_directory) {
  if ((is_directory ? ::rmdir(path.c_str()) : ::unlink(path.c_str())) != 0 && errno != ENOENT)
    return system_error("remove", path);
  return {};
}

class posix_disk final : public disk {
 public:
  expected<std::shared_ptr<file>> open(const std::string& path, open_mode mode) override {
    const int fd = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0600);
    if (fd < 0)
      return system_error("open", path);
    return make_file(fd, path);
  }

  error make_directories(const std::string& path) override {
    if (path.empty() || path == "/" || path == ".")
      return {};
    if (::mkdir(path.c_str(), 0700) == 0)
      return sync_directory(parent_path(path));
    if (errno == EEXIST)
      return {};
    if (errno != ENOENT)
      return system_error("mkdir", path);
    if (auto failed = make_directories(parent_path(path)))
      return failed;
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      return system_error("mkdir", path);
    return sync_directory(parent_path(path));
  }

  expected<std::vector<directory_entry>> list(const std::string& path) override {
    std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), &::closedir};
    if (!directory)
      return system_error("list", path);
    std::vector<directory_entry> out;
    for (;;) {
      errno = 0;
      const auto* entry = ::readdir(directory.get());
      if (!entry) {
        if (errno != 0)
          return system_error("list", path);
        break;
      }
      const std::string name{static_cast<const char*>(entry->d_name)};
      if (name == "." || name == "..")
        continue;
      struct stat found {};
      if (::fstatat(::dirfd(directory.get()), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
          continue;  // removed since it was listed
        return system_error("stat", path + "/" + name);
      }
      const bool is_directory = S_ISDIR(found.st_mode);
      out.push_back({name, is_directory, is_directory ? 0 : static_cast<std::uint64_t>(found.st_size)});
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return out;
  }

  expected<bool> exists(const std::string& path) override {
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0)
      return true;
    if (errno == ENOENT || errno == ENOTDIR)
      return false;
    return system_error("stat", path);
  }

  error remove(const std::string& path) override {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0)
      return system_error("remove", path);
    return remove_entry(path, S_ISDIR(found.st_mode));
  }

  error remove_all(const std::string& path) override {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0)
      return errno == ENOENT ? error{} : system_error("remove", path);
    if (!S_ISDIR(found.st_mode))
      return remove_entry(path, false);
    auto entries = list(path);
    if (!entries)
      return entries.error();
    for (const auto& e : *entries)
      if (auto failed = e.is_directory ? remove_all(path + "/" + e.name) : remove_entry(path + "/" + e.name, false))
        return failed;
    return remove_entry(path, true);
  }

  error rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return system_error("rename to " + to, from);
    return {};
  }

  error sync_directory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
      return system_error("open", path);
    error failed;
    if (::fsync(fd) != 0)
      failed = system_error("sync", path);
    ::close(fd);
    return failed;
  }

  expected<std::unique_ptr<directory_lock>> lock(const std::string& path) override {
    const auto name = path + "/.lock";
    const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return system_error("open", name);
    auto held = std::make_unique<held_lock>(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        return make_error(disk_errc::locked, name + " is locked by another process");
      return system_error("lock", name);
    }
    return std::unique_ptr<directory_lock>{std::move(held)};
  }

  expected<space> free_space(const std::string& path) override {
    struct statvfs found {};
    if (::statvfs(path.c_str(), &found) != 0)
      return system_error("statvfs", path);
    return space{std::uint64_t{found.f_blocks} * found.f_frsize, std::uint64_t{found.f_bavail} * found.f_frsize};
  }
};

}  // namespace

std::unique_ptr<disk> make_posix_disk() {
  return std::make_unique<posix_disk>();
}

}  // namespace troupe::posix
