// The writing side of `log`: admission, rolling, one write call a batch.

#include "runtime/base/sites.hpp"
#include "runtime/log/batch_head.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/log/control_record.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/log_state.hpp"
#include "runtime/log/partition_metadata.hpp"
#include "runtime/log/roll.hpp"
#include "runtime/log/validation.hpp"

#include <algorithm>
#include <array>

namespace troupe::log {

namespace {

bool is_disk_error(const error& e, disk_errc code) {
  return is_error(e, error_domain::disk, static_cast<std::uint8_t>(code));
}

error too_large_for_segment(std::size_t size, const options& how) {
  return make_error(errc::batch_exceeds_segment, "the record batch has " + std::to_string(size)
                                                   + " bytes, a segment takes " + std::to_string(how.segment_bytes)
                                                   + " (segment.bytes)");
}

// The batches of a replica's answer, checked; an incomplete one at the end is left out.
expected<std::vector<batch_head>> check_replicated(bytes_view batches, offset log_end) {
  std::vector<batch_head> heads;
  batch_run run{batches};
  while (true) {
    const auto position = run.position();
    auto batch = run.next();
    if (!batch)
      return batch.error();
    if (!*batch)
      return heads;
    if (!(*batch)->check_crc())
      return make_error(errc::corrupt_batch, "the leader's batch at offset "
                                               + std::to_string((*batch)->base_offset().value) + " fails its CRC");
    if (auto wrong = (*batch)->check_header())
      return wrong;
    if ((*batch)->base_offset() < log_end)
      return make_error(errc::offset_out_of_range, "the leader's batch starts at offset "
                                                     + std::to_string((*batch)->base_offset().value)
                                                     + ", this log already reaches " + std::to_string(log_end.value));
    auto head = batch_head::decode((*batch)->bytes(), position);
    if (!head)
      return head.error();
    heads.push_back(*head);
    log_end = head->next();
  }
}

}  // namespace

error log_state::refuse_write() const {
  if (offline)
    return make_error(errc::log_offline, render(offline));
  if (damage)
    return damage;
  if (closed)
    return make_error(errc::log_offline, home.directory + ": the log is closed");
  return {};
}

error log_state::failed(const error& why) {
  const auto text = home.directory + ": " + render(why);
  if (is_disk_error(why, disk_errc::no_space))
    return make_error(errc::no_space, text + "; nothing was appended, free some space");
  if (!is_disk_error(why, disk_errc::out_of_handles) && !offline && !mutation("M18"))
    offline = make_error(errc::log_offline, text + "; the log takes no appends until it is opened again");
  return make_error(errc::storage_failed, text);
}

bool log_state::must_roll(const batch_head& batch, wall_time now) {
  auto& current = segments.back();
  if (current.size_bytes() > 0 && buggify("premature roll"))
    return true;
  const auto first = current.first_timestamp(home);
  roll_facts facts;
  facts.base = current.base();
  facts.size_bytes = current.size_bytes();
  facts.first_timestamp_ms = first ? *first : no_timestamp;
  facts.seen = current.seen();
  facts.indexes_full = current.open_indexes()->full(how.segment_index_bytes);
  return needs_roll(facts, batch, how, now);
}

error log_state::make_room(const batch_head& batch, wall_time now) {
  if (segments.empty()) {
    if (auto why = begin_on_disk(log_end, now))
      return failed(why);
  } else if (!segments.back().has_indexes()) {
    if (auto known = segments.back().indexes(home, how.index_interval_bytes); !known)
      return failed(known.error());
  }
  if (must_roll(batch, now))
    if (auto why = roll(batch.base, now))
      return failed(why);
  return {};
}

error log_state::begin_on_disk(offset base, wall_time now) {
  if (!directory_made) {
    if (auto why = home.on->make_directories(home.directory))
      return why;
    directory_made = true;
    dirty_parent = true;
  }
  if (auto why = write_topic())
    return why;
  auto first = segment::create(home, base, now);
  if (!first)
    return first.error();
  dirty_directory = true;
  segments.push_back(std::move(*first));
  return {};
}

error log_state::write_topic() {
  if (topic.is_zero())
    return {};
  const auto told = read_partition_topic(*home.on, home.directory);
  if (!told)
    return told.error();
  auto out = home.on->open(home.path(metadata_file_name), open_mode::create);
  if (!out)
    return out.error();
  const auto text = encode_partition_metadata(topic);
  const auto part = as_bytes(text);
  if (told->empty())
    if (auto why = (*out)->write(0, std::span{&part, 1}))
      return why;
  // What an earlier process wrote may be in the page cache only.
  touch(*out);
  return {};
}

error log_state::roll(offset base, wall_time now) {
  auto& old = segments.back();
  if (old.size_bytes() == 0) {
    if (old.base() == base)
      return {};
    // Nothing is in it, and what comes does not fit behind its base.
    old.close_files();
    if (auto why = home.on->remove(home.path(old.base(), suffix::log)))
      return why;
    segments.pop_back();
    set_aside = false;
    return begin_on_disk(base, now);
  }
  if (auto why = flush_active())
    return why;
  if (auto why = write_snapshot(base))
    return why;
  auto next = segment::create(home, base, now);
  if (!next)
    return next.error();
  dirty_directory = true;
  if (mutation("M26"))
    forget_aborted(old.base(), base);
  old.dirty = false;  // the next ticket has its file already
  old.close_files();
  starts.clear();
  segments.push_back(std::move(*next));
  return {};
}

error log_state::write(std::span<const bytes_view> parts, std::span<const batch_head> batches) {
  auto& current = segments.back();
  auto why = current.append(home, parts, batches, how.index_interval_bytes);
  if (!why)
    return {};
  // A full disk may have taken a part: without it the log is as it was.
  auto out = current.data(home);
  const auto cut = out ? (*out)->truncate(current.size_bytes()) : out.error();
  if (cut && !offline)
    offline = make_error(errc::log_offline,
                         home.directory + ": " + render(why) + ", and the torn bytes could not be cut");
  return failed(why);
}

void log_state::note_appended(const batch_head& batch, wall_time now) {
  auto& current = segments.back();
  if (!current.dirty) {
    current.dirty = true;
    touch(*current.data(home));
  }
  if (unsynced_bytes == 0)
    first_unsynced = now;
  unsynced_bytes += batch.size_bytes;
  unsynced_records += batch.last - batch.base + 1;
  if (starts.size() == batch_starts_max)
    starts.erase(starts.begin(), starts.begin() + batch_starts_max / 2);
  starts.push_back({batch.base, batch.position});
  if (leader_epochs.assign(batch.epoch, batch.base))
    epochs_changed = true;
  log_end = batch.next();
}

namespace {

expected<append_result> append_patched(log_state& s, batch_header_patch& patch, leader_epoch epoch, bool check_sequence,
                                       wall_time now) {
  patch.set_base_offset(s.log_end);
  patch.set_leader_epoch(epoch);
  auto head = batch_head::decode(patch.header(), 0);
  if (!head)
    return head.error();
  if (static_cast<std::int64_t>(patch.size()) > s.how.segment_bytes)
    return too_large_for_segment(patch.size(), s.how);
  const bool append_time = head->attributes & attribute::log_append_time;
  if (check_sequence && head->has_producer()) {
    auto before = s.idempotent.check(*head);
    if (!before)
      return before.error();
    if (*before)
      return append_result{(*before)->first, (*before)->last, append_time ? (*before)->timestamp_ms : no_timestamp,
                           s.log_start, true};
  } else if (head->has_producer()) {
    if (auto replaced = s.idempotent.check_epoch(*head))
      return replaced;
  }
  if (auto why = s.make_room(*head, now))
    return why;
  head->position = s.segments.back().size_bytes();
  const auto parts = patch.parts();
  if (auto why = s.write(parts, std::span{&*head, 1}))
    return why;
  if (head->has_producer())
    s.note_producer(*head, parts[1]);
  s.note_appended(*head, now);
  return append_result{head->base, head->last, append_time ? head->max_timestamp_ms : no_timestamp, s.log_start, false};
}

}  // namespace

expected<append_result> log::append_as_leader(const byte_slice& batch, leader_epoch epoch, wall_time now) {
  if (auto refused = state_->refuse_write())
    return refused;
  auto valid = validate_batch(batch, state_->how.rules_for_batches(), now);
  if (!valid)
    return valid.error();
  return append_patched(*state_, valid->patch, epoch, true, now);
}

expected<append_result> log::append_internal(const byte_slice& batch, leader_epoch epoch, wall_time now) {
  if (auto refused = state_->refuse_write())
    return refused;
  const auto view = batch_view::parse(batch);
  if (!view)
    return view.error();
  if (view->size() != batch.size() || !view->check_crc())
    return make_error(errc::corrupt_batch, "the node's own batch is not one sound batch");
  batch_header_patch patch{*view};
  return append_patched(*state_, patch, epoch, false, now);
}

expected<append_result> log::append_marker(const transaction_marker& marker, leader_epoch epoch, wall_time now) {
  if (auto refused = state_->idempotent.check(marker))
    return refused;
  return append_internal(marker_batch(marker, now), epoch, now);
}

expected<append_result> log::append_as_follower(const byte_slice& batches, wall_time now) {
  auto& s = *state_;
  if (auto refused = s.refuse_write())
    return refused;
  auto checked = check_replicated(batches, s.log_end);
  if (!checked)
    return checked.error();
  append_result result{s.log_end, s.log_end + -1, -1, s.log_start, false};
  if (!checked->empty())
    result.base = checked->front().base;
  for (std::size_t from = 0; from < checked->size();) {
    if (auto why = s.make_room((*checked)[from], now))
      return why;
    // As many as fit go with one call.
    const auto begin = static_cast<std::size_t>((*checked)[from].position);
    const auto at = s.segments.back().size_bytes();
    std::size_t count = 0, bytes = 0;
    while (from + count < checked->size()) {
      auto& batch = (*checked)[from + count];
      if (count > 0 && (static_cast<std::int64_t>(at + bytes + batch.size_bytes) > s.how.segment_bytes
                        || batch.last - s.segments.back().base() > relative_offset_max))
        break;
      batch.position = at + bytes;
      bytes += batch.size_bytes;
      ++count;
    }
    const auto part = batches.view().subspan(begin, bytes);
    const auto group = std::span{*checked}.subspan(from, count);
    if (auto why = s.write(std::span{&part, 1}, group))
      return why;
    for (const auto& batch : group) {
      if (batch.has_producer() && !mutation("M21"))
        s.note_producer(batch, part.subspan(batch.position - at + batch_header_bytes,
                                             batch.size_bytes - batch_header_bytes));
      s.note_appended(batch, now);
    }
    from += count;
    result.last = group.back().last;
  }
  return result;
}

}  // namespace troupe::log
