#include "runtime/metadata/frame.hpp"

#include "runtime/log/batch.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/little_endian.hpp"

#include <string>

namespace troupe::metadata {

namespace {

/// Where the fields of a frame begin.
namespace at {
constexpr std::size_t crc = 0;
constexpr std::size_t frame_bytes = 4;
constexpr std::size_t kind = 8;
constexpr std::size_t record_count = 12;
constexpr std::size_t index = 16;
constexpr std::size_t term = 24;
constexpr std::size_t durable = 32;
}  // namespace at

void write_header(const frame_header& h, std::vector<std::uint8_t>& out, std::size_t begin) {
  auto* p = out.data() + begin;
  put_le(p + at::frame_bytes, h.frame_bytes);
  put_le(p + at::kind, static_cast<std::uint32_t>(h.kind));
  put_le(p + at::record_count, h.record_count);
  put_le(p + at::index, h.at.index);
  put_le(p + at::term, h.at.term);
  put_le(p + at::durable, h.durable);
  put_le(p + at::crc, log::crc32c(bytes_view{p + at::frame_bytes, h.frame_bytes - at::frame_bytes}));
}

}  // namespace

error encode_entry(const entry& e, std::int64_t durable, std::vector<std::uint8_t>& out) {
  const auto begin = out.size();
  out.resize(begin + frame_header_bytes);
  encode_records(e.records, out);
  const auto size = out.size() - begin;
  if (size > bounds::journal_entry_bytes_max) {
    out.resize(begin);
    return make_error(errc::policy_violation, "a metadata entry of " + std::to_string(size) + " bytes, at most "
                                                + std::to_string(bounds::journal_entry_bytes_max) + " are possible");
  }
  write_header({frame_kind::entry, static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(e.records.size()), e.at,
                durable},
               out, begin);
  return {};
}

void encode_seal(entry_id last, std::vector<std::uint8_t>& out) {
  const auto begin = out.size();
  out.resize(begin + frame_header_bytes);
  write_header({frame_kind::seal, frame_header_bytes, 0, last, last.index}, out, begin);
}

std::optional<frame_header> check_frame(bytes_view bytes) {
  if (bytes.size() < frame_header_bytes)
    return std::nullopt;
  const auto* p = bytes.data();
  const auto size = get_le<std::uint32_t>(p + at::frame_bytes);
  if (size < frame_header_bytes || size % 8 != 0 || size > bytes.size())
    return std::nullopt;
  if (get_le<std::uint32_t>(p + at::crc) != log::crc32c(bytes.subspan(at::frame_bytes, size - at::frame_bytes)))
    return std::nullopt;
  return frame_header{static_cast<frame_kind>(get_le<std::uint32_t>(p + at::kind)), size,
                      get_le<std::uint32_t>(p + at::record_count),
                      {get_le<std::int64_t>(p + at::index), get_le<std::int64_t>(p + at::term)},
                      get_le<std::int64_t>(p + at::durable)};
}

expected<entry> decode_entry(const frame_header& header, bytes_view frame) {
  auto content = decode_records(frame.subspan(frame_header_bytes), header.record_count);
  if (!content)
    return with_context("metadata entry " + std::to_string(header.at.index), content.error());
  return entry{header.at, std::move(*content)};
}

void encode_records(const records& from, std::vector<std::uint8_t>& out) {
  for (const auto& r : from) {
    const auto flat = r.to_bytes();
    out.insert(out.end(), flat.data(), flat.data() + flat.size());
  }
}

expected<records> decode_records(bytes_view bytes, std::uint64_t count) {
  constexpr std::size_t table_bytes = 8;
  records out;
  out.reserve(std::min<std::uint64_t>(count, bytes.size() / table_bytes));
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool has_table = bytes.size() >= table_bytes;
    const auto size = has_table ? table_bytes + std::size_t{get_le<std::uint32_t>(bytes.data() + 4)} * 8 : 0;
    if (!has_table || get_le<std::uint32_t>(bytes.data()) != 0 || size > bytes.size())
      return make_error(errc::journal_damaged,
                        "record " + std::to_string(i) + " of " + std::to_string(count) + " is cut short");
    auto decoded =
        wire<schema::MetadataRecord>::from_bytes(bytes.first(size), {.bytes_max = bounds::journal_entry_bytes_max});
    if (!decoded)
      return make_error(errc::journal_damaged, "record " + std::to_string(i) + ": " + render(decoded.error()));
    out.push_back(std::move(*decoded));
    bytes = bytes.subspan(size);
  }
  if (!bytes.empty())
    return make_error(errc::journal_damaged, std::to_string(bytes.size()) + " bytes follow the last record");
  return out;
}

}  // namespace troupe::metadata
