#include "compaction_fixture.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/log/big_endian.hpp"
#include "runtime/log/file_names.hpp"

#include <stdlib.h>

#include <algorithm>

namespace troupe::log::test {

temporary_directory::temporary_directory() {
  std::error_code no_matter;
  const std::filesystem::path memory{"/dev/shm"};
  const auto root = std::filesystem::is_directory(memory, no_matter) ? memory : std::filesystem::temp_directory_path();
  auto name = (root / "troupe-log-XXXXXX").string();
  BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

temporary_directory::~temporary_directory() {
  std::error_code no_matter;
  std::filesystem::remove_all(path_, no_matter);
}

offset segments::append(const byte_slice& batch) {
  batch_header_patch patch{view(batch)};
  patch.set_base_offset(end_);
  const auto placed = patch.joined();
  active_.insert(active_.end(), placed.view().begin(), placed.view().end());
  end_ = view(placed).next_offset();
  return view(placed).last_offset();
}

void segments::skip_to(offset at) {
  end_ = at;
  if (!active_.empty())
    return;
  active_base_ = at;
  if (!inactive_.empty())
    inactive_.back().end = at;
}

void segments::roll() {
  if (active_.empty())
    return;
  segment_facts facts{active_base_, end_, active_.size(), 0, no_timestamp, no_timestamp};
  batch_run run{active_};
  for (auto batch = must(run.next()); batch; batch = must(run.next())) {
    if (facts.first_timestamp_ms == no_timestamp)
      facts.first_timestamp_ms = batch->max_timestamp_ms();
    facts.largest_timestamp_ms = std::max(facts.largest_timestamp_ms, batch->max_timestamp_ms());
  }
  auto file = must(disk_->open(directory_ + "/" + offset_file_name(active_base_, ".log"), open_mode::create));
  const bytes_view all{active_};
  must_succeed(file->write(0, std::span{&all, 1}));
  inactive_.push_back(facts);
  active_.clear();
  active_base_ = end_;
}

compaction_input segments::input() const {
  compaction_input log;
  log.directory = directory_;
  log.inactive = inactive_;
  log.cleaned_to = cleaned_to;
  log.stable_end = stable_end;
  log.producers = producers;
  return log;
}

cleaned_files segments::compact(const compaction_rules& rules, wall_time now, std::size_t map_bytes) {
  auto plan = plan_compaction(input(), rules, now);
  if (!plan)
    return {};
  plan->map_bytes_max = map_bytes;
  auto files = must(clean(*plan, *disk_));
  apply(files);
  return files;
}

void segments::apply(const cleaned_files& files) {
  const auto choice = choose_swaps(files, inactive_, 0);
  BOOST_REQUIRE(choice.complete());
  must_succeed(swap_in_cleaned(*disk_, directory_, choice.fit));
  for (const auto& group : choice.fit) {
    std::erase_if(inactive_, [&](const segment_facts& s) {
      return s.base >= group.replaces.base() && s.base < group.replaces.end();
    });
    if (group.size_bytes > 0)
      inactive_.push_back({group.replaces.base(), group.replaces.end(), group.size_bytes, 0, group.first_timestamp_ms,
                           group.largest_timestamp_ms});
  }
  std::sort(inactive_.begin(), inactive_.end(), [](const auto& a, const auto& b) { return a.base < b.base; });
  cleaned_to = files.cleaned_to;
}

byte_vector segments::bytes() const {
  byte_vector all;
  for (const auto& segment : inactive_) {
    const auto content = must(read_file(*disk_, directory_ + "/" + offset_file_name(segment.base, ".log"), 1 << 30));
    BOOST_REQUIRE(content.size() == segment.size_bytes);
    all.insert(all.end(), content.begin(), content.end());
  }
  all.insert(all.end(), active_.begin(), active_.end());
  return all;
}

std::string segments::described() const {
  return describe(bytes());
}

std::map<std::string, std::string> segments::table() const {
  std::map<std::string, std::string> values;
  const auto all = bytes();
  batch_run run{all};
  for (auto batch = must(run.next()); batch; batch = must(run.next())) {
    if (batch->is_control())
      continue;
    const auto plain = must(unpacked_records::of(*batch, bounds::unpacked_batch_bytes_max));
    record_run records{plain};
    for (auto record = must(records.next()); record; record = must(records.next())) {
      if (!record->key)
        continue;
      const std::string key{as_text(*record->key)};
      values.erase(key);
      if (record->value)
        values[key] = as_text(*record->value);
    }
  }
  return values;
}

namespace {

// Position of a batch by its last offset, and the largest timestamp up to it.
struct place {
  std::uint64_t position = 0;
  std::int64_t largest_ms = no_timestamp;
};

std::map<std::int64_t, place> places_of(bytes_view log) {
  std::map<std::int64_t, place> places;
  std::int64_t largest = no_timestamp;
  batch_run run{log};
  for (auto at = run.position(); const auto batch = must(run.next()); at = run.position()) {
    largest = std::max(largest, batch->max_timestamp_ms());
    places[batch->last_offset().value] = {at, largest};
  }
  return places;
}

}  // namespace

std::string index_fault(disk& on, const std::string& directory, offset base) {
  constexpr std::size_t limit = 1 << 30;
  const auto path = directory + "/" + offset_file_name(base, "");
  const auto log = must(read_file(on, path + ".log", limit));
  const auto offsets = must(read_file(on, path + ".index", limit));
  const auto times = must(read_file(on, path + ".timeindex", limit));
  const auto places = places_of(log);
  if (offsets.size() % 8 != 0 || times.size() % 12 != 0)
    return "an index ends inside an entry";
  std::int32_t last = -1;
  for (std::size_t at = 0; at < offsets.size(); at += 8) {
    const auto relative = load_i32(offsets, at);
    const auto found = places.find(base.value + relative);
    if (relative <= last || found == places.end()
        || found->second.position != static_cast<std::uint64_t>(load_i32(offsets, at + 4)))
      return "offset index entry " + std::to_string(at / 8) + " does not point at a batch";
    last = relative;
  }
  std::int64_t last_ms = no_timestamp;
  for (std::size_t at = 0; at < times.size(); at += 12) {
    const auto found = places.find(base.value + load_i32(times, at + 8));
    const auto ms = load_i64(times, at);
    if (ms <= last_ms || found == places.end() || found->second.largest_ms != ms)
      return "time index entry " + std::to_string(at / 12) + " is wrong";
    last_ms = ms;
  }
  const auto largest = places.empty() ? no_timestamp : places.rbegin()->second.largest_ms;
  return last_ms == largest ? "" : "the time index does not end with the largest timestamp";
}

}  // namespace troupe::log::test
