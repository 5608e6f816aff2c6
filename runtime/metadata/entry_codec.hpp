#pragma once

#include "runtime/base/bytes.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/wire/errors.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Entries on their way from one node's journal to another's: its frames, see FORMAT.md, one after the other. Pure.
namespace troupe::metadata {

/// The frames of `entries`. Error: `policy_violation` when one is larger than a frame may be.
expected<std::vector<std::uint8_t>> encode_entries(std::span<const entry> entries);

/// The entries in `bytes`, whose checksums are right, whose indices are dense and whose terms do not go back. Error
/// `wire_errc::malformed` when they are no such list or more than `count_max`.
expected<std::vector<entry>> decode_entries(bytes_view bytes, std::size_t count_max);

}  // namespace troupe::metadata
