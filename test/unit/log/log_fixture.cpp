#include "log_fixture.hpp"

#include "runtime/log/file_names.hpp"
#include "runtime/posix/disk.hpp"

#include <algorithm>
#include <fstream>

namespace troupe::log::test {

byte_vector read_region(const file_region& region) {
  byte_vector bytes(region.size);
  if (region.size > 0)
    BOOST_REQUIRE_EQUAL(must(region.source->read(region.position, bytes)), region.size);
  return bytes;
}

log_fixture::log_fixture() : real_(posix::make_posix_disk()), disk(*real_) {}

log& log_fixture::open() {
  held.reset();
  held = must(log::open(disk, directory(), how, hints, now));
  return *held;
}

log& log_fixture::reopen() {
  must_succeed(held->close());
  hints.clean_stop = true;
  hints.recovery_point = held->durable_end();
  hints.log_start_offset = held->log_start_offset();
  return open();
}

log& log_fixture::crash_and_reopen() {
  hints.clean_stop = false;
  hints.recovery_point = held->durable_end();
  hints.log_start_offset = held->log_start_offset();
  return open();
}

expected<append_result> log_fixture::try_append(int count, std::size_t value_bytes) {
  std::vector<simple_record> records;
  for (int i = 0; i < count; ++i)
    records.push_back({"k" + std::to_string(i), std::string(value_bytes, 'v'), to_ms(now)});
  return held->append_as_leader(make_batch(records), epoch, now);
}

append_result log_fixture::append(int count, std::size_t value_bytes) {
  return must(try_append(count, value_bytes));
}

expected<append_result> log_fixture::append_from(producer_id producer, std::int16_t producer_epoch,
                                                 std::int32_t sequence, int count) {
  batch_fields fields;
  fields.producer = producer;
  fields.producer_epoch = producer_epoch;
  fields.base_sequence = sequence;
  const std::vector<simple_record> records(static_cast<std::size_t>(count), simple_record{"k", "v", to_ms(now)});
  return held->append_as_leader(make_batch(records, fields), epoch, now);
}

void log_fixture::sync() {
  const auto ticket = held->begin_sync();
  for (const auto& f : ticket.files)
    must_succeed(f->sync());
  for (const auto& d : ticket.directories)
    must_succeed(disk.sync_directory(d));
  held->finish_sync(ticket);
}

std::string log_fixture::file(offset base, std::string_view suffix) const {
  return directory() + "/" + offset_file_name(base, suffix);
}

std::vector<std::string> log_fixture::files() const {
  std::vector<std::string> names;
  if (std::filesystem::exists(directory()))
    for (const auto& e : std::filesystem::directory_iterator(directory()))
      names.push_back(e.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void log_fixture::overwrite(const std::string& path, std::uint64_t position, bytes_view bytes) {
  std::fstream out{path, std::ios::in | std::ios::out | std::ios::binary};
  BOOST_REQUIRE(out.good());
  out.seekp(static_cast<std::streamoff>(position));
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::int64_t> log_fixture::bases_from(offset from, std::size_t max_bytes) {
  std::vector<std::int64_t> bases;
  while (from < held->log_end_offset()) {
    const auto got = must(held->read(from, max_bytes, held->log_end_offset(), true));
    if (got.records.size == 0)
      break;
    const auto bytes = read_region(got.records);
    batch_run run{bytes};
    for (auto batch = must(run.next()); batch; batch = must(run.next())) {
      BOOST_CHECK(batch->check_crc());
      bases.push_back(batch->base_offset().value);
    }
    BOOST_CHECK(run.rest().empty());
    BOOST_REQUIRE_GT(got.next.value, from.value);
    from = got.next;
  }
  return bases;
}

byte_vector log_fixture::read_bytes(offset from, std::size_t max_bytes, offset upper_limit, bool at_least_one) {
  return read_region(must(held->read(from, max_bytes, upper_limit, at_least_one)).records);
}

bool some_line_has(const std::vector<std::string>& lines, const std::vector<std::string>& words) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return std::all_of(words.begin(), words.end(),
                       [&](const std::string& word) { return line.find(word) != std::string::npos; });
  });
}

}  // namespace troupe::log::test
