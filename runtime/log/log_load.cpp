// What a log knows besides its batches, read back when it is opened or was truncated: leader epochs and producers.

#include "runtime/base/bounds.hpp"
#include "runtime/log/batch_walk.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/log/log_state.hpp"

#include <algorithm>

namespace troupe::log {

namespace {

constexpr std::size_t small_file_bytes_max = 64 * bounds::mib;  // of epochs and producer snapshots

// Steps through all batches from `from` on; `see` gets each with the segment's file.
template <class See>
error walk_batches(log_state& s, std::vector<segment>::iterator first, offset from, See see) {
  for (auto in = first; in != s.segments.end(); ++in) {
    if (in->size_bytes() == 0)
      continue;
    std::uint64_t start = 0;
    if (from > in->base()) {
      auto batch = in->find(s.home, from, s.how.index_interval_bytes);
      if (!batch)
        return batch.error();
      start = *batch ? (*batch)->position : in->size_bytes();
    }
    auto file = in->data(s.home);
    if (!file)
      return file.error();
    batch_walk walk{**file, start, in->size_bytes()};
    while (true) {
      const auto batch = walk.next();
      if (!batch)
        return with_context(s.home.path(in->base(), suffix::log), batch.error());
      if (!*batch)
        break;
      if (auto why = see(**file, **batch))
        return why;
    }
    s.limit_open_files(*in);
  }
  return {};
}

// The newest epoch that the first batch of this segment was written under; -1 when there is none.
expected<leader_epoch> first_epoch(log_state& s, segment& in) {
  if (in.size_bytes() == 0)
    return no_epoch;
  auto file = in.data(s.home);
  if (!file)
    return file.error();
  batch_walk walk{**file, 0, in.size_bytes()};
  const auto batch = walk.next();
  if (!batch)
    return batch.error();
  s.limit_open_files(in);
  return *batch ? (*batch)->epoch : no_epoch;
}

expected<bool> read_epoch_file(log_state& s) {
  const auto path = s.home.path(epochs_file_name);
  const auto there = s.home.on->exists(path);
  if (!there)
    return there.error();
  if (!*there)
    return false;
  const auto content = read_file(*s.home.on, path, small_file_bytes_max);
  if (!content)
    return content.error();
  auto found = epochs::decode(*content);
  if (!found) {
    s.home.note(path + ": " + render(found.error()) + "; the epochs were read from the batches instead");
    return false;
  }
  s.leader_epochs = std::move(*found);
  return true;
}

}  // namespace

error log_state::load_epochs(bool trusted) {
  const auto sound = read_epoch_file(*this);
  if (!sound)
    return sound.error();
  const auto before = leader_epochs.entries();
  if ((!*sound || !trusted) && !segments.empty()) {
    // Segments whose first batch is of an epoch that the file knows are accounted for up to that batch.
    auto first = std::prev(segments.end());
    while (first != segments.begin()) {
      const auto epoch = first_epoch(*this, *first);
      if (!epoch)
        return epoch.error();
      if (*epoch != no_epoch && *epoch <= leader_epochs.latest())
        break;
      --first;
    }
    const auto see = [this](file&, const batch_head& batch) {
      if (batch.epoch > leader_epochs.latest())
        leader_epochs.assign(batch.epoch, batch.base);
      return error{};
    };
    if (auto why = walk_batches(*this, first, offset{0}, see))
      return why;
  }
  leader_epochs.truncate_end(log_end);
  leader_epochs.truncate_start(log_start);
  epochs_changed = leader_epochs.entries() != before || (!*sound && !before.empty());
  return {};
}

namespace {

expected<std::vector<offset>> snapshot_offsets(log_state& s) {
  auto entries = s.home.on->list(s.home.directory);
  if (!entries)
    return entries.error();
  std::vector<offset> found;
  for (const auto& e : *entries)
    if (const auto name = parse_offset_file(e.name); name && name->suffix == suffix::snapshot)
      found.push_back(name->base);
  std::sort(found.rbegin(), found.rend());
  return found;
}

expected<producers> read_snapshot(log_state& s, offset at) {
  if (at > s.log_end)
    return make_error(errc::corrupt_file, "it lies above the log's end");
  const auto content = read_file(*s.home.on, s.home.path(at, suffix::snapshot), small_file_bytes_max);
  if (!content)
    return content.error();
  return producers::decode(*content);
}

// Loads the newest sound snapshot at or below the log's end; answers its offset.
expected<offset> load_snapshot(log_state& s, offset trusted) {
  auto offsets = snapshot_offsets(s);
  if (!offsets)
    return offsets.error();
  for (const auto at : *offsets) {
    // Of one below the first segment, batches that followed it may be gone: better nothing than an old state.
    if (at > trusted || at < s.segments.front().base()) {
      if (auto why = s.home.on->remove(s.home.path(at, suffix::snapshot)))
        return why;
      continue;
    }
    auto found = read_snapshot(s, at);
    if (found) {
      s.idempotent = std::move(*found);
      return at;
    }
    if (!is_error(found.error(), errc::corrupt_file))
      return found.error();
    const auto path = s.home.path(at, suffix::snapshot);
    s.home.note(path + ": " + render(found.error()) + "; the producers' state was read from the batches instead");
    if (auto why = s.home.on->remove(path))
      return why;
  }
  return no_offset;
}

}  // namespace

error log_state::load_producers(offset trusted) {
  idempotent.clear();
  snapshot_at = no_offset;
  if (segments.empty())
    return {};
  const auto from = load_snapshot(*this, trusted);
  if (!from)
    return from.error();
  snapshot_at = *from;
  if (*from >= log_end)
    return {};
  const auto first = *from == no_offset ? segments.begin() : segment_of(*from);
  return walk_batches(*this, first, *from, [this](file& in, const batch_head& batch) -> error {
    if (!batch.has_producer() || batch.last < snapshot_at)
      return {};
    if (!batch.is_control()) {
      note_producer(batch, {});
      return {};
    }
    const auto whole = read_batch(in, batch);
    if (!whole)
      return whole.error();
    note_producer(batch, whole->view().subspan(batch_header_bytes));
    return {};
  });
}

}  // namespace troupe::log
