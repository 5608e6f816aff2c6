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

constexpr std::size_t early_connections_max = 1'000;     ///< that wait for a node to get ready
constexpr auto accept_pause = 100ms;  ///< after running out of file descriptors

// Replication.
constexpr std::size_t replica_fetches_open = 2;        ///< of one follower node at one leader node
constexpr std::size_t replica_positions_max = 10'000;  ///< in one of them
constexpr std::size_t replica_answer_bytes_max = 8 * mib;  ///< in one answer of several slices
constexpr auto replica_fetch_park_max = 2'000ms;       ///< until one is answered although there is nothing new

// Conversations with the active controller.
constexpr auto controller_answer_max = 5'000ms;        ///< for requests of nodes; they ask again
constexpr auto seek_pause = 100ms;                     ///< between tries to find the cluster to join
constexpr std::size_t held_requests_max = 10'000;      ///< that wait at a node for an active controller
constexpr auto held_requests_time = 5'000ms;           ///< how long they do
constexpr auto watch_interval = 500ms;                 ///< between looks whether brokers are silent
constexpr std::size_t voters_wanted = 3;               ///< up to so many, nodes become voters by themselves
constexpr auto registration_retry_pause = 50ms;        ///< before a node that is not counted on asks again
constexpr auto shutdown_patience = 1'000ms;            ///< until a node that leads what nobody else can lead may stop
constexpr auto controlled_shutdown_max = 10'000ms;     ///< until a node that wants to stop does so anyway

// One link to another node.
constexpr std::size_t link_frame_bytes_max = 128 * mib;   ///< one frame, attachments included
constexpr std::size_t link_head_bytes_max = 1 * mib;      ///< what stands before its message
constexpr std::size_t link_message_bytes_max = 64 * mib;  ///< its message without the attachments
constexpr std::size_t link_queued_bytes_max = 256 * mib;  ///< calls that a slow peer may keep waiting
constexpr std::size_t link_calls_max = 100'000;           ///< calls of one link that are not answered yet
constexpr auto link_hello_max = 1'000ms;                  ///< from dialling to the other side's hello
constexpr auto link_ping_interval = 500ms;
constexpr auto link_silence_max = 3'000ms;                ///< a peer that says nothing for so long is gone
constexpr auto link_pause_min = 20ms;                     ///< before a peer is dialled again, doubling
constexpr auto link_pause_max = 1'000ms;

// Supervision and upkeep.
constexpr auto checkpoint_interval = 5s;      ///< between looks whether checkpoint files are behind
constexpr auto restart_pause_min = 100ms;     ///< before a failed partition actor is started again, doubling
constexpr auto restart_pause_max = 30s;
constexpr int metadata_snapshot_entries = 10'000;  ///< entries of the metadata log after which a snapshot follows
constexpr int opening_at_once = 2;            ///< logs opened at a time after the start

constexpr std::size_t move_unsynced_bytes = 1 * mib;  ///< of a copied log, made durable before it takes the log's place
constexpr auto move_pause = 5ms;                      ///< before a copy that has all tries again to take its place

// Threads that wait for the device.
constexpr int sync_workers = 4;  ///< syncs of one disk at a time
constexpr int read_workers = 2;  ///< reads that miss the page cache at a time

// TLS.
constexpr std::size_t tls_read_bytes = 17 * kib;        ///< a record as large as they come, with what is around it
constexpr std::size_t tls_file_piece_bytes = 64 * kib;  ///< of a part of a file, read and encrypted at a time
constexpr std::uint64_t key_file_bytes_max = 1 * mib;   ///< a file with keys or certificates

// One partition.
constexpr std::size_t doubts_max = 1'000;         ///< producers that wait until a leader is sure that it still is one
constexpr auto doubt_patience = 500ms;            ///< for that
constexpr std::size_t parked_acks_max = 10'000;   ///< acks=all requests that wait for the high watermark
constexpr auto resign_pause = 1s;                ///< between wishes of a leader with a failed disk to be one no more
constexpr auto moved_replica_stay = 2s;          ///< until what has moved away is dropped; above deposed_ack_max
constexpr auto deposed_ack_max = 1s;             ///< until a deposed leader gives up on knowing what became of records
constexpr std::size_t parked_reads_max = 10'000;  ///< readers that wait for records
constexpr std::size_t replica_slice_bytes_max = 1 * mib;  ///< records of one partition sent to a follower at a time
constexpr auto high_watermark_push = 5ms;       ///< until a follower that waits for records hears of it anyway
constexpr auto marker_answer_max = 10'000ms;      ///< for markers to be committed; they are sent again
constexpr auto marker_retry_pause = 50ms;         ///< after a partition could not take one
constexpr auto isr_retry_pause = 500ms;         ///< after the controller refused other in-sync replicas
constexpr auto follower_retry_pause = 100ms;    ///< after a leader could not serve, or does not know that it leads
constexpr std::size_t copied_slice_bytes = 32 * kib;  ///< slices up to this size are copied, larger ones sent
constexpr std::size_t unsynced_bytes_max = 64 * mib;  ///< appended without a sync before one is begun anyway
constexpr std::size_t rewrite_bytes_max = 1 * mib;    ///< written again at a time at a start that was not clean
constexpr auto interval_sync_default = 1s;  ///< durability=interval without flush.ms and flush.messages
constexpr std::size_t rejected_records_max = 1'000;  ///< records named one by one when their batch is refused

// Journaled actors.
constexpr auto journal_read_wait = 500ms;                   ///< for records to be committed, before it asks again
constexpr std::size_t journal_batch_bytes = 512 * kib;      ///< records that are appended together
constexpr auto journal_wake_min = 10ms;                     ///< between looks at what is due

// Compaction.
constexpr std::size_t compaction_map_bytes_max = 64 * mib;   ///< one pass's map from key to last offset
constexpr std::size_t unpacked_batch_bytes_max = 128 * mib;  ///< one batch's records when decompressed

}  // namespace troupe::bounds
