// How a journal is opened: find the files, choose a snapshot, read the segments, settle the tail. What is not as it was
// written ends the start with an error unless it is certain that nothing acknowledged depends on it.
#include "runtime/metadata/journal.hpp"

#include <algorithm>
#include <utility>

namespace troupe::metadata {

namespace {

constexpr auto unreadable = static_cast<std::uint8_t>(disk_errc::io);

}  // namespace

expected<std::unique_ptr<journal>> journal::open(disk& on, std::string directory, journal_options options) {
  std::unique_ptr<journal> out{new journal{on, std::move(directory), options}};
  for (error (journal::*step)() : {&journal::look_around, &journal::load_snapshot, &journal::open_segments,
                                   &journal::check_whole, &journal::settle_tail})
    if (auto failed = (out.get()->*step)())
      return failed;
  return out;
}

error journal::damaged(const std::string& what) const {
  return make_error(
      errc::journal_damaged,
      directory_ + ": " + what + ". The node does not start, so that nothing is lost for good: restore the files");
}

error journal::look_around() {
  if (auto failed = disk_.make_directories(directory_))
    return failed;
  if (auto failed = disk_.sync_directory(parent_path(directory_)))
    return failed;
  const auto files = disk_.list(directory_);
  if (!files)
    return files.error();
  std::optional<entry_id> installing;
  for (const auto& f : *files) {
    if (const auto mark = parse_install_mark(f.name)) {
      installing = mark;
    } else if (f.name.ends_with(".tmp")) {
      // A file that was being replaced when the node died: the old one is in place.
      if (auto failed = disk_.remove_all(path_of(f.name)))
        return failed;
    } else if (const auto base = parse_segment_name(f.name)) {
      found_segments_.push_back(*base);
    } else if (const auto at = parse_snapshot_name(f.name)) {
      snapshots_.push_back(*at);
      claimed_ = std::max(claimed_, at->index);
    }
  }
  std::sort(found_segments_.begin(), found_segments_.end());
  std::sort(snapshots_.begin(), snapshots_.end());
  return installing ? go_on_installing(*installing) : error{};
}

error journal::load_snapshot() {
  while (!snapshots_.empty()) {
    auto content = read_snapshot(disk_, directory_, snapshots_.back());
    if (content) {
      recovery_.snapshot = snapshots_.back();
      recovery_.snapshot_content = std::move(*content);
      return {};
    }
    if (!is(content.error(), errc::journal_damaged) && !is_error(content.error(), error_domain::disk, unreadable))
      return content.error();
    recovery_.lines.push_back(render(content.error()) + "; it is passed over and left where it is");
    snapshots_.pop_back();
  }
  return {};
}

error journal::open_segments() {
  if (found_segments_.empty() && claimed_ == 0)
    return start_segment(1, 0);
  if (found_segments_.empty())
    return damaged("there are snapshots but no segments of the log");
  for (std::size_t i = 0; i < found_segments_.size(); ++i) {
    const bool is_last = i + 1 == found_segments_.size();
    // The snapshot has all that is in this segment.
    const bool is_spare = !is_last && found_segments_[i + 1] <= snapshot().index + 1;
    auto opened = segment::open(disk_, directory_, found_segments_[i], is_last);
    if (!opened && is_spare && is(opened.error(), errc::journal_damaged)) {
      recovery_.lines.push_back(render(opened.error())
                                + "; the snapshot has all that was in it, it is left where it is");
      segments_.clear();
      continue;
    }
    if (!opened)
      return opened.error();
    const auto& next = **opened;
    const auto before = segments_.empty() ? entry_id{} : last();
    if (!segments_.empty() && (next.base() != before.index + 1 || next.previous_term() != before.term)) {
      const bool is_covered = next.base() <= snapshot().index + 1;
      const auto gap = "entries " + std::to_string(before.index + 1) + " to " + std::to_string(next.base() - 1)
                       + " are missing before " + next.path();
      if (!is_covered)
        return damaged(gap);
      recovery_.lines.push_back(directory_ + ": " + gap + "; the snapshot has them");
      segments_.clear();
    }
    segments_.push_back(std::move(*opened));
  }
  return {};
}

error journal::check_whole() {
  const auto from = snapshot();
  if (first_index() > from.index + 1)
    return damaged("the log begins with entry " + std::to_string(first_index())
                   + (from.index == 0
                          ? ", and there is no whole snapshot of what came before"
                          : ", but the newest whole snapshot ends with entry " + std::to_string(from.index)));
  if (last().index < claimed_)
    return damaged("the log ends with entry " + std::to_string(last().index) + ", but there is a snapshot of entry "
                   + std::to_string(claimed_));
  if (from.index > 0 && term_at(from.index) != from.term)
    return damaged("entry " + std::to_string(from.index) + " has term " + std::to_string(term_at(from.index))
                   + ", but the snapshot of it has term " + std::to_string(from.term));
  return {};
}

error journal::settle_tail() {
  auto& active = *segments_.back();
  if (active.torn_bytes() > 0) {
    recovery_.lines.push_back(active.path() + ": " + std::to_string(active.torn_bytes()) + " bytes behind entry "
                              + std::to_string(last().index) + " were not written to the end and are cut off");
    if (auto failed = active.truncate_from(active.next_index()))
      return failed;
  }
  // Entries that a killed process had written may be in memory only; from here on they count.
  if (auto failed = active.write_again())
    return failed;
  if (auto failed = active.handle()->sync())
    return failed;
  durable_ = last().index;
  auto failed = active.write_seal(last());
  return is_no_space(failed) ? error{} : failed;  // a full disk must not keep a node from starting
}

}  // namespace troupe::metadata
