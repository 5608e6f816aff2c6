#include "runtime/metadata/entry_codec.hpp"

#include "runtime/metadata/frame.hpp"

#include <string>
#include <utility>

namespace troupe::metadata {

namespace {

error malformed(std::size_t count, const std::string& why) {
  return make_error(wire_errc::malformed, "metadata entries from a peer: after " + std::to_string(count) + ": " + why);
}

bool follows(const entry_id& at, const std::vector<entry>& before) {
  return before.empty() ? at.index > 0 && at.term > 0
                        : at.index == before.back().at.index + 1 && at.term >= before.back().at.term;
}

}  // namespace

expected<std::vector<std::uint8_t>> encode_entries(std::span<const entry> entries) {
  std::vector<std::uint8_t> out;
  for (const auto& e : entries)
    if (auto failed = encode_entry(e, 0, out))
      return failed;
  return out;
}

expected<std::vector<entry>> decode_entries(bytes_view bytes, std::size_t count_max) {
  std::vector<entry> out;
  while (!bytes.empty()) {
    if (out.size() == count_max)
      return malformed(out.size(), "more entries than a message may have");
    const auto header = check_frame(bytes);
    if (!header || header->kind != frame_kind::entry)
      return malformed(out.size(), "no whole entry");
    if (!follows(header->at, out))
      return malformed(out.size(), "entry " + std::to_string(header->at.index) + " of term "
                                     + std::to_string(header->at.term) + " does not follow");
    auto next = decode_entry(*header, bytes.first(header->frame_bytes));
    if (!next)
      return malformed(out.size(), render(next.error()));
    out.push_back(std::move(*next));
    bytes = bytes.subspan(header->frame_bytes);
  }
  return out;
}

}  // namespace troupe::metadata
