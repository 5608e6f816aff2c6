// The log's part in compaction: what there is to clean, and the swap of what was cleaned.

#include "runtime/log/cleaned_swap.hpp"
#include "runtime/log/compaction.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/log_state.hpp"

#include <algorithm>

namespace troupe::log {

expected<std::vector<segment_facts>> log_state::inactive_segments() {
  std::vector<segment_facts> all;
  for (auto in = segments.begin(); in != segments.end() && std::next(in) != segments.end(); ++in) {
    segment_facts facts;
    facts.base = in->base();
    facts.end = end_of(in);
    facts.size_bytes = in->size_bytes();
    const auto largest = in->largest_timestamp(home, how.index_interval_bytes);
    if (!largest)
      return largest.error();
    facts.largest_timestamp_ms = largest->timestamp_ms;
    const auto index = in->index_bytes(home, how.index_interval_bytes);
    if (!index)
      return index.error();
    facts.index_bytes = *index;
    const auto first = in->first_timestamp(home);
    if (!first)
      return first.error();
    facts.first_timestamp_ms = *first;
    limit_open_files(*in);
    all.push_back(facts);
  }
  return all;
}

std::optional<cleaning_plan> log::plan_compaction(wall_time now, offset high_watermark) {
  auto& s = *state_;
  if (!s.how.compacts() || s.segments.size() < 2 || s.refuse_write())
    return std::nullopt;
  auto inactive = s.inactive_segments();
  if (!inactive) {
    s.home.note(render(inactive.error()) + "; the log is not compacted");
    return std::nullopt;
  }
  compaction_input input;
  input.directory = s.home.directory;
  input.inactive = std::move(*inactive);
  input.log_start = s.log_start;
  input.cleaned_to = s.cleaned_to;
  input.stable_end = last_stable_offset(high_watermark);
  input.producers = s.idempotent.tails();
  const auto aborted = s.aborted.ended_in(offset{0}, s.log_end);
  input.aborted.assign(aborted.begin(), aborted.end());
  input.generation = s.generation;
  return troupe::log::plan_compaction(std::move(input), s.how.rules_for_compaction(), now);
}

namespace {

void replace_segments(log_state& s, const cleaned_group& group) {
  const auto by_base = [](const segment& in, offset at) { return in.base() < at; };
  const auto first = std::lower_bound(s.segments.begin(), s.segments.end(), group.replaces.base(), by_base);
  const auto last = std::lower_bound(first, s.segments.end(), group.replaces.end(), by_base);
  const auto seen = first->seen();
  s.forget_aborted(group.replaces.base(), group.replaces.end());
  for (const auto& one : group.aborted)
    s.aborted.add(one);
  for (auto old = first; old != last; ++old)
    old->abandon_files();
  const auto at = s.segments.erase(first, last);
  if (group.size_bytes > 0)
    s.segments.insert(at, segment{group.replaces.base(), group.size_bytes, seen});
}

}  // namespace

error log::apply_compaction(const cleaned_files& cleaned) {
  auto& s = *state_;
  auto refused = s.refuse_write();
  auto inactive = s.inactive_segments();
  if (!refused && !inactive)
    refused = s.failed(inactive.error());
  if (refused) {
    drop_cleaned(*s.home.on, s.home.directory, cleaned.groups);
    return refused;
  }
  const auto choice = choose_swaps(cleaned, *inactive, s.generation);
  drop_cleaned(*s.home.on, s.home.directory, choice.unfit);
  if (choice.fit.empty() && !choice.unfit.empty())
    return make_error(errc::cleaning_obsolete,
                      s.home.directory + ": the segments have changed since they were cleaned");
  if (auto why = swap_in_cleaned(*s.home.on, s.home.directory, choice.fit)) {
    // Half old, half new names: only opening the log again puts that right.
    go_offline(why);
    return s.offline;
  }
  for (const auto& group : choice.fit)
    replace_segments(s, group);
  s.forget_positions();
  if (choice.unfit.empty())
    s.cleaned_to = cleaned.cleaned_to;
  return {};
}

offset log::cleaned_to() const {
  return state_->cleaned_to;
}

}  // namespace troupe::log
