// What a log knows of aborted transactions: by whom, and which of its records readers of committed ones must leave out.

#include "runtime/base/bounds.hpp"
#include "runtime/log/control_record.hpp"
#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/log/log_state.hpp"

#include <algorithm>
#include <limits>

namespace troupe::log {

namespace {

constexpr std::size_t aborted_bytes_max = 256 * bounds::mib;

bool is_not_found(const error& e) {
  return is_error(e, error_domain::disk, static_cast<std::uint8_t>(disk_errc::not_found));
}

/// Cuts what stands behind `count` entries off a segment's file.
error shorten(log_state& s, offset base, std::size_t count) {
  const auto path = s.home.path(base, suffix::transactions);
  auto file = s.home.on->open(path, open_mode::read_write);
  if (!file)
    return is_not_found(file.error()) ? error{} : file.error();
  if (auto why = (*file)->truncate(count * aborted_transactions::entry_bytes))
    return why;
  s.touch(*file);
  return {};
}

error load_file(log_state& s, segment& in, offset trusted) {
  const auto content = read_file(*s.home.on, s.home.path(in.base(), suffix::transactions), aborted_bytes_max);
  if (!content)
    return is_not_found(content.error()) ? error{} : content.error();
  std::size_t count = 0;
  for (const auto& one : decode_aborted(*content)) {
    if (one.last >= trusted || one.last < in.base())
      break;
    s.aborted.add(one);
    ++count;
  }
  return count * aborted_transactions::entry_bytes == content->size() ? error{} : shorten(s, in.base(), count);
}

}  // namespace

void log_state::note_producer(const batch_head& batch, bytes_view records) {
  if (!batch.is_control())
    return idempotent.appended(batch);
  const auto marker = read_marker(batch, records);
  if (!marker)
    return;
  const auto ended = idempotent.ended(batch, marker->coordinator_epoch);
  if (!ended || marker->commits)
    return;
  const auto open = idempotent.first_open();
  if (aborted.add({ended->producer, ended->first, ended->last, open ? open->first : ended->last + 1}))
    unwritten_aborts.push_back(ended->last);
}

error log_state::load_aborted(offset trusted) {
  aborted.clear();
  unwritten_aborts.clear();
  if (segments.empty())
    return {};
  auto entries = home.on->list(home.directory);
  if (!entries)
    return entries.error();
  for (const auto& e : *entries) {
    const auto name = parse_offset_file(e.name);
    if (!name || name->suffix != suffix::transactions)
      continue;
    const auto in = segment_of(name->base);
    if (in->base() == name->base)
      if (auto why = load_file(*this, *in, trusted))
        return why;
  }
  return {};
}

error log_state::write_aborted() {
  while (!unwritten_aborts.empty()) {
    const auto in = segment_of(unwritten_aborts.front());
    const auto all = aborted.ended_in(in->base(), in == std::prev(segments.end()) ? log_end : end_of(in));
    const auto first = std::find_if(all.begin(), all.end(),
                                    [&](const auto& one) { return one.last == unwritten_aborts.front(); });
    const auto known = static_cast<std::size_t>(first - all.begin());
    auto file = home.on->open(home.path(in->base(), suffix::transactions), open_mode::create);
    if (!file)
      return file.error();
    const auto content = encode_aborted(all.subspan(known));
    const bytes_view part{content};
    if (auto why = (*file)->write(known * aborted_transactions::entry_bytes, std::span{&part, 1}))
      return why;
    touch(*file);
    dirty_directory = true;
    std::erase_if(unwritten_aborts, [&](offset marker) { return marker <= all.back().last; });
  }
  return {};
}

void log_state::forget_aborted(offset from, offset to) {
  aborted.erase(from, to);
  std::erase_if(unwritten_aborts, [&](offset marker) { return marker >= from && marker < to; });
}

error log_state::cut_aborted(offset to) {
  forget_aborted(to, offset{std::numeric_limits<std::int64_t>::max()});
  if (segments.empty())
    return {};
  // What is not in the file yet is not counted, so that it is appended at the right place.
  const auto base = segments.back().base();
  std::size_t count = aborted.ended_in(base, to).size();
  for (const auto marker : unwritten_aborts)
    count -= marker >= base;
  return shorten(*this, base, count);
}

}  // namespace troupe::log
