#pragma once

#include "test/unit/log/bytes.hpp"

#include "runtime/log/log.hpp"
#include "runtime/node/log_directory.hpp"
#include "runtime/sim/disk.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::storage_test {

/// Thrown where the simulated process has come to its cut.
struct process_died {};

/// A batch as the log took it.
struct taken_batch {
  offset base;
  offset last;
  log::test::byte_vector bytes;  ///< as a reader gets it
  std::int64_t timestamp_ms = 0;  ///< of all its records, rising from batch to batch
  leader_epoch epoch;
  producer_id producer = no_producer_id;
  std::int32_t last_sequence = -1;
};
using history = std::vector<taken_batch>;

/// What the outside world was told, and so what has to be true after a crash.
struct witness {
  history now;                             ///< everything that was ever appended and not truncated
  std::optional<history> before_truncation;  ///< may come back while the truncation is not durable
  offset durable{0};                       ///< nothing below may be missing
  offset start_min{0};                     ///< nothing below may be readable
  offset start_max{0};                     ///< everything from here on must be readable
};

/// Does with one log in one log directory what a node does: opens both by the checkpoints and the clean mark, syncs by
/// tickets, writes the checkpoints, marks a clean stop. Fails the test on any error, unless the process has died.
class log_owner {
 public:
  log_owner(sim::simulated_disk& on, const log::options& how, witness& told) : on_(on), how_(how), told_(told) {}

  void start();
  /// One batch of `count` records; by an idempotent producer when `producer` is given, with its next sequence numbers.
  void append(int count = 1, std::size_t value_bytes = 40, producer_id producer = no_producer_id,
              const std::string& key = "k");
  /// An append that may fail.
  expected<log::append_result> try_append(int count = 1, std::size_t value_bytes = 40,
                                          producer_id producer = no_producer_id, const std::string& key = "k");
  void sync();
  /// As `sync`, but answers what failed.
  error try_sync();
  void checkpoint();
  void truncate(offset to);
  void delete_records(offset before);
  /// Applies retention an `age` from now; `start_max` is where the log may start afterwards.
  void retain(std::chrono::milliseconds age, offset start_max);
  /// A pass of compaction; `meanwhile` happens between its cleaning and its swap. False when the swap was refused
  /// because the segments are others by then.
  bool compact(const std::function<void()>& meanwhile = {});
  void stop();
  /// Closing, checkpoints, clean mark; answers what failed.
  error try_stop();

  log::log& held() { return *log_; }
  const log_directory& directory() const { return *directory_; }
  /// The batches that reading from the log's start to its end gives.
  history read_all();
  void let_go() { log_.reset(); directory_.reset(); }
  void settings(const log::options& how) { how_ = how; log_->set_options(how); }

  static constexpr auto root = "data";
  static constexpr auto folder = "data/t-0";
  leader_epoch epoch{0};
  wall_time now = from_ms(1'700'000'000'000);

 private:
  void check(const error& e);
  void write_checkpoint(const std::string& path, offset at);
  taken_batch read_one(offset at);

  sim::simulated_disk& on_;
  log::options how_;
  witness& told_;
  std::optional<log_directory> directory_;
  std::unique_ptr<log::log> log_;
};

/// Whether what is on `on` keeps every promise of `told`: opens, compares each batch, the producers, the epochs and
/// both indexes, goes on with an append and a clean stop, and opens again. The disk is used up.
void judge(sim::simulated_disk& on, const log::options& how, const witness& told);

/// Values by key of these batches, newest last; tombstones removed.
std::map<std::string, std::string> table_of(const history& batches);

}  // namespace troupe::storage_test
