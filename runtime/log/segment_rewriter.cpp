#include "runtime/log/segment_rewriter.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/log/big_endian.hpp"
#include "runtime/log/file_names.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

constexpr std::size_t write_piece_bytes = 256 * bounds::kib;
constexpr std::size_t offset_entry_bytes = 8;
constexpr std::size_t time_entry_bytes = 12;

std::int32_t relative(offset at, offset base) {
  return static_cast<std::int32_t>(at - base);
}

expected<std::shared_ptr<file>> create_anew(disk& on, const std::string& path) {
  auto failed = on.remove(path);
  if (failed && !is_error(failed, error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found)))
    return failed;
  return on.open(path, open_mode::create_new);
}

}  // namespace

void index_collector::note(const batch_view& batch, std::uint64_t position) {
  if (batch.max_timestamp_ms() > largest_ms_) {
    largest_ms_ = batch.max_timestamp_ms();
    largest_at_ = batch.last_offset();
  }
  if (since_last_ > interval_bytes_ && fits(batch.last_offset()) && position <= segment_position_max
      && offsets_.size() + offset_entry_bytes <= bytes_max_ && times_.size() + 2 * time_entry_bytes <= bytes_max_) {
    const auto at = offsets_.size();
    offsets_.resize(at + offset_entry_bytes);
    store_i32(offsets_, at, relative(batch.last_offset(), base_));
    store_i32(offsets_, at + 4, static_cast<std::int32_t>(position));
    add_time();
    since_last_ = 0;
  }
  since_last_ += batch.size();
}

void index_collector::add_time() {
  if (largest_ms_ <= last_time_ms_ || !fits(largest_at_))
    return;
  const auto at = times_.size();
  times_.resize(at + time_entry_bytes);
  store_i64(times_, at, largest_ms_);
  store_i32(times_, at + 8, relative(largest_at_, base_));
  last_time_ms_ = largest_ms_;
}

void index_collector::finish() {
  add_time();
}

expected<segment_rewriter> segment_rewriter::create(disk& on, const std::string& directory, offset base,
                                                    const compaction_rules& rules) {
  auto path = directory + "/" + offset_file_name(base, "");
  auto log = create_anew(on, path + ".log.cleaned");
  if (!log)
    return log.error();
  return segment_rewriter{on, std::move(path), std::move(*log),
                          index_collector{base, rules.index_interval_bytes, rules.index_bytes_max}};
}

error segment_rewriter::add(const batch_view& batch) {
  indexes_.note(batch, size_bytes());
  if (!end_)
    first_timestamp_ms_ = batch.max_timestamp_ms();
  end_ = batch.next_offset();
  buffer_.insert(buffer_.end(), batch.bytes().begin(), batch.bytes().end());
  return buffer_.size() < write_piece_bytes ? error{} : flush();
}

error segment_rewriter::flush() {
  if (buffer_.empty())
    return {};
  const bytes_view part{buffer_};
  if (auto failed = log_->write(written_, std::span{&part, 1}))
    return failed;
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

error segment_rewriter::write_index(const std::string& suffix, const std::vector<std::uint8_t>& content) {
  auto out = create_anew(*disk_, path_ + suffix);
  if (!out)
    return out.error();
  const bytes_view part{content};
  if (!part.empty())
    if (auto failed = (*out)->write(0, std::span{&part, 1}))
      return failed;
  return (*out)->sync();
}

expected<cleaned_group> segment_rewriter::finish(cleaning_group replaces,
                                                 std::optional<std::vector<aborted_transaction>> aborted) {
  if (auto failed = flush())
    return failed;
  if (auto failed = log_->sync())
    return failed;
  indexes_.finish();
  if (auto failed = write_index(".index.cleaned", indexes_.offsets()))
    return failed;
  if (auto failed = write_index(".timeindex.cleaned", indexes_.times()))
    return failed;
  cleaned_group group;
  if (aborted) {
    if (auto failed = write_index(".txnindex.cleaned", encode_aborted(*aborted)))
      return failed;
    group.aborted = std::move(*aborted);
  }
  group.end_of_records = end_.value_or(replaces.base());
  group.replaces = std::move(replaces);
  group.size_bytes = written_;
  group.first_timestamp_ms = first_timestamp_ms_;
  group.largest_timestamp_ms = indexes_.largest_timestamp_ms();
  return group;
}

}  // namespace troupe::log
