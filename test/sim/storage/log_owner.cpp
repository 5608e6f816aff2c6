#include "log_owner.hpp"

#include "runtime/log/errors.hpp"
#include "runtime/log/offset_checkpoint.hpp"
#include "runtime/log/record.hpp"
#include "runtime/sim/random.hpp"

#include <algorithm>

namespace troupe::storage_test {

using log::test::make_batch;
using log::test::simple_record;

void log_owner::check(const error& e) {
  if (!e)
    return;
  if (on_.is_cut())
    throw process_died{};
  BOOST_FAIL("unexpected error: " << render(e));
}

void log_owner::start() {
  sim::simulated_random random{1};
  auto opened = open_log_directory(on_, random, root, node_id{1}, "cluster");
  if (!opened)
    check(opened.error());
  directory_.emplace(std::move(*opened));
  const auto known = directory_->offsets["t-0"];
  auto held = log::log::open(on_, folder, how_,
                             {.clean_stop = directory_->clean,
                              .recovery_point = known.recovery_point,
                              .log_start_offset = known.log_start,
                              .cleaned_to = known.cleaned_to},
                             now);
  if (!held)
    check(held.error());
  log_ = std::move(*held);
  if (log_->latest_epoch() > epoch)
    epoch = log_->latest_epoch();
}

expected<log::append_result> log_owner::try_append(int count, std::size_t value_bytes, producer_id producer,
                                                   const std::string& key) {
  now += std::chrono::milliseconds{1000};
  log::batch_fields fields;
  taken_batch taken;
  if (producer != no_producer_id) {
    fields.producer = taken.producer = producer;
    fields.producer_epoch = 0;
    fields.base_sequence = 0;
    for (const auto& b : told_.now)
      if (b.producer == producer)
        fields.base_sequence = b.last_sequence + 1;
    taken.last_sequence = fields.base_sequence + count - 1;
  }
  std::vector<simple_record> records;
  for (int i = 0; i < count; ++i)
    records.push_back({key, std::string(value_bytes, 'a' + static_cast<char>(told_.now.size() % 26)), to_ms(now)});
  auto done = log_->append_as_leader(make_batch(records, fields), epoch, now);
  if (!done)
    return done;
  taken.base = done->base;
  taken.last = done->last;
  taken.epoch = epoch;
  taken.timestamp_ms = to_ms(now);
  taken.bytes = read_one(done->base).bytes;
  told_.now.push_back(std::move(taken));
  return done;
}

void log_owner::append(int count, std::size_t value_bytes, producer_id producer, const std::string& key) {
  if (auto done = try_append(count, value_bytes, producer, key); !done)
    check(done.error());
}

error log_owner::try_sync() {
  const auto ticket = log_->begin_sync();
  const bool covers_truncation = told_.before_truncation.has_value();
  for (const auto& f : ticket.files)
    if (auto failed = f->sync())
      return failed;
  for (const auto& d : ticket.directories)
    if (auto failed = on_.sync_directory(d))
      return failed;
  log_->finish_sync(ticket);
  told_.durable = log_->durable_end();
  if (covers_truncation)
    told_.before_truncation.reset();
  return {};
}

void log_owner::sync() {
  check(try_sync());
}

void log_owner::write_checkpoint(const std::string& path, offset at) {
  const log::offset_checkpoint_entry entry{"t", partition_index{0}, at};
  check(log::write_offset_checkpoint(on_, path, std::span{&entry, 1}));
}

void log_owner::checkpoint() {
  const auto start = log_->log_start_offset();
  write_checkpoint(recovery_checkpoint_path(root), log_->durable_end());
  write_checkpoint(log_start_checkpoint_path(root), start);
  told_.start_min = start;
  write_checkpoint(cleaner_checkpoint_path(root), log_->cleaned_to());
}

void log_owner::truncate(offset to) {
  write_checkpoint(recovery_checkpoint_path(root), std::min(to, log_->durable_end()));
  told_.before_truncation = told_.now;
  std::erase_if(told_.now, [to](const taken_batch& b) { return b.last >= to; });
  told_.durable = std::min(told_.durable, to);
  check(log_->truncate_to(to, now));
  BOOST_TEST(log_->log_end_offset().value == to.value);
}

void log_owner::delete_records(offset before) {
  told_.start_max = std::max(told_.start_max, before);
  check(log_->advance_log_start(before, now));
}

void log_owner::retain(std::chrono::milliseconds age, offset start_max) {
  told_.start_max = std::max(told_.start_max, start_max);
  auto done = log_->apply_retention(now + age, log_->log_end_offset());
  if (!done)
    check(done.error());
  BOOST_TEST(log_->log_start_offset().value <= start_max.value);
}

bool log_owner::compact(const std::function<void()>& meanwhile) {
  auto plan = log_->plan_compaction(now, log_->log_end_offset());
  BOOST_REQUIRE(plan);
  auto cleaned = log::clean(std::move(*plan), on_);
  if (!cleaned)
    check(cleaned.error());
  if (meanwhile)
    meanwhile();
  const auto failed = log_->apply_compaction(*cleaned);
  if (log::is_error(failed, log::errc::cleaning_obsolete))
    return false;
  check(failed);
  return true;
}

error log_owner::try_stop() {
  if (auto failed = log_->close())
    return failed;
  told_.durable = log_->durable_end();
  told_.before_truncation.reset();
  checkpoint();
  return replace_file(on_, clean_mark_path(root), clean_mark(1));
}

void log_owner::stop() {
  check(try_stop());
  let_go();
}

taken_batch log_owner::read_one(offset at) {
  auto got = log_->read(at, 1, log_->log_end_offset(), true);
  if (!got)
    check(got.error());
  taken_batch out;
  out.bytes.resize(got->records.size);
  if (auto count = got->records.source->read(got->records.position, out.bytes); !count)
    check(count.error());
  const auto view = log::test::must(log::batch_view::parse(out.bytes));
  BOOST_TEST(view.check_crc());
  BOOST_TEST(view.size() == out.bytes.size());
  out.base = view.base_offset();
  out.last = view.last_offset();
  out.epoch = view.partition_leader_epoch();
  out.timestamp_ms = view.max_timestamp_ms();
  out.producer = view.producer();
  return out;
}

history log_owner::read_all() {
  history all;
  for (auto at = log_->log_start_offset(); at < log_->log_end_offset(); at = all.back().last + 1) {
    auto next = read_one(at);
    BOOST_REQUIRE(next.last >= at);
    all.push_back(std::move(next));
  }
  return all;
}

}  // namespace troupe::storage_test
