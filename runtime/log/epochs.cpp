#include "runtime/log/epochs.hpp"

#include "runtime/log/checkpoint_text.hpp"
#include "runtime/log/errors.hpp"

#include <algorithm>

namespace troupe::log {

bool epochs::assign(leader_epoch epoch, offset start) {
  if (epoch < leader_epoch{0} || start < offset{0})
    return false;
  if (!entries_.empty() && entries_.back().epoch == epoch && entries_.back().start <= start)
    return false;
  while (!entries_.empty() && (entries_.back().epoch >= epoch || entries_.back().start >= start))
    entries_.pop_back();
  entries_.push_back({epoch, start});
  return true;
}

bool epochs::truncate_end(offset end) {
  const auto before = entries_.size();
  while (!entries_.empty() && entries_.back().start >= end)
    entries_.pop_back();
  return entries_.size() != before;
}

bool epochs::truncate_start(offset start) {
  const auto next = std::upper_bound(entries_.begin(), entries_.end(), start,
                                     [](offset at, const epoch_entry& e) { return at < e.start; });
  if (next == entries_.begin())
    return false;
  const auto current = std::prev(next);
  const bool changed = current != entries_.begin() || current->start != start;
  current->start = start;
  entries_.erase(entries_.begin(), current);
  return changed;
}

void epochs::clear() {
  entries_.clear();
}

epoch_end epochs::end_of(leader_epoch asked, offset log_end) const {
  if (asked < leader_epoch{0} || entries_.empty() || asked > entries_.back().epoch)
    return {};
  if (asked == entries_.back().epoch)
    return {asked, log_end};
  const auto higher = std::upper_bound(entries_.begin(), entries_.end(), asked,
                                       [](leader_epoch e, const epoch_entry& entry) { return e < entry.epoch; });
  // Older than all we know: the records of `asked` ended at the latest where the first known epoch starts.
  const auto floor = higher == entries_.begin() ? asked : std::prev(higher)->epoch;
  return {floor, higher->start};
}

leader_epoch epochs::at(offset at) const {
  const auto next = std::upper_bound(entries_.begin(), entries_.end(), at,
                                     [](offset o, const epoch_entry& e) { return o < e.start; });
  return next == entries_.begin() ? no_epoch : std::prev(next)->epoch;
}

std::string epochs::encode() const {
  std::string text = "0\n" + std::to_string(entries_.size()) + "\n";
  for (const auto& e : entries_)
    text += std::to_string(e.epoch.value) + " " + std::to_string(e.start.value) + "\n";
  return text;
}

expected<epochs> epochs::decode(bytes_view content) {
  auto lines = checkpoint_lines(as_text(content));
  if (!lines)
    return lines.error();
  epochs out;
  for (const auto& line : *lines) {
    const auto words = split_words(line);
    const auto epoch = words.size() == 2 ? parse_number<std::int32_t>(words[0]) : std::nullopt;
    const auto start = words.size() == 2 ? parse_number<std::int64_t>(words[1]) : std::nullopt;
    if (!epoch || !start || *epoch < 0 || *start < 0)
      return make_error(errc::corrupt_file, "line \"" + std::string{line} + "\" is not an epoch and an offset");
    const epoch_entry entry{leader_epoch{*epoch}, offset{*start}};
    if (!out.entries_.empty() && (out.entries_.back().epoch >= entry.epoch || out.entries_.back().start >= entry.start))
      return make_error(errc::corrupt_file, "epoch " + std::to_string(*epoch) + " is out of order");
    out.entries_.push_back(entry);
  }
  return out;
}

}  // namespace troupe::log
