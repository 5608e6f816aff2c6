#pragma once

#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/records.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

/// The frames that a segment of the metadata log consists of; see FORMAT.md. Pure.
namespace troupe::metadata {

enum class frame_kind : std::uint32_t {
  entry = 1,
  seal = 2,  ///< says that everything before it was durable when it was written
};

/// The fixed part of a frame.
struct frame_header {
  frame_kind kind = frame_kind::entry;
  std::uint32_t frame_bytes = 0;   ///< of the whole frame, a multiple of 8
  std::uint32_t record_count = 0;
  entry_id at;                     ///< of a seal: the last entry
  std::int64_t durable = 0;        ///< last entry that was durable when this was written
};

constexpr std::size_t frame_header_bytes = 40;

/// Appends the frame of `e` to `out`. Error `policy_violation` when it would be larger than a frame may be.
error encode_entry(const entry& e, std::int64_t durable, std::vector<std::uint8_t>& out);
void encode_seal(entry_id last, std::vector<std::uint8_t>& out);

/// The header at the begin of `bytes` when a whole frame with the right checksum lies there.
std::optional<frame_header> check_frame(bytes_view bytes);

/// The entry in a frame that `check_frame` has accepted. Error `journal_damaged` when its content is no list of
/// records.
expected<entry> decode_entry(const frame_header& header, bytes_view frame);

/// Flat records one after the other, as in frames and snapshots.
void encode_records(const records& from, std::vector<std::uint8_t>& out);
/// `count` records that fill `bytes`. Error: `journal_damaged`.
expected<records> decode_records(bytes_view bytes, std::uint64_t count);

}  // namespace troupe::metadata
