#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <string>

namespace troupe::log {

/// What can go wrong with a partition's log, on the way in (a client's batch), on the disk, and on the way out.
enum class errc : std::uint8_t {
  corrupt_batch = 1,        ///< a batch whose CRC, sizes or counts do not hold
  incomplete_batch,         ///< fewer bytes than the batch's header or its length field ask for
  unsupported_format,       ///< a batch of an old message format (magic 0 or 1) or of an unknown one
  unsupported_compression,  ///< a codec number that Kafka does not define
  batch_too_large,          ///< larger than max.message.bytes
  output_limit,             ///< decompressing would give more bytes than allowed
  invalid_record,           ///< a record that the topic does not take: no key when compacted, a control batch
  invalid_timestamp,        ///< a timestamp outside message.timestamp.before/after.max.ms
  offset_out_of_range,      ///< below the log's start, above its end, or above the high watermark
  out_of_order_sequence,    ///< an idempotent producer's sequence number leaves a gap
  duplicate_sequence,       ///< an old batch of an idempotent producer that is no longer remembered
  invalid_producer_epoch,   ///< an older epoch of this producer
  unknown_producer,         ///< the first batch of a producer does not start where it must
  log_offline,              ///< the log's disk has failed or the log was closed; no writes are taken
  corrupt_file,             ///< an index, checkpoint or snapshot file that cannot be understood
  cleaning_obsolete,        ///< the log has changed since a cleaning was planned; its result must be thrown away
  batch_exceeds_segment,    ///< larger than segment.bytes, so that no segment could hold it
  storage_failed,           ///< this very read or write failed; after a write the log is offline
  no_space,                 ///< the disk is full; nothing was appended, the log is sound and takes appends again later
  damaged_below_durable_mark,  ///< bytes that were synced once are gone or wrong; nothing was cut, no appends are taken
  wrong_topic,              ///< the directory holds the log of another topic of the same name
  invalid_transaction_state,  ///< the producer has a transaction open and this is no part of it, or the other way round
  coordinator_fenced,       ///< a transaction marker from a coordinator that has been replaced
};

/// The error `code` of this domain with the sentence that a person will read.
error make_error(errc code, std::string text);

/// True when `e` is this domain's error `code`.
bool is_error(const error& e, errc code) noexcept;

}  // namespace troupe::log
