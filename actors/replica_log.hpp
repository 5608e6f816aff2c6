#pragma once

#include "actors/partition.hpp"
#include "runtime/authority/log_sink.hpp"

#include <caf/fwd.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class node_context;

/// The log of one replica with what both of its roles need: opened at its first use, synced by the topic's durability,
/// its recovery point told to the supervisor. A part of the partition actor's state.
class replica_log {
 public:
  /// `on_durable` is called when a sync came back, `on_failure` when the disk failed for good or the log cannot be
  /// opened; `on_open` once.
  struct events {
    std::function<void()> on_open;
    std::function<void()> on_durable;
    std::function<void(const error&)> on_failure;
    std::function<offset()> high_watermark;  ///< that the replica knows now
  };
  void start(caf::event_based_actor* self, node_context& context, partition_spec spec, events heard);

  const partition_spec& spec() const { return spec_; }
  const log::options& options() const { return spec_.settings.options; }
  const replication::throttled_as& throttled() const { return spec_.settings.throttled; }
  void set(const partition_settings& changed);

  /// Opens the log unless it is open. An error stays: damage that needs a person.
  error open();
  /// Nothing can be appended until this node starts anew.
  bool has_failed() const { return open_failed_ || (log_ && log_->is_offline()); }
  /// Null until it is open.
  log::log* get() { return log_.get(); }
  const log::log* get() const { return log_.get(); }
  log::log& operator*() { return *log_; }
  log::log* operator->() { return log_.get(); }

  /// What was found in the log at its opening may not be durable yet.
  bool is_settling() const;

  /// After an append: syncs now, or later as the durability has it.
  void sync_if_due();
  /// One sync at a time: what is appended meanwhile rides on the next one.
  void begin_sync();
  /// flush.ms is over.
  void flush();

  /// Cuts everything from `to` on, after the recovery point on the disk says no more that it was durable; `then` is
  /// called with the outcome.
  void truncate_to(offset to, std::function<void(const error&)> then);
  /// Throws everything away and goes on at `at`; likewise.
  void restart_at(offset at, std::function<void(const error&)> then);
  /// What was to be cut and is not yet stays: this replica may lead by now, and what it has then is the truth.
  void abandon_cut() { ++last_cut_; }

  /// Opens the log, so that damage is found, makes what it found durable and lets go of its files again; calls `then`
  /// when that is done, or when somebody uses it.
  void rest(std::function<void()> then);
  /// Retention below `high_watermark`, forgotten producers, and letting go of files when nothing happened since the
  /// last time.
  void upkeep(offset high_watermark, bool idle);
  /// Names, once, the producer whose transaction has held readers of committed records back for too long.
  void watch_transactions();
  void touch() { touched_ = true; }
  /// A write has failed: says so once until one succeeds, and gives the error with the partition's name.
  error failed_write(const error& why);
  void note_success() { failure_said_ = false; }

  /// A high watermark from before the log was opened, as far as the log has it.
  offset within(offset high_watermark) const {
    return std::max(std::min(high_watermark, log_->log_end_offset()), log_->log_start_offset());
  }

  wire<schema::PartitionDurable> durable_point() const;
  void report_durable();
  /// Has the high watermark written down, a little later.
  void note_watermark_moved();
  void checkpoint_watermark();
  /// Makes all durable; the answer to partition_close.
  caf::result<wire<schema::PartitionDurable>> close();
  void drop() { log_.reset(); }

  /// No sync is begun while they are held; appends go on.
  void hold_syncs(bool hold);
  bool holds_syncs() const { return syncs_held_; }
  /// Whether nothing is under way that another log could not go on with.
  bool may_be_replaced() const { return log_ && !syncing_ && open_cuts_ == 0 && resting_.empty(); }
  /// The log with the same records lies at `directory` now, all of it durable; `syncer` syncs its files from now on.
  error replace(const std::string& directory, caf::actor syncer);
  /// Counts `replace`: plans for the log before do not fit the one after.
  std::uint64_t life() const { return life_; }

  std::string describe() const { return spec_.topic + "-" + std::to_string(spec_.id.index.value); }
  void say(log_level level, std::string_view line);

 private:
  log::open_hints known() const;
  void synced(const log::sync_ticket& ticket);
  void sync_failed(const error& why);
  void go_on_resting();
  void finish_cut(offset end, const error& failed, const std::function<void(const error&)>& then);
  void lower_recovery_point(offset to, std::function<void(const error&)> then);

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  partition_spec spec_;
  events heard_;
  std::unique_ptr<log::log> log_;
  error open_failed_;
  offset opened_end_{0};
  std::uint64_t last_cut_ = 0;
  int open_cuts_ = 0;             ///< that wait for the recovery point to be lowered
  std::uint64_t life_ = 0;
  bool syncing_ = false;
  bool syncs_held_ = false;
  bool flush_armed_ = false;
  bool watermark_armed_ = false;  ///< it will be written down
  bool touched_ = false;  ///< used since the last upkeep
  bool failure_said_ = false;
  offset open_transaction_ = no_offset;  ///< the first one, as of the last upkeep
  monotonic_time open_since_;            ///< when it was seen first; max: it was told
  std::vector<std::function<void()>> resting_;  ///< wait for the sync under way
};

}  // namespace troupe
