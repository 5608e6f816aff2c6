#include "recording_disk.hpp"

#include <fstream>
#include <random>

namespace troupe::log::test {

namespace {

std::string name_of(const std::string& path) {
  return std::filesystem::path{path}.filename().string();
}

class recorded_file : public file {
 public:
  recorded_file(std::shared_ptr<file> under, recording_disk& by, std::string name)
      : under_(std::move(under)), by_(&by), name_(std::move(name)) {}

  expected<std::size_t> read(std::uint64_t position, std::span<std::uint8_t> into) override {
    return under_->read(position, into);
  }
  expected<std::optional<std::size_t>> read_cached(std::uint64_t position, std::span<std::uint8_t> into) override {
    return under_->read_cached(position, into);
  }
  bool is_cached(std::uint64_t position, std::size_t size) override { return under_->is_cached(position, size); }
  error write(std::uint64_t position, std::span<const bytes_view> parts) override {
    return under_->write(position, parts);
  }
  error sync() override {
    if (auto failed = under_->sync())
      return failed;
    auto size = under_->size();
    if (!size)
      return size.error();
    std::vector<std::uint8_t> content(*size);
    if (auto got = under_->read(0, content); !got)
      return got.error();
    by_->note_sync(name_, std::move(content));
    return {};
  }
  error truncate(std::uint64_t size) override { return under_->truncate(size); }
  expected<std::uint64_t> size() override { return under_->size(); }

 private:
  std::shared_ptr<file> under_;
  recording_disk* by_;
  std::string name_;
};

}  // namespace

expected<std::shared_ptr<file>> recording_disk::open(const std::string& path, open_mode mode) {
  auto opened = under_->open(path, mode);
  if (!opened || mode == open_mode::read || mode == open_mode::read_write)
    return opened;
  steps_.push_back({change::made, name_of(path), {}, {}});
  return std::shared_ptr<file>{std::make_shared<recorded_file>(std::move(*opened), *this, name_of(path))};
}

void recording_disk::note_sync(const std::string& name, std::vector<std::uint8_t> content) {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
    if (step->what == change::made && step->name == name) {
      step->content = std::move(content);
      return;
    }
}

error recording_disk::remove(const std::string& path) {
  if (auto failed = under_->remove(path))
    return failed;
  steps_.push_back({change::removed, name_of(path), {}, {}});
  return {};
}

error recording_disk::remove_all(const std::string& path) {
  auto there = under_->exists(path);
  if (there && *there)
    steps_.push_back({change::removed, name_of(path), {}, {}});
  return under_->remove_all(path);
}

error recording_disk::rename(const std::string& from, const std::string& to) {
  if (auto failed = under_->rename(from, to))
    return failed;
  steps_.push_back({change::renamed, name_of(from), name_of(to), {}});
  return {};
}

error recording_disk::sync_directory(const std::string& path) {
  steps_.push_back({change::synced_directory, {}, {}, {}});
  return under_->sync_directory(path);
}

namespace {

namespace fs = std::filesystem;
using change = recording_disk::change;

void replay(const fs::path& at, const recording_disk::step& step) {
  std::error_code absent;  // an earlier step may be among the lost
  switch (step.what) {
    case change::made: {
      std::ofstream out{at / step.name, std::ios::binary};
      out.write(reinterpret_cast<const char*>(step.content.data()), static_cast<std::streamsize>(step.content.size()));
      break;
    }
    case change::renamed:
      fs::rename(at / step.name, at / step.to, absent);
      break;
    case change::removed:
      fs::remove(at / step.name, absent);
      break;
    case change::synced_directory:
      break;
  }
}

}  // namespace

std::size_t for_each_crash(const fs::path& before, const fs::path& at, const std::vector<recording_disk::step>& steps,
                           std::size_t subsets_max, const std::function<void()>& look) {
  std::size_t states = 0, durable = 0;
  std::mt19937_64 random{1};
  for (std::size_t point = 0; point <= steps.size(); ++point) {
    if (point > 0 && steps[point - 1].what == change::synced_directory)
      durable = point;
    const auto open = point - durable;
    const auto all = open < 20 ? std::size_t{1} << open : SIZE_MAX;
    for (std::size_t n = 0; n < std::min(all, subsets_max); ++n) {
      const auto kept = all <= subsets_max ? n : random();
      fs::remove_all(at);
      fs::copy(before, at, fs::copy_options::recursive);
      for (std::size_t i = 0; i < point; ++i)
        if (i < durable || kept >> (i - durable) % 64 & 1)
          replay(at, steps[i]);
      look();
      ++states;
    }
  }
  return states;
}

}  // namespace troupe::log::test
