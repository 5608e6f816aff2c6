#include "runtime/log/cleaning.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/log/batch_builder.hpp"
#include "runtime/log/batch_file_reader.hpp"
#include "runtime/log/batch_filter.hpp"
#include "runtime/log/cleaned_swap.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/log/offset_map.hpp"
#include "runtime/log/record.hpp"
#include "runtime/log/segment_rewriter.hpp"
#include "runtime/log/transaction_filter.hpp"

#include <algorithm>
#include <optional>

namespace troupe::log {

/// The two halves of a pass, each a walk over batches: collect the keys of the dirty part, then rewrite group by group.
class cleaning::work {
 public:
  work(cleaning_plan plan, disk& on)
    : plan_(std::move(plan)), disk_(on), keys_(plan_.map_bytes_max), context_{keys_}, transactions_(plan_.aborted) {
    context_.collected_to = plan_.first_dirty;
    context_.now = plan_.now;
    context_.delete_retention = plan_.rules.delete_retention;
    for (const auto& tail : plan_.producers)
      context_.last_of_producer[tail.producer] = tail.last;
    result_.directory = plan_.directory;
    result_.generation = plan_.generation;
  }

  expected<bool> step(std::size_t bytes) {
    const auto until = result_.counts.bytes_read + std::max<std::size_t>(bytes, 1);
    while (result_.counts.bytes_read < until) {
      if (auto failed = collecting_ ? collect() : rewrite()) {
        clean_up();
        return failed;
      }
      if (!collecting_ && group_ == groups_.size())
        return finish();
    }
    return false;
  }

  cleaned_files take() {
    TROUPE_INVARIANT(finished_, "the result is there when the last step has returned true");
    return std::move(result_);
  }

 private:
  // What an empty batch needs of the batch it stands for.
  struct batch_header {
    explicit batch_header(const batch_view& of)
        : fields(batch_fields::like(of)),
          last_offset_delta(of.last_offset_delta()),
          max_timestamp_ms(of.max_timestamp_ms()),
          was_empty(of.record_count() == 0) {}
    expected<byte_slice> emptied() const {
      batch_builder builder{fields};
      builder.set_last_offset_delta(last_offset_delta);
      builder.set_max_timestamp(max_timestamp_ms);
      return std::move(builder).finish();
    }
    batch_fields fields;
    std::int32_t last_offset_delta;
    std::int64_t max_timestamp_ms;
    bool was_empty;
  };

  // -- opening sources ----------------------------------------------------------------------------------------------

  error open(const segment_facts& segment) {
    auto path = plan_.directory + "/" + offset_file_name(segment.base, ".log");
    auto source = disk_.open(path, open_mode::read);
    if (!source) {
      if (is_error(source.error(), error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found)))
        return make_error(errc::cleaning_obsolete, path + ": removed since the cleaning was planned");
      return source.error();
    }
    reader_.emplace(std::move(*source), std::move(path), 0, segment.size_bytes);
    return {};
  }

  expected<std::optional<batch_view>> next_batch() {
    auto batch = reader_->next();
    if (batch && *batch)
      result_.counts.bytes_read += (*batch)->size();
    return batch;
  }

  // -- first half: the last offset of each key in [first_dirty, first_uncleanable) ------------------------------------

  error collect() {
    if (!reader_) {
      while (source_ < plan_.segments.size() && plan_.segments[source_].end <= plan_.first_dirty)
        ++source_;
      if (source_ == plan_.segments.size())
        return begin_rewriting(plan_.first_uncleanable);
      if (auto failed = open(plan_.segments[source_]))
        return failed;
    }
    auto batch = next_batch();
    if (!batch)
      return batch.error();
    if (!*batch) {
      reader_.reset();
      ++source_;
      return {};
    }
    if ((*batch)->last_offset() < plan_.first_dirty)
      return {};
    if ((*batch)->last_offset() >= plan_.first_uncleanable)
      return begin_rewriting(std::max((*batch)->base_offset(), plan_.first_dirty));
    if (auto full_at = collect_keys(**batch))
      return begin_rewriting(*full_at);
    collected_any_ = true;
    context_.collected_to = (*batch)->next_offset();
    return {};
  }

  // Where to stop when the map is full.
  std::optional<offset> collect_keys(const batch_view& batch) {
    if (batch.is_control() || transactions_.is_aborted(batch))
      return std::nullopt;
    auto plain = unpacked_records::of(batch, bounds::unpacked_batch_bytes_max);
    if (!plain)
      return std::nullopt;  // stays as it is, see `filter_batch`
    std::int32_t last_delta = -1;
    record_run run{*plain};
    for (auto record = run.next(); record && *record; record = run.next()) {
      const auto delta = (*record)->offset_delta;
      if (delta <= last_delta || delta > batch.last_offset_delta())
        return std::nullopt;  // likewise
      last_delta = delta;
      const auto at = batch.base_offset() + delta;
      if (!(*record)->key || at < plan_.first_dirty)
        continue;
      if (!keys_.put(*(*record)->key, at)) {
        collected_any_ = true;
        context_.collected_to = at;
        return at;
      }
    }
    return std::nullopt;
  }

  error begin_rewriting(offset cleaned_to) {
    reader_.reset();
    collecting_ = false;
    result_.cleaned_to = cleaned_to;
    if (!collected_any_)
      return {};  // nothing but a gap: no group needs a look
    auto segments = plan_.segments;
    std::erase_if(segments, [&](const segment_facts& s) { return s.base >= context_.collected_to; });
    groups_ = group_segments(segments, plan_.rules);
    source_ = 0;
    return {};
  }

  // -- second half: what stays, group by group ------------------------------------------------------------------------

  error rewrite() {
    const auto& group = groups_[group_];
    if (!writer_) {
      auto writer = segment_rewriter::create(disk_, plan_.directory, group.base(), plan_.rules);
      if (!writer)
        return writer.error();
      writer_.emplace(std::move(*writer));
      changed_ = group.sources.size() > 1;
      source_ = 0;
      dropped_in_group_ = 0;
      last_dropped_.reset();
      left_in_group_ = 0;
      for (const auto& source : group.sources)
        left_in_group_ += source.size_bytes;
    }
    if (source_ == group.sources.size())
      return end_group();
    if (!reader_)
      if (auto failed = open(group.sources[source_]))
        return failed;
    auto batch = next_batch();
    if (!batch)
      return batch.error();
    if (*batch)
      return filter(**batch);
    reader_.reset();
    ++source_;
    return {};
  }

  error filter(const batch_view& batch) {
    // A delete horizon changes every record's time and may make a batch grow: not where an index could no longer tell
    // the position; then the tombstones wait for a later pass.
    constexpr std::uint64_t growth_max = 3;
    context_.sets_horizons = writer_->size_bytes() + left_in_group_ + growth_max * batch.size() <= segment_position_max;
    left_in_group_ -= batch.size();
    auto filtered = filter_batch(batch, role_of(batch), context_);
    if (!filtered)
      return filtered.error();
    auto& counts = result_.counts;
    counts.records_read += filtered->records_read;
    counts.records_kept += filtered->records_kept;
    counts.records_without_key += filtered->records_without_key;
    counts.batches_unreadable += filtered->unreadable;
    changed_ = changed_ || filtered->what != filtered_batch::fate::kept;
    if (filtered->what == filtered_batch::fate::dropped) {
      ++dropped_in_group_;
      last_dropped_ = batch_header{batch};
      return {};
    }
    if (filtered->what == filtered_batch::fate::kept)
      return writer_->add(batch);
    auto rewritten = batch_view::parse(filtered->rewritten);
    TROUPE_INVARIANT(rewritten, "what the builder made is a batch");
    return writer_->add(*rewritten);
  }

  transaction_role role_of(const batch_view& batch) {
    transactions_.see(batch);
    if (batch.is_control())
      return transactions_.is_idle_marker(batch) ? transaction_role::idle_marker : transaction_role::marker;
    return transactions_.is_aborted(batch) ? transaction_role::aborted_data : transaction_role::none;
  }

  // The log starts where its first segment does: without that a restart would move the start up, and readers in the gap
  // would be told that their offset is gone. So of a first group without survivors the last batch's header stays.
  error keep_start_of_log() {
    if (group_ > 0 || writer_->size_bytes() > 0 || !last_dropped_)
      return {};
    const auto was_all_there_is = dropped_in_group_ == 1 && last_dropped_->was_empty && groups_[0].sources.size() == 1;
    auto placeholder = last_dropped_->emptied();
    if (!placeholder)
      return placeholder.error();
    changed_ = !was_all_there_is;
    return writer_->add(*batch_view::parse(*placeholder));
  }

  error end_group() {
    if (auto failed = keep_start_of_log())
      return failed;
    const auto& group = groups_[group_];
    const auto known = std::count_if(plan_.aborted.begin(), plan_.aborted.end(), [&](const auto& one) {
      return one.last >= group.base() && one.last < group.end();
    });
    std::optional<std::vector<aborted_transaction>> aborted;
    if (known > 0) {
      aborted = transactions_.left(group.base(), group.end());
      changed_ = changed_ || static_cast<std::ptrdiff_t>(aborted->size()) != known;
    }
    auto done = writer_->finish(group, std::move(aborted));
    if (!done)
      return done.error();
    writer_.reset();
    ++group_;
    result_.counts.bytes_written += done->size_bytes;
    if (changed_)
      result_.groups.push_back(std::move(*done));
    else
      drop_cleaned(disk_, plan_.directory, {*done});
    return {};
  }

  void clean_up() {
    writer_.reset();
    if (group_ < groups_.size())
      drop_cleaned(disk_, plan_.directory, {cleaned_group{groups_[group_]}});
    drop_cleaned(disk_, plan_.directory, result_.groups);
  }

  expected<bool> finish() {
    // The swap removes old segments on the word of its own file: the new names must be durable before that.
    if (!result_.groups.empty())
      if (auto failed = disk_.sync_directory(plan_.directory))
        return failed;
    finished_ = true;
    return true;
  }

  cleaning_plan plan_;
  disk& disk_;
  offset_map keys_;
  filter_context context_;
  transaction_filter transactions_;
  bool collecting_ = true;
  bool collected_any_ = false;
  bool finished_ = false;
  std::size_t source_ = 0;  // in the plan's segments, then in the group's sources
  std::optional<batch_file_reader> reader_;
  std::vector<cleaning_group> groups_;
  std::size_t group_ = 0;
  std::optional<segment_rewriter> writer_;
  std::uint64_t left_in_group_ = 0;  // bytes of the group's sources that were not looked at yet
  bool changed_ = false;
  std::size_t dropped_in_group_ = 0;  // batches
  std::optional<batch_header> last_dropped_;
  cleaned_files result_;
};

cleaning::cleaning(cleaning_plan plan, disk& on) : work_(std::make_unique<work>(std::move(plan), on)) {}
cleaning::~cleaning() = default;
cleaning::cleaning(cleaning&&) noexcept = default;
cleaning& cleaning::operator=(cleaning&&) noexcept = default;

expected<bool> cleaning::step(std::size_t bytes) {
  return work_->step(bytes);
}

cleaned_files cleaning::take() && {
  return work_->take();
}

expected<cleaned_files> clean(cleaning_plan plan, disk& on) {
  constexpr std::size_t piece = 16 * bounds::mib;
  cleaning pass{std::move(plan), on};
  while (true) {
    auto finished = pass.step(piece);
    if (!finished)
      return finished.error();
    if (*finished)
      return std::move(pass).take();
  }
}

}  // namespace troupe::log
