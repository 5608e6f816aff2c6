#pragma once

#include "runtime/authority/disk.hpp"
#include "runtime/sim/disk_faults.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe::sim {

struct disk_state;

/// Which states a power loss may leave.
enum class power_loss_mode : std::uint8_t {
  /// As ext4 with ordered data: names change in order (a prefix of what was not synced is there); of the data any part
  /// may be missing, and a file is not longer than the data that is there.
  ordered,
  /// The weakest that POSIX allows: any subset of the names' changes and of the sectors, sizes on their own, and zeros,
  /// garbage or other files' old bytes where a file is longer than its data.
  weakest,
};

/// A disk in memory that knows what is durable and what is not, counts and records operations, can be cut off at any of
/// them, and fails on request. Everything it draws comes from its seed. Single-threaded.
///
/// As the contract of `disk` has it, and unlike `posix`, a directory made by `make_directories` is durable only after a
/// `sync_directory` of its parent. Open files outlive rename and removal. Files and locks of a process that has crashed
/// answer every call with an error.
class simulated_disk final : public disk {
 public:
  explicit simulated_disk(std::uint64_t seed = 1);
  ~simulated_disk() override;

  expected<std::shared_ptr<file>> open(const std::string& path, open_mode mode) override;
  error make_directories(const std::string& path) override;
  expected<std::vector<directory_entry>> list(const std::string& path) override;
  expected<bool> exists(const std::string& path) override;
  error remove(const std::string& path) override;
  error remove_all(const std::string& path) override;
  error rename(const std::string& from, const std::string& to) override;
  error sync_directory(const std::string& path) override;
  expected<std::unique_ptr<directory_lock>> lock(const std::string& path) override;
  expected<space> free_space(const std::string& path) override;

  /// The same disk at this moment, to be used independently: files opened on this one stay with this one.
  std::unique_ptr<simulated_disk> clone() const;

  // -- the end of the process or of the power ---------------------------------------------------------------------

  /// Operations so far: creations, writes, truncations, syncs, renames, removals; each is one step at which a crash can
  /// come in between. Looking and reading do not count.
  std::uint64_t ops() const;
  /// Reads so far.
  std::uint64_t reads() const;
  /// The process dies when `ops()` is `op`: that operation and all calls after it have no effect and fail.
  void cut_at(std::uint64_t op);
  /// The process has died at the cut.
  bool is_cut() const;
  /// The process ends, the system goes on: open files and locks are gone, nothing else. Ends a cut.
  void process_crash();
  /// The process ends and what was not durable is drawn from the legal states: small seeds are the corners (0: all of
  /// it is lost, 1: nothing is, 2: names stay but data is lost, 3: data stays but names are lost), the others mixtures.
  void power_loss(power_loss_mode mode, std::uint64_t seed);
  /// Whether a power loss of the weakest mode may show other files' old bytes where a write was lost; true at first.
  /// What those bytes are can be anything once written, so a format must tell its own from foreign ones to stand this.
  void show_old_bytes(bool shown);
  /// Everything becomes durable, without counting as an operation; for the arrangement of a test.
  void settle();

  // -- faults -----------------------------------------------------------------------------------------------------

  void add_fault(disk_fault fault);
  void clear_faults();
  /// How many faults have struck so far.
  std::uint64_t faults_struck() const;
  /// Writes that would take all files together beyond this many bytes fail with `no_space`; more may be given later.
  void set_capacity(std::uint64_t bytes);
  /// Whether reads can be served without waiting for the device; true at first.
  void set_cached(bool cached);
  void on_slow(slow_callback callback);
  /// Forgets what is only in memory of files that have nothing unsynced: lost and misdirected writes become visible.
  void drop_caches();

  // -- looking in -------------------------------------------------------------------------------------------------

  void trace(disk_trace callback);
  /// All files with their visible bytes, by full path, without faults and without counting.
  std::vector<std::pair<std::string, std::vector<std::uint8_t>>> files() const;
  /// Replaces a file's bytes on the medium and in memory, durably, without counting; makes the file when it is missing
  /// but not its directory. For planting damage.
  void plant(const std::string& path, std::vector<std::uint8_t> content);

 private:
  explicit simulated_disk(std::shared_ptr<disk_state> state);
  std::shared_ptr<disk_state> state_;
};

}  // namespace troupe::sim
