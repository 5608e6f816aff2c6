#include "runtime/metadata/segment.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/file_names.hpp"
#include "runtime/metadata/little_endian.hpp"

#include <algorithm>
#include <array>

namespace troupe::metadata {

namespace {

constexpr std::string_view magic = "TRPMETA1";
constexpr std::uint32_t format_version = 1;
constexpr std::size_t header_bytes = 40;

/// Where the fields of a segment's header begin.
namespace at {
constexpr std::size_t crc = 8;
constexpr std::size_t version = 12;
constexpr std::size_t base = 16;
constexpr std::size_t previous_term = 24;
}  // namespace at

constexpr std::string_view extension = ".journal";

std::vector<std::uint8_t> encode_header(std::int64_t base, std::int64_t previous_term) {
  std::vector<std::uint8_t> out(header_bytes);
  std::copy(magic.begin(), magic.end(), out.begin());
  put_le(out.data() + at::version, format_version);
  put_le(out.data() + at::base, base);
  put_le(out.data() + at::previous_term, previous_term);
  put_le(out.data() + at::crc, log::crc32c(bytes_view{out}.subspan(at::version)));
  return out;
}

}  // namespace

std::string segment_name(std::int64_t base) {
  return padded(base, 20) + std::string{extension};
}

std::optional<std::int64_t> parse_segment_name(std::string_view name) {
  if (!name.ends_with(extension))
    return std::nullopt;
  return parse_padded(name.substr(0, name.size() - extension.size()), 20);
}

expected<std::unique_ptr<segment>> segment::create(disk& on, const std::string& directory, std::int64_t base,
                                                   std::int64_t previous_term) {
  std::unique_ptr<segment> out{new segment};
  out->path_ = directory + "/" + segment_name(base);
  // Whole or not at all: a segment with half a header is never seen.
  if (auto failed = replace_file(on, out->path_, encode_header(base, previous_term)))
    return failed;
  auto opened = on.open(out->path_, open_mode::read_write);
  if (!opened)
    return opened.error();
  out->file_ = std::move(*opened);
  out->base_ = base;
  out->previous_term_ = previous_term;
  out->end_ = header_bytes;
  return out;
}

expected<std::unique_ptr<segment>> segment::open(disk& on, const std::string& directory, std::int64_t base, bool last) {
  std::unique_ptr<segment> out{new segment};
  out->path_ = directory + "/" + segment_name(base);
  out->base_ = base;
  auto content = read_file(on, out->path_, bounds::journal_segment_bytes_max);
  if (!content)
    return content.error();
  auto opened = on.open(out->path_, open_mode::read_write);
  if (!opened)
    return opened.error();
  out->file_ = std::move(*opened);
  if (auto failed = out->read_header(*content))
    return failed;
  if (auto failed = out->scan(*content, last))
    return failed;
  return out;
}

error segment::read_header(bytes_view content) {
  const bool whole = content.size() >= header_bytes && as_text(content.first(magic.size())) == magic
                     && get_le<std::uint32_t>(content.data() + at::crc)
                          == log::crc32c(content.subspan(at::version, header_bytes - at::version));
  if (!whole)
    return make_error(errc::journal_damaged, path_ + ": its header is damaged");
  const auto version = get_le<std::uint32_t>(content.data() + at::version);
  if (version != format_version)
    return make_error(errc::journal_version, path_ + ": format version " + std::to_string(version)
                                                 + ", this node reads " + std::to_string(format_version)
                                                 + "; start the newer version of Troupe");
  if (get_le<std::int64_t>(content.data() + at::base) != base_)
    return make_error(errc::journal_damaged, path_ + ": its header is that of another segment");
  previous_term_ = get_le<std::int64_t>(content.data() + at::previous_term);
  return {};
}

error segment::scan(bytes_view content, bool last) {
  end_ = header_bytes;
  auto term = previous_term_;
  bool sealed = false;
  while (end_ < content.size()) {
    const auto frame = check_frame(content.subspan(end_));
    if (!frame)
      break;
    const bool is_seal = frame->kind == frame_kind::seal;
    if (!is_seal && frame->kind != frame_kind::entry)
      return make_error(errc::journal_version, path_ + ": frame of an unknown kind at " + std::to_string(end_)
                                                 + "; start the newer version of Troupe that wrote it");
    const auto expected_index = is_seal ? next_index() - 1 : next_index();
    if (frame->at.index != expected_index || frame->at.term < term) {
      // Where a write was lost, a file system may show what another file had there: judged as a torn frame is.
      if (last)
        break;
      return make_error(errc::journal_damaged, path_ + ": at " + std::to_string(end_) + " stands entry "
                                                   + std::to_string(frame->at.index) + " of term "
                                                   + std::to_string(frame->at.term) + ", expected was "
                                                   + std::to_string(expected_index));
    }
    if (is_seal) {
      sealed = true;
      break;
    }
    term = frame->at.term;
    places_.push_back({end_, frame->frame_bytes, term});
    end_ += frame->frame_bytes;
  }
  const auto tail = content.size() - end_;
  torn_bytes_ = sealed && tail == frame_header_bytes ? 0 : tail;
  if (torn_bytes_ == 0)
    return {};
  if (!last)
    return make_error(errc::journal_damaged, path_ + ": entry " + std::to_string(next_index()) + " at "
                                               + std::to_string(end_) + " is damaged, and it was durable");
  return judge_tail(content);
}

error segment::judge_tail(bytes_view content) const {
  // An entry that had not become durable may be torn. But whatever was written later says how far durability had come.
  for (auto position = end_; position + frame_header_bytes <= content.size(); position += 8) {
    const auto later = check_frame(content.subspan(position));
    if (later && later->durable >= next_index())
      return make_error(errc::journal_damaged, path_ + ": entry " + std::to_string(next_index()) + " at "
                                                   + std::to_string(end_)
                                                   + " is damaged, and it was durable: what stands at "
                                                   + std::to_string(position) + " says so");
  }
  return {};
}

error segment::read(std::int64_t from, std::int64_t until, std::vector<entry>& into) const {
  if (from >= until)
    return {};
  TROUPE_INVARIANT(from >= base_ && until <= next_index(), "the entries to read are in this segment");
  const auto begin = place_of(from).position;
  const auto end = place_of(until - 1).position + place_of(until - 1).bytes;
  std::vector<std::uint8_t> bytes(end - begin);
  const auto count = file_->read(begin, bytes);
  if (!count)
    return count.error();
  for (auto index = from; index < until; ++index) {
    const auto& place = place_of(index);
    const auto frame = bytes_view{bytes}.first(*count).subspan(std::min<std::size_t>(place.position - begin, *count));
    const auto header = check_frame(frame);
    if (!header || header->at.index != index || header->frame_bytes != place.bytes)
      return make_error(errc::journal_damaged, path_ + ": entry " + std::to_string(index) + " at "
                                                 + std::to_string(place.position) + " is not as it was written");
    auto decoded = decode_entry(*header, frame.first(place.bytes));
    if (!decoded)
      return with_context(path_, decoded.error());
    into.push_back(std::move(*decoded));
  }
  return {};
}

error segment::write(std::span<const entry> entries, std::int64_t durable) {
  std::vector<std::uint8_t> bytes;
  std::vector<place> added;
  for (const auto& e : entries) {
    const auto begin = bytes.size();
    if (auto failed = encode_entry(e, durable, bytes))
      return failed;
    added.push_back({end_ + begin, static_cast<std::uint32_t>(bytes.size() - begin), e.at.term});
  }
  if (bytes.size() > bounds::journal_entry_bytes_max)
    return make_error(errc::policy_violation, std::to_string(entries.size()) + " metadata entries of "
                                                + std::to_string(bytes.size()) + " bytes at once, at most "
                                                + std::to_string(bounds::journal_entry_bytes_max) + " are possible");
  const bytes_view part{bytes};
  if (auto failed = file_->write(end_, std::span{&part, 1}))
    return failed;
  places_.insert(places_.end(), added.begin(), added.end());
  end_ += bytes.size();
  return {};
}

error segment::write_seal(entry_id last) {
  // Stays behind the end: the next entry, which is never shorter, takes its place.
  std::vector<std::uint8_t> bytes;
  encode_seal(last, bytes);
  const bytes_view part{bytes};
  return file_->write(end_, std::span{&part, 1});
}

error segment::write_again() {
  std::vector<std::uint8_t> content(end_);
  const auto count = file_->read(0, content);
  if (!count)
    return count.error();
  const bytes_view part{content.data(), *count};
  return file_->write(0, std::span{&part, 1});
}

error segment::truncate_from(std::int64_t from) {
  TROUPE_INVARIANT(from >= base_ && from <= next_index(), "what is cut off is in this segment");
  const auto end = from == next_index() ? end_ : place_of(from).position;
  if (auto failed = file_->truncate(end))
    return failed;
  end_ = end;
  places_.resize(static_cast<std::size_t>(from - base_));
  return {};
}

}  // namespace troupe::metadata
