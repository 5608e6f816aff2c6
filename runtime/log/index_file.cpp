#include "runtime/log/index_file.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/log/errors.hpp"

#include <algorithm>

namespace troupe::log {

error index_file::open(disk& on) {
  auto opened = on.open(path_, open_mode::read_write);
  if (!opened) {
    if (is_error(opened.error(), error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found)))
      return make_error(errc::corrupt_file, path_ + " is missing");
    return opened.error();
  }
  const auto size = (*opened)->size();
  if (!size)
    return size.error();
  if (*size % entry_bytes_ != 0)
    return make_error(errc::corrupt_file, path_ + " has " + std::to_string(*size) + " bytes, which is no multiple of "
                                            + std::to_string(entry_bytes_));
  file_ = std::move(*opened);
  stored_ = static_cast<std::uint32_t>(*size / entry_bytes_);
  return {};
}

expected<index_file::raw_entry> index_file::at(std::uint32_t n) const {
  TROUPE_INVARIANT(n < size(), "an index entry is asked for that is not there");
  raw_entry out{};
  if (n >= stored_) {
    const auto from = static_cast<std::ptrdiff_t>((n - stored_) * entry_bytes_);
    std::copy_n(pending_.begin() + from, entry_bytes_, out.begin());
    return out;
  }
  auto got = file_->read(std::uint64_t{n} * entry_bytes_, std::span{out}.first(entry_bytes_));
  if (!got)
    return got.error();
  if (*got != entry_bytes_)
    return make_error(errc::corrupt_file, path_ + " became shorter while it was open");
  return out;
}

void index_file::push(bytes_view entry) {
  pending_.insert(pending_.end(), entry.begin(), entry.end());
}

error index_file::open_for_writing(disk& on) {
  if (file_)
    return {};
  auto opened = on.open(path_, open_mode::create);
  if (!opened)
    return opened.error();
  file_ = std::move(*opened);
  // A leftover of the same name holds nothing that is known to be true.
  return stored_ == 0 ? file_->truncate(0) : error{};
}

error index_file::truncate(disk& on, std::uint32_t count) {
  if (count >= size())
    return {};
  if (count >= stored_) {
    pending_.resize((count - stored_) * entry_bytes_);
    return {};
  }
  pending_.clear();
  if (auto failed = open_for_writing(on))
    return failed;
  if (auto failed = file_->truncate(std::uint64_t{count} * entry_bytes_))
    return failed;
  stored_ = count;
  return {};
}

error index_file::replace(disk& on) {
  TROUPE_INVARIANT(stored_ == 0, "an index is replaced by entries that are all in memory");
  if (auto failed = replace_file(on, path_, pending_))
    return failed;
  stored_ = size();
  pending_.clear();
  file_.reset();
  return open_for_writing(on);
}

error index_file::flush(disk& on) {
  if (auto failed = open_for_writing(on))
    return failed;
  if (pending_.empty())
    return {};
  const bytes_view part{pending_};
  if (auto failed = file_->write(std::uint64_t{stored_} * entry_bytes_, std::span{&part, 1}))
    return failed;
  stored_ += static_cast<std::uint32_t>(pending_.size() / entry_bytes_);
  pending_.clear();
  pending_.shrink_to_fit();
  return {};
}

}  // namespace troupe::log
