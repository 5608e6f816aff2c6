// Writes logs of every kind into the directory that is its argument, for Kafka's own tool to look at.

#include "runtime/log/batch_builder.hpp"
#include "runtime/log/log.hpp"
#include "runtime/posix/disk.hpp"

#include <cstdlib>
#include <iostream>

using namespace troupe;
using namespace troupe::log;

namespace {

template <class T>
T must(expected<T> result) {
  if (result)
    return std::move(*result);
  std::cerr << render(result.error()) << "\n";
  std::exit(1);
}

void must(const error& e) {
  if (!e)
    return;
  std::cerr << render(e) << "\n";
  std::exit(1);
}

/// Writes into one log what a seed says, and lets time pass.
class writer {
 public:
  writer(disk& on, std::string directory, options how) : disk_(on), directory_(std::move(directory)), how_(how) {
    hints_.topic.bytes.fill(0x5a);
    open();
  }

  void batches(int count, codec with, bool idempotent) {
    for (int i = 0; i < count; ++i) {
      now_ += std::chrono::milliseconds{draw(50)};
      batch_fields fields;
      fields.compression = with;
      const int records = 1 + static_cast<int>(draw(20));
      if (idempotent) {
        fields.producer = producer_id{static_cast<std::int64_t>(draw(3))};
        fields.producer_epoch = 0;
        auto& next = sequences_[static_cast<std::size_t>(fields.producer.value)];
        fields.base_sequence = next;
        next += records;
      }
      must(held_->append_as_leader(batch(fields, records), epoch_, now_));
    }
  }

  void lead_again() { epoch_ = leader_epoch{epoch_.value + 2}; }

  void sync() {
    const auto ticket = held_->begin_sync();
    for (const auto& f : ticket.files)
      must(f->sync());
    for (const auto& d : ticket.directories)
      must(disk_.sync_directory(d));
    held_->finish_sync(ticket);
  }

  void stop(bool clean) {
    if (clean)
      must(held_->close());
    hints_.clean_stop = clean;
    hints_.recovery_point = held_->durable_end();
    hints_.log_start_offset = held_->log_start_offset();
    held_.reset();
  }

  void open() { held_ = must(log::log::open(disk_, directory_, how_, hints_, now_)); }
  log::log& held() { return *held_; }
  wall_time now() const { return now_; }

 private:
  byte_slice batch(const batch_fields& fields, int records) {
    batch_builder builder{fields};
    for (int r = 0; r < records; ++r) {
      const auto key = "key-" + std::to_string(draw(40));
      const std::string value(draw(400), static_cast<char>('a' + draw(26)));
      const header_view header{as_bytes("h"), as_bytes("x")};
      record_fields record;
      record.timestamp_ms = to_ms(now_) - static_cast<std::int64_t>(draw(100));
      record.key = as_bytes(key);
      record.value = as_bytes(value);
      if (draw(4) == 0)
        record.headers = std::span{&header, 1};
      builder.add(record);
    }
    return must(std::move(builder).finish());
  }

  std::uint64_t draw(std::uint64_t below) {
    seed_ = seed_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (seed_ >> 33) % below;
  }

  disk& disk_;
  std::string directory_;
  options how_;
  open_hints hints_;
  wall_time now_ = from_ms(1'700'000'000'000);
  leader_epoch epoch_{0};
  std::array<std::int32_t, 3> sequences_{};
  std::uint64_t seed_ = 1;
  std::unique_ptr<log::log> held_;
};

options small_segments() {
  options how;
  how.segment_bytes = 60'000;
  how.index_interval_bytes = 2000;
  return how;
}

void all_codecs_over_every_kind_of_stop(disk& on, const std::string& directory) {
  writer w{on, directory, small_segments()};
  for (const auto with : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    w.batches(60, with, with != codec::gzip);
    w.lead_again();
    w.sync();
    w.batches(10, with, true);
    w.stop(with != codec::snappy);
    w.open();
    w.held().passivate();
  }
  w.batches(60, codec::none, true);
  w.stop(true);
}

void recompressed_with_append_time(disk& on, const std::string& directory) {
  auto how = small_segments();
  how.compression = codec::zstd;
  how.message_timestamp_type = timestamp_type::log_append_time;
  writer w{on, directory, how};
  w.batches(300, codec::lz4, false);
  w.stop(true);
}

void truncated_and_trimmed(disk& on, const std::string& directory) {
  writer w{on, directory, small_segments()};
  w.batches(300, codec::none, true);
  must(w.held().truncate_to(offset{w.held().log_end_offset().value * 2 / 3}, w.now()));
  w.batches(50, codec::none, false);
  must(w.held().advance_log_start(offset{w.held().log_end_offset().value / 3}, w.now()));
  w.stop(true);
}

void compacted(disk& on, const std::string& directory) {
  auto how = small_segments();
  how.cleanup_compact = true;
  how.min_cleanable_dirty_ratio = 0;
  writer w{on, directory, how};
  for (int pass = 0; pass < 2; ++pass) {
    for (const auto with : {codec::none, codec::lz4, codec::zstd, codec::gzip, codec::snappy})
      w.batches(80, with, true);
    auto plan = w.held().plan_compaction(w.now(), w.held().log_end_offset());
    if (!plan) {
      std::cerr << "nothing to compact\n";
      std::exit(1);
    }
    must(w.held().apply_compaction(must(clean(*plan, on))));
  }
  w.stop(true);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return 2;
  const auto disk = posix::make_posix_disk();
  const std::string root = argv[1];
  all_codecs_over_every_kind_of_stop(*disk, root + "/codecs-0");
  recompressed_with_append_time(*disk, root + "/append-time-0");
  truncated_and_trimmed(*disk, root + "/truncated-0");
  compacted(*disk, root + "/compacted-0");
  return 0;
}
