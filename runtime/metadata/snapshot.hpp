#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/records.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::metadata {

/// `%020d-%010d.snapshot` of index and term.
std::string snapshot_name(entry_id at);
/// The entry in such a name; none for other names.
std::optional<entry_id> parse_snapshot_name(std::string_view name);

/// The file's bytes, format in FORMAT.md.
std::vector<std::uint8_t> encode_snapshot(entry_id at, const records& content);
/// The records in `bytes`, which must be whole and of entry `at`. Errors: `journal_damaged`, `journal_version`.
expected<records> decode_snapshot(entry_id at, bytes_view bytes);

/// The snapshot of entry `at` in `directory`. Errors as `decode_snapshot`, naming the file, and the disk's.
expected<records> read_snapshot(disk& on, const std::string& directory, entry_id at);

}  // namespace troupe::metadata
