#include "runtime/posix/file.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace troupe::posix {

namespace {

constexpr std::size_t parts_max = 64;
/// The kernel reads ahead in steps of this size, so one byte in each tells about the rest.
constexpr std::uint64_t probe_step = 128 * 1024;

class posix_file final : public file {
 public:
  posix_file(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~posix_file() override { ::close(fd_); }

  expected<std::size_t> read(std::uint64_t position, std::span<std::uint8_t> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const auto count = ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(position + done));
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        return system_error("read", path_);
      if (count == 0)
        break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  expected<std::optional<std::size_t>> read_cached(std::uint64_t position, std::span<std::uint8_t> into) override {
    const auto count = read_if_cached(position, into);
    if (count >= 0)
      return std::optional<std::size_t>{static_cast<std::size_t>(count)};
    if (errno == EAGAIN || errno == EINTR)
      return std::optional<std::size_t>{};
    if (errno != EOPNOTSUPP)
      return system_error("read", path_);
    // Such a file system (tmpfs) has everything in memory.
    auto read_all = read(position, into);
    if (!read_all)
      return read_all.error();
    return std::optional<std::size_t>{*read_all};
  }

  bool is_cached(std::uint64_t position, std::size_t size) override {
    std::array<std::uint8_t, 1> probe{};
    const auto end = position + size;
    for (auto at = position; at < end; at += probe_step)
      if (read_if_cached(at, probe) < 0)
        return errno == EOPNOTSUPP;
    return size == 0 || read_if_cached(end - 1, probe) >= 0 || errno == EOPNOTSUPP;
  }

  error write(std::uint64_t position, std::span<const bytes_view> parts) override {
    std::array<iovec, parts_max> vector;
    while (!parts.empty()) {
      const auto count = std::min(parts.size(), parts_max);
      std::transform(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count), vector.begin(),
                     [](bytes_view part) {
                       return iovec{const_cast<std::uint8_t*>(part.data()), part.size()};
                     });
      if (auto failed = write_all(position, std::span{vector.data(), count}))
        return failed;
      parts = parts.subspan(count);
    }
    return {};
  }

  error sync() override {
    if (::fdatasync(fd_) != 0)
      return system_error("sync", path_);
    return {};
  }

  error truncate(std::uint64_t size) override {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0)
      return system_error("truncate", path_);
    return {};
  }

  expected<std::uint64_t> size() override {
    struct stat found {};
    if (::fstat(fd_, &found) != 0)
      return system_error("stat", path_);
    return static_cast<std::uint64_t>(found.st_size);
  }

  int native_handle() const override { return fd_; }

 private:
  ssize_t read_if_cached(std::uint64_t position, std::span<std::uint8_t> into) {
    iovec part{into.data(), into.size()};
    return ::preadv2(fd_, &part, 1, static_cast<off_t>(position), RWF_NOWAIT);
  }

  /// Writes all of `parts` and moves `position` behind them.
  error write_all(std::uint64_t& position, std::span<iovec> parts) {
    while (!parts.empty()) {
      if (parts.front().iov_len == 0) {
        parts = parts.subspan(1);
        continue;
      }
      const auto count = ::pwritev(fd_, parts.data(), static_cast<int>(parts.size()), static_cast<off_t>(position));
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0)
        return system_error("write", path_);
      position += static_cast<std::uint64_t>(count);
      auto left = static_cast<std::size_t>(count);
      while (left > 0) {
        auto& front = parts.front();
        const auto part = std::min(left, front.iov_len);
        front.iov_base = static_cast<std::uint8_t*>(front.iov_base) + part;
        front.iov_len -= part;
        left -= part;
        if (front.iov_len == 0)
          parts = parts.subspan(1);
      }
    }
    return {};
  }

  int fd_;
  std::string path_;
};

disk_errc code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR: return disk_errc::not_found;
    case EEXIST:
    case ENOTEMPTY: return disk_errc::exists;
    case ENOSPC:
    case EDQUOT: return disk_errc::no_space;
    case EMFILE:
    case ENFILE: return disk_errc::out_of_handles;
    default: return disk_errc::io;
  }
}

}  // namespace

std::shared_ptr<file> make_file(int fd, std::string path) {
  return std::make_shared<posix_file>(fd, std::move(path));
}

error system_error(const std::string& what, const std::string& path) {
  const auto number = errno;
  return make_error(code_of(number), path + ": " + what + ": " + std::strerror(number));
}

}  // namespace troupe::posix
