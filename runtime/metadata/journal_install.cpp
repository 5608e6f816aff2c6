// A snapshot that came from another node takes the place of the whole log.
#include "runtime/metadata/journal.hpp"

#include <string_view>

namespace troupe::metadata {

namespace {

// Its name says of which entry the snapshot is: while the file is there, segments before that entry count no more.
constexpr std::string_view mark_suffix = ".install";

std::string mark_name(entry_id at) {
  const auto name = snapshot_name(at);
  return name.substr(0, name.rfind('.')) + std::string{mark_suffix};
}

}  // namespace

std::optional<entry_id> parse_install_mark(std::string_view name) {
  if (!name.ends_with(mark_suffix))
    return std::nullopt;
  return parse_snapshot_name(std::string{name.substr(0, name.size() - mark_suffix.size())} + ".snapshot");
}

error journal::install_snapshot(entry_id at, const records& content) {
  if (offline_)
    return offline_;
  if (at.index <= snapshot().index)
    return make_error(errc::out_of_order, directory_ + ": a snapshot of entry " + std::to_string(at.index)
                                              + " cannot replace that of entry " + std::to_string(snapshot().index));
  // The mark first: from then on a crash leads on to the new state, or, without the snapshot, back to the old one.
  if (auto failed = replace_file(disk_, path_of(mark_name(at)), as_bytes("1\n")))
    return is_no_space(failed) ? failed : fail(failed);
  if (auto failed = replace_file(disk_, path_of(snapshot_name(at)), encode_snapshot(at, content))) {
    if (is_no_space(failed) && !remove_file(mark_name(at)))
      return failed;
    return fail(failed);
  }
  for (const auto& s : segments_)
    found_segments_.push_back(s->base());
  segments_.clear();
  snapshots_.push_back(at);
  ++truncations_;
  if (auto failed = finish_install(at))
    return fail(failed);
  return {};
}

error journal::finish_install(entry_id at) {
  for (const auto base : found_segments_)
    if (auto failed = remove_file(segment_name(base)))
      return failed;
  found_segments_.clear();
  for (const auto& older : snapshots_)
    if (older != at)
      if (auto failed = remove_file(snapshot_name(older)))
        return failed;
  snapshots_ = {at};
  claimed_ = at.index;
  if (auto failed = start_segment(at.index + 1, at.term))
    return failed;
  durable_ = at.index;
  return remove_file(mark_name(at));
}

error journal::go_on_installing(entry_id at) {
  if (!read_snapshot(disk_, directory_, at))
    return remove_file(mark_name(at));
  recovery_.lines.push_back(directory_ + ": a snapshot of entry " + std::to_string(at.index)
                            + " was being put in the place of the log when the node ended; it is finished now");
  if (auto failed = finish_install(at))
    return failed;
  found_segments_ = {at.index + 1};
  segments_.clear();
  return {};
}

}  // namespace troupe::metadata
