#include "runtime/metadata/snapshot.hpp"

#include "runtime/log/batch.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/file_names.hpp"
#include "runtime/metadata/frame.hpp"
#include "runtime/metadata/little_endian.hpp"

namespace troupe::metadata {

namespace {

constexpr std::string_view magic = "TRPSNAP1";
constexpr std::uint32_t format_version = 1;
constexpr std::size_t header_bytes = 32;   // magic, version, unused, index, term
constexpr std::size_t trailer_bytes = 16;  // record count, unused, checksum
constexpr std::string_view extension = ".snapshot";
constexpr std::size_t index_digits = 20;
constexpr std::size_t term_digits = 10;

}  // namespace

std::string snapshot_name(entry_id at) {
  return padded(at.index, index_digits) + "-" + padded(at.term, term_digits) + std::string{extension};
}

std::optional<entry_id> parse_snapshot_name(std::string_view name) {
  if (!name.ends_with(extension))
    return std::nullopt;
  name.remove_suffix(extension.size());
  if (name.size() != index_digits + 1 + term_digits || name[index_digits] != '-')
    return std::nullopt;
  const auto index = parse_padded(name.substr(0, index_digits), index_digits);
  const auto term = parse_padded(name.substr(index_digits + 1), term_digits);
  return index && term ? std::optional{entry_id{*index, *term}} : std::nullopt;
}

std::vector<std::uint8_t> encode_snapshot(entry_id at, const records& content) {
  std::vector<std::uint8_t> out{magic.begin(), magic.end()};
  append_le(out, format_version);
  append_le(out, std::uint32_t{0});
  append_le(out, at.index);
  append_le(out, at.term);
  encode_records(content, out);
  append_le(out, static_cast<std::uint64_t>(content.size()));
  append_le(out, std::uint32_t{0});
  append_le(out, log::crc32c(out));
  return out;
}

expected<records> decode_snapshot(entry_id at, bytes_view bytes) {
  const auto damaged = [](const std::string& how) {
    return make_error(errc::journal_damaged, "the snapshot is damaged: " + how);
  };
  if (bytes.size() < header_bytes + trailer_bytes || as_text(bytes.first(magic.size())) != magic)
    return damaged("it is cut short or no snapshot at all");
  const auto body = bytes.first(bytes.size() - sizeof(std::uint32_t));
  if (get_le<std::uint32_t>(body.data() + body.size()) != log::crc32c(body))
    return damaged("its checksum differs");
  const auto version = get_le<std::uint32_t>(bytes.data() + magic.size());
  if (version != format_version)
    return make_error(errc::journal_version, "the snapshot has format version " + std::to_string(version)
                                                 + ", this node reads " + std::to_string(format_version)
                                                 + "; start the newer version of Troupe");
  if (get_le<std::int64_t>(bytes.data() + 16) != at.index || get_le<std::int64_t>(bytes.data() + 24) != at.term)
    return damaged("it is that of another entry");
  const auto count = get_le<std::uint64_t>(bytes.data() + bytes.size() - trailer_bytes);
  return decode_records(bytes.subspan(header_bytes, bytes.size() - header_bytes - trailer_bytes), count);
}

expected<records> read_snapshot(disk& on, const std::string& directory, entry_id at) {
  const auto path = directory + "/" + snapshot_name(at);
  auto bytes = read_file(on, path, bounds::snapshot_bytes_max);
  if (!bytes)
    return bytes.error();
  auto content = decode_snapshot(at, *bytes);
  if (!content)
    return with_context(path, content.error());
  return content;
}

}  // namespace troupe::metadata
