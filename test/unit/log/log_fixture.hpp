#pragma once

#include "bytes.hpp"
#include "compaction_fixture.hpp"
#include "faulty_disk.hpp"

#include "runtime/log/errors.hpp"
#include "runtime/log/log.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace troupe::log::test {

/// A log in a directory of its own, on a disk that can be made to fail; what its owner would do with tickets and
/// hints is done by hand.
class log_fixture {
  temporary_directory root_;
  std::unique_ptr<troupe::disk> real_;

 public:
  log_fixture();

  options how;
  open_hints hints;
  wall_time now = from_ms(1'000'000);
  leader_epoch epoch{0};
  faulty_disk disk;
  std::unique_ptr<log> held;  ///< the log, once opened

  log& open();
  /// Closes as a clean stop does and opens again.
  log& reopen();
  /// Drops the log without any farewell and opens it as after `kill -9`: what was durable is the recovery point.
  log& crash_and_reopen();

  /// Appends one batch of `count` records of about `value_bytes`, at the fixture's time.
  append_result append(int count = 1, std::size_t value_bytes = 10);
  expected<append_result> try_append(int count = 1, std::size_t value_bytes = 10);
  /// A batch of an idempotent producer.
  expected<append_result> append_from(producer_id producer, std::int16_t producer_epoch, std::int32_t sequence,
                                      int count = 1);
  /// What the sync actor does.
  void sync();

  std::string directory() const { return (root_.path() / "topic-0").string(); }
  std::string file(offset base, std::string_view suffix) const;
  std::vector<std::string> files() const;
  bool has_file(const std::string& path) const { return std::filesystem::exists(path); }
  void overwrite(const std::string& path, std::uint64_t position, bytes_view bytes);
  void cut_file(const std::string& path, std::uint64_t size) { std::filesystem::resize_file(path, size); }
  /// Base offsets of the batches that reading from `from` to the end gives, whatever the pieces.
  std::vector<std::int64_t> bases_from(offset from, std::size_t max_bytes = 1 << 20);
  /// The bytes that one read gives.
  byte_vector read_bytes(offset from, std::size_t max_bytes, offset upper_limit, bool at_least_one = true);
};

/// What lies in `region` of a file.
byte_vector read_region(const file_region& region);

/// True when one of `lines` contains all of `words`.
bool some_line_has(const std::vector<std::string>& lines, const std::vector<std::string>& words);

}  // namespace troupe::log::test
