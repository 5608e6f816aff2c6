#include "runtime/metadata/quorum_state.hpp"

#include "runtime/log/batch.hpp"
#include "runtime/metadata/errors.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace troupe::metadata {

namespace {

constexpr std::size_t file_bytes_max = 4096;

std::string path_in(const std::string& directory) {
  return directory + "/quorum-state";
}

/// What the file says; the last line is the checksum of all before it.
std::string render_state(const quorum_state& state) {
  auto text = "troupe quorum-state 1\nterm " + std::to_string(state.term) + "\nvoted-for "
              + std::to_string(state.voted_for.value) + "\n";
  char sum[32];
  std::snprintf(sum, sizeof sum, "crc32c %08x\n", log::crc32c(as_bytes(text)));
  return text + sum;
}

/// The number behind `name` and a space at the begin of a line of `text`.
template <class Number>
std::optional<Number> number_of(std::string_view text, std::string_view name) {
  const auto line = "\n" + std::string{name} + " ";
  const auto at = text.find(line);
  if (at == std::string_view::npos)
    return std::nullopt;
  Number out{};
  const auto rest = text.substr(at + line.size());
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), out);
  return parsed.ec == std::errc{} ? std::optional{out} : std::nullopt;
}

}  // namespace

expected<std::optional<quorum_state>> load_quorum_state(disk& on, const std::string& directory) {
  const auto path = path_in(directory);
  const auto there = on.exists(path);
  if (!there)
    return there.error();
  if (!*there)
    return std::optional<quorum_state>{};
  const auto bytes = read_file(on, path, file_bytes_max);
  if (!bytes)
    return bytes.error();
  const auto text = as_text(*bytes);
  const auto term = number_of<std::int64_t>(text, "term");
  const auto voted_for = number_of<std::int32_t>(text, "voted-for");
  // Whole and unaltered exactly when it is what we would write.
  if (!term || !voted_for || render_state({*term, node_id{*voted_for}}) != text)
    return make_error(errc::journal_damaged, path + ": damaged; with another content the node could vote twice. "
                                               "Restore the file");
  return std::optional{quorum_state{*term, node_id{*voted_for}}};
}

error save_quorum_state(disk& on, const std::string& directory, const quorum_state& state) {
  return replace_file(on, path_in(directory), as_bytes(render_state(state)));
}

expected<quorum_state> raise_term(disk& on, const std::string& directory, node_id self, std::int64_t last_term) {
  const auto before = load_quorum_state(on, directory);
  if (!before)
    return before.error();
  if (!*before && last_term > 0)
    return make_error(errc::journal_damaged, path_in(directory)
                                                 + ": missing, although the metadata log has entries of term "
                                                 + std::to_string(last_term) + "; restore the file");
  const quorum_state next{std::max(*before ? (*before)->term : 0, last_term) + 1, self};
  if (auto failed = save_quorum_state(on, directory, next))
    return failed;
  return next;
}

}  // namespace troupe::metadata
