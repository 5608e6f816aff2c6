#pragma once

#include <chrono>
#include <cstddef>

/// Named limits of everything that a peer or a client can make grow. A limit that is a setting of Kafka's lives in
/// `node/config` instead; what stands here is fixed.
namespace troupe::bounds {

using namespace std::chrono_literals;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

// One connection.
constexpr std::size_t read_bytes_min = 4 * kib;          ///< first read buffer of a connection
constexpr std::size_t read_bytes_max = 256 * kib;        ///< largest, reached by connections that fill theirs
constexpr std::size_t unanswered_bytes_max = 4 * mib;    ///< requests of one connection taken in but not answered
constexpr std::size_t unanswered_requests_max = 256;     ///< likewise, by number
constexpr std::size_t queued_reply_bytes_max = 4 * mib;  ///< replies a slow reader may keep waiting
constexpr std::size_t requests_bytes_max = 256 * mib;    ///< all connections' unanswered requests together

constexpr auto accept_pause = 100ms;  ///< after running out of file descriptors

// Supervision and upkeep.
constexpr auto checkpoint_interval = 5s;      ///< between looks whether checkpoint files are behind
constexpr auto restart_pause_min = 100ms;     ///< before a failed partition actor is started again, doubling
constexpr auto restart_pause_max = 30s;
constexpr int metadata_snapshot_entries = 10'000;  ///< entries of the metadata log after which a snapshot follows
constexpr int opening_at_once = 2;            ///< logs opened at a time after the start

// Threads that wait for the device.
constexpr int sync_workers = 4;  ///< syncs of one disk at a time
constexpr int read_workers = 2;  ///< reads that miss the page cache at a time

// One partition.
constexpr std::size_t parked_acks_max = 10'000;   ///< acks=all requests that wait for the high watermark
constexpr std::size_t parked_reads_max = 10'000;  ///< readers that wait for records
constexpr std::size_t copied_slice_bytes = 32 * kib;  ///< slices up to this size are copied, larger ones sent
constexpr std::size_t unsynced_bytes_max = 64 * mib;  ///< appended without a sync before one is begun anyway
constexpr auto interval_sync_default = 1s;  ///< durability=interval without flush.ms and flush.messages
constexpr std::size_t rejected_records_max = 1'000;  ///< records named one by one when their batch is refused

// Compaction.
constexpr std::size_t compaction_map_bytes_max = 64 * mib;   ///< one pass's map from key to last offset
constexpr std::size_t unpacked_batch_bytes_max = 128 * mib;  ///< one batch's records when decompressed

}  // namespace troupe::bounds
