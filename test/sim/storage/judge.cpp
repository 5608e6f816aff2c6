#include "log_owner.hpp"

#include "runtime/log/record.hpp"

#include <algorithm>
#include <map>

namespace troupe::storage_test {

namespace {

/// What does not fit between what was read and one history of what was written; empty: all fits. Of what was to be
/// deleted, which is below `start`, any part may be there, but as it was written.
std::string difference(const history& read, const history& written, offset start, offset end) {
  std::size_t at = 0;
  for (const auto& b : written) {
    if (b.base >= end)
      continue;
    if (b.last < start && (at == read.size() || read[at].base != b.base))
      continue;
    if (b.last >= end)
      return "the log ends inside the batch at " + std::to_string(b.base.value);
    if (at == read.size())
      return "the batch at " + std::to_string(b.base.value) + " is missing";
    if (read[at].base != b.base || read[at].bytes != b.bytes)
      return "at " + std::to_string(b.base.value) + " there are other bytes, of offset "
             + std::to_string(read[at].base.value) + " and epoch " + std::to_string(read[at].epoch.value);
    ++at;
  }
  return at == read.size() ? "" : "there is a batch at " + std::to_string(read[at].base.value) + " that nobody wrote";
}

history up_to(const history& all, offset end) {
  history out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [end](const taken_batch& b) { return b.last < end; });
  return out;
}

/// The last batch of each producer.
std::map<producer_id, taken_batch> last_of_producers(const history& all) {
  std::map<producer_id, taken_batch> out;
  for (const auto& b : all)
    if (b.producer != no_producer_id)
      out[b.producer] = b;
  return out;
}

void check_producers(log_owner& owner, const history& written) {
  const auto last = last_of_producers(written);
  std::map<producer_id, std::int32_t> found;
  for (const auto& p : owner.held().active_producers())
    found[p.id] = p.last_sequence;
  for (const auto& [id, sequence] : found)
    BOOST_TEST((last.contains(id) && last.at(id).last_sequence == sequence),
               "producer " << id.value << " is remembered with sequence " << sequence);
  for (const auto& [id, batch] : last) {
    // What was deleted from the front may be forgotten.
    if (batch.last < owner.held().log_start_offset() && !found.contains(id))
      continue;
    BOOST_TEST(found.contains(id), "producer " << id.value << " is forgotten");
    auto as_sent = batch.bytes;
    std::fill_n(as_sent.begin(), 8, std::uint8_t{0});  // a client's batch starts at offset 0
    const auto again = owner.held().append_as_leader(byte_slice::copy_of(as_sent), owner.epoch, owner.now);
    BOOST_TEST((again && again->duplicate && again->base == batch.base),
               "a retry of producer " << id.value << " is not recognised: "
                                      << (again ? std::to_string(again->base.value) : render(again.error())));
  }
}

void check_epochs_and_indexes(log_owner& owner, const history& read, offset start) {
  auto& held = owner.held();
  for (const auto& b : read) {
    if (b.base < start)
      continue;
    BOOST_TEST(held.epoch_at(b.base).value == b.epoch.value, "wrong epoch at " << b.base.value);
    const auto found = held.find_offset(b.timestamp_ms, held.log_end_offset());
    BOOST_REQUIRE_MESSAGE(found, "searching by time failed: " << (found ? "" : render(found.error())));
    BOOST_TEST(found->at.value == std::max(b.base, held.log_start_offset()).value,
               "wrong offset by time " << b.base.value);
    const auto direct = held.read(b.last, 1, held.log_end_offset(), true);
    BOOST_TEST((direct && direct->records.size == b.bytes.size()), "reading at " << b.last.value);
  }
  if (!read.empty())
    BOOST_TEST(held.latest_epoch().value >= read.back().epoch.value);
}

/// Picks the history that the log tells, and checks that it tells all of it that it must.
const history& check_content(log_owner& owner, const history& read, const log::options& how, const witness& told) {
  const auto start = owner.held().log_start_offset(), end = owner.held().log_end_offset();
  BOOST_TEST(start.value >= told.start_min.value);
  BOOST_TEST(start.value <= told.start_max.value);
  BOOST_TEST(end.value >= told.durable.value, "durable records are missing: the log ends at " << end.value
                                                << ", durable was " << told.durable.value);
  const auto last = std::max(told.now.empty() ? offset{0} : told.now.back().last + 1,
                             told.before_truncation && !told.before_truncation->empty()
                               ? told.before_truncation->back().last + 1 : offset{0});
  BOOST_TEST(end.value <= std::max(last, told.start_max).value, "more is served than was ever appended");
  if (how.cleanup_compact) {
    BOOST_TEST((table_of(read) == table_of(up_to(told.now, end))), "a compacted log tells other values");
    return told.now;
  }
  const auto complete_from = std::max(start, told.start_max);
  const auto wrong = difference(read, told.now, complete_from, end);
  if (!wrong.empty() && told.before_truncation) {
    const auto also_wrong = difference(read, *told.before_truncation, complete_from, end);
    BOOST_TEST(also_wrong.empty(), wrong << "; against what was there before the truncation: " << also_wrong);
    return *told.before_truncation;
  }
  BOOST_TEST(wrong.empty(), wrong);
  return told.now;
}

}  // namespace

std::map<std::string, std::string> table_of(const history& batches) {
  std::map<std::string, std::string> table;
  for (const auto& b : batches) {
    const auto view = log::test::must(log::batch_view::parse(b.bytes));
    log::record_run run{view.records(), view.record_count()};
    for (auto record = log::test::must(run.next()); record; record = log::test::must(run.next())) {
      const std::string key{as_text(*record->key)};
      if (record->value)
        table[key] = as_text(*record->value);
      else
        table.erase(key);
    }
  }
  return table;
}

void judge(sim::simulated_disk& on, const log::options& how, const witness& told) {
  auto mine = told;
  log_owner owner{on, how, mine};
  if (!told.now.empty())
    owner.now = from_ms(told.now.back().timestamp_ms);
  owner.start();
  BOOST_TEST(!owner.held().damage(), "sound files are called damaged: " << render(owner.held().damage()));
  if (owner.held().damage())
    return;
  const auto read = owner.read_all();
  const auto& written = check_content(owner, read, how, told);
  check_producers(owner, up_to(written, owner.held().log_end_offset()));
  if (!how.cleanup_compact)
    check_epochs_and_indexes(owner, read, told.start_max);

  // The log goes on from here, and a clean stop keeps all of it.
  mine.now = up_to(written, owner.held().log_end_offset());
  mine.before_truncation.reset();
  owner.append();
  owner.sync();
  const auto whole = owner.read_all();
  owner.stop();
  owner.start();
  BOOST_TEST(owner.directory().clean);
  const auto after = owner.read_all();
  BOOST_TEST(whole.size() == after.size());
  for (std::size_t i = 0; i < std::min(whole.size(), after.size()); ++i)
    BOOST_TEST((whole[i].bytes == after[i].bytes), "changed by a clean stop: " << whole[i].base.value);
  check_producers(owner, mine.now);
}

}  // namespace troupe::storage_test
