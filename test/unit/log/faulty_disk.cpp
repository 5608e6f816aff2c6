#include "faulty_disk.hpp"

namespace troupe::log::test {

namespace {

class faulty_file final : public file {
 public:
  faulty_file(faulty_disk& owner, std::shared_ptr<file> real, std::string path)
    : owner_(owner), real_(std::move(real)), path_(std::move(path)) {}

  expected<std::size_t> read(std::uint64_t position, std::span<std::uint8_t> into) override {
    ++owner_.reads;
    if (auto failed = owner_.check(call::read, path_))
      return failed;
    return real_->read(position, into);
  }

  expected<std::optional<std::size_t>> read_cached(std::uint64_t position, std::span<std::uint8_t> into) override {
    return real_->read_cached(position, into);
  }

  bool is_cached(std::uint64_t position, std::size_t size) override { return real_->is_cached(position, size); }

  error write(std::uint64_t position, std::span<const bytes_view> parts) override {
    ++owner_.writes;
    auto failed = owner_.check(call::write, path_);
    if (!failed)
      return real_->write(position, parts);
    const auto half = parts.front().first(parts.front().size() / 2);
    (void)real_->write(position, std::span{&half, 1});
    return failed;
  }

  error sync() override {
    ++owner_.syncs;
    if (auto failed = owner_.check(call::sync, path_))
      return failed;
    return real_->sync();
  }

  error truncate(std::uint64_t size) override {
    if (auto failed = owner_.check(call::truncate, path_))
      return failed;
    return real_->truncate(size);
  }

  expected<std::uint64_t> size() override { return real_->size(); }

 private:
  faulty_disk& owner_;
  std::shared_ptr<file> real_;
  std::string path_;
};

}  // namespace

error faulty_disk::check(call what, const std::string& path) {
  const auto code = fails ? fails(what, path) : std::nullopt;
  return code ? make_error(*code, path + ": made to fail") : error{};
}

expected<std::shared_ptr<file>> faulty_disk::open(const std::string& path, open_mode mode) {
  ++opens;
  if (auto failed = check(call::open, path))
    return failed;
  auto real = real_.open(path, mode);
  if (!real)
    return real.error();
  return std::shared_ptr<file>{std::make_shared<faulty_file>(*this, std::move(*real), path)};
}

error faulty_disk::make_directories(const std::string& path) {
  if (auto failed = check(call::make_directories, path))
    return failed;
  return real_.make_directories(path);
}

expected<std::vector<directory_entry>> faulty_disk::list(const std::string& path) {
  if (auto failed = check(call::list, path))
    return failed;
  return real_.list(path);
}

error faulty_disk::remove(const std::string& path) {
  if (auto failed = check(call::remove, path))
    return failed;
  return real_.remove(path);
}

error faulty_disk::rename(const std::string& from, const std::string& to) {
  if (auto failed = check(call::rename, from))
    return failed;
  return real_.rename(from, to);
}

error faulty_disk::sync_directory(const std::string& path) {
  if (auto failed = check(call::sync_directory, path))
    return failed;
  return real_.sync_directory(path);
}

}  // namespace troupe::log::test
