#include "runtime/metadata/journal.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <utility>

namespace troupe::metadata {

namespace {

constexpr std::size_t snapshots_kept = 2;  // the second stands in when the first turns out to be damaged

}  // namespace

bool is_no_space(const error& e) {
  return is_error(e, error_domain::disk, static_cast<std::uint8_t>(disk_errc::no_space));
}

journal::journal(disk& on, std::string directory, journal_options options)
    : disk_(on), directory_(std::move(directory)), options_(options) {}

std::int64_t journal::first_index() const {
  return segments_.front()->base();
}

entry_id journal::last() const {
  const auto& active = *segments_.back();
  const auto index = active.next_index() - 1;
  return {index, index >= active.base() ? active.term_at(index) : active.previous_term()};
}

std::int64_t journal::term_at(std::int64_t index) const {
  if (const auto* in = segment_of(index))
    return in->term_at(index);
  if (index == first_index() - 1)
    return segments_.front()->previous_term();
  return index == snapshot().index ? snapshot().term : -1;
}

segment* journal::segment_of(std::int64_t index) const {
  const auto after = std::upper_bound(segments_.begin(), segments_.end(), index,
                                      [](std::int64_t i, const std::unique_ptr<segment>& s) { return i < s->base(); });
  if (after == segments_.begin())
    return nullptr;
  auto* in = std::prev(after)->get();
  return index < in->next_index() ? in : nullptr;
}

expected<std::vector<entry>> journal::read(std::int64_t from, std::int64_t until, std::size_t max_bytes) const {
  std::vector<entry> out;
  until = std::min(until, last().index + 1);
  if (from < first_index() || from > last().index + 1)
    return make_error(errc::out_of_order, directory_ + ": entry " + std::to_string(from) + " is asked for, there are "
                                            + std::to_string(first_index()) + " to " + std::to_string(last().index));
  std::size_t bytes = 0;
  while (from < until) {
    const auto* in = segment_of(from);
    const auto in_end = std::min(until, in->next_index());
    auto end = from;
    while (end < in_end && ((out.empty() && end == from) || bytes + in->frame_bytes(end) <= max_bytes))
      bytes += in->frame_bytes(end++);
    if (end == from)
      break;
    if (auto failed = in->read(from, end, out))
      return failed;
    from = end;
  }
  return out;
}

error journal::check_order(std::span<const entry> entries) const {
  auto before = last();
  for (const auto& e : entries) {
    if (e.at.index != before.index + 1 || e.at.term < before.term)
      return make_error(errc::out_of_order, directory_ + ": entry " + std::to_string(e.at.index) + " of term "
                                                + std::to_string(e.at.term) + " does not follow entry "
                                                + std::to_string(before.index) + " of term "
                                                + std::to_string(before.term));
    before = e.at;
  }
  return {};
}

error journal::fail(error why) {
  if (!offline_)
    offline_ = make_error(errc::journal_offline, directory_ + ": offline since a write failed (" + render(why)
                                                   + "); look after the disk and restart the node");
  return why;
}

error journal::append(std::span<const entry> entries) {
  auto ticket = begin_append(entries);
  if (!ticket)
    return ticket.error();
  for (const auto& f : ticket->files)
    if (auto failed = f->sync()) {
      finish(*ticket, failed);
      return failed;
    }
  finish(*ticket, {});
  return {};
}

expected<journal::sync_ticket> journal::begin_append(std::span<const entry> entries) {
  if (offline_)
    return offline_;
  if (auto refused = check_order(entries))
    return refused;
  if (segments_.back()->end() >= options_.segment_bytes && segments_.back()->next_index() > segments_.back()->base())
    if (auto failed = roll())
      return failed;
  auto& active = *segments_.back();
  if (auto failed = active.write(entries, durable_)) {
    if (is(failed, errc::policy_violation))
      return failed;
    // A full disk is no broken disk: what was written of the entries is taken back.
    if (is_no_space(failed) && !active.truncate_from(active.next_index()))
      return failed;
    return fail(failed);
  }
  return sync_ticket{{active.handle()}, {}, last().index, truncations_};
}

void journal::finish(const sync_ticket& ticket, const error& outcome) {
  if (outcome) {
    fail(outcome);
    return;
  }
  if (ticket.truncations != truncations_)
    return;  // `truncate_from` has synced what was left
  durable_ = std::max(durable_, ticket.durable_to);
  if (durable_ != last().index || offline_)
    return;
  // So that later damage to the last entry is not taken for a write that never became durable.
  if (auto failed = segments_.back()->write_seal(last()); failed && !is_no_space(failed))
    fail(failed);
}

error journal::roll() {
  const auto end = last();
  // A new segment says that everything before it is durable.
  if (auto failed = segments_.back()->handle()->sync())
    return fail(failed);
  durable_ = end.index;
  return start_segment(end.index + 1, end.term);
}

error journal::start_segment(std::int64_t base, std::int64_t previous_term) {
  auto made = segment::create(disk_, directory_, base, previous_term);
  if (!made)
    return is_no_space(made.error()) ? made.error() : fail(made.error());
  segments_.push_back(std::move(*made));
  return {};
}

error journal::truncate_from(std::int64_t from) {
  if (offline_)
    return offline_;
  if (from <= snapshot().index || from < first_index() || from > last().index + 1)
    return make_error(errc::out_of_order, directory_ + ": cannot cut at entry " + std::to_string(from)
                                              + ": the log goes from " + std::to_string(first_index()) + " to "
                                              + std::to_string(last().index) + ", the newest snapshot is of "
                                              + std::to_string(snapshot().index));
  ++truncations_;
  while (segments_.size() > 1 && segments_.back()->base() >= from) {
    if (auto failed = remove_file(segment_name(segments_.back()->base())))
      return fail(failed);
    segments_.pop_back();
  }
  auto& active = *segments_.back();
  if (auto failed = active.truncate_from(std::min(from, active.next_index())))
    return fail(failed);
  if (auto failed = active.handle()->sync())
    return fail(failed);
  durable_ = last().index;
  return {};
}

expected<journal::snapshot_ticket> journal::begin_snapshot(entry_id at, const records& content) const {
  if (offline_)
    return offline_;
  if (at.index > durable_ || at.index <= snapshot().index || term_at(at.index) != at.term)
    return make_error(errc::out_of_order, directory_ + ": no snapshot of entry " + std::to_string(at.index)
                                              + " of term " + std::to_string(at.term)
                                              + " can be taken: the newest is of " + std::to_string(snapshot().index)
                                              + ", durable is " + std::to_string(durable_));
  return snapshot_ticket{at, path_of(snapshot_name(at)), encode_snapshot(at, content)};
}

error journal::finish_snapshot(entry_id at) {
  TROUPE_INVARIANT(at.index > snapshot().index, "snapshots come in the order of their entries");
  snapshots_.push_back(at);
  claimed_ = std::max(claimed_, at.index);
  return remove_unneeded();
}

error journal::save_snapshot(entry_id at, const records& content) {
  auto ticket = begin_snapshot(at, content);
  if (!ticket)
    return ticket.error();
  if (auto failed = replace_file(disk_, ticket->path, ticket->content))
    return failed;
  return finish_snapshot(at);
}

error journal::remove_unneeded() {
  if (snapshots_.size() < snapshots_kept)
    return {};  // without a second snapshot the whole log is what stands in
  while (snapshots_.size() > snapshots_kept) {
    if (auto failed = remove_file(snapshot_name(snapshots_.front())))
      return failed;
    snapshots_.erase(snapshots_.begin());
  }
  // One after the other, each durably: after a crash the rest is still without a gap.
  while (segments_.size() > 1 && segments_[1]->base() <= snapshots_.front().index + 1) {
    if (auto failed = remove_file(segment_name(segments_.front()->base())))
      return failed;
    segments_.erase(segments_.begin());
  }
  return {};
}

error journal::remove_file(const std::string& name) {
  if (auto failed = disk_.remove(path_of(name)))
    return failed;
  return disk_.sync_directory(directory_);
}

error journal::close() {
  if (offline_)
    return {};
  auto& active = *segments_.back();
  if (auto failed = active.handle()->sync())
    return fail(failed);
  durable_ = last().index;
  if (auto failed = active.write_seal(last()))
    return fail(failed);
  if (auto failed = active.handle()->sync())
    return fail(failed);
  return {};
}

}  // namespace troupe::metadata
