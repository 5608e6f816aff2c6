#include "log_fixture.hpp"

#include "runtime/log/control_record.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/log/log_home.hpp"
#include "runtime/log/record.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <set>

// What readers of committed records get of a log that holds transactions: against a model that knows all of them.

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;

namespace {

constexpr std::int16_t epoch_0 = 0;
const producer_id alice{1}, bob{2};

struct fixture : log_fixture {
  byte_slice batch_of(producer_id producer, std::int16_t producer_epoch, std::int32_t sequence,
                      const std::vector<simple_record>& records, bool transactional = true) {
    batch_fields fields;
    fields.producer = producer;
    fields.producer_epoch = producer_epoch;
    fields.base_sequence = sequence;
    fields.transactional = transactional;
    return make_batch(records, fields);
  }

  expected<append_result> write(producer_id producer, std::int32_t sequence, const std::string& key,
                                const std::string& value, std::int16_t producer_epoch = epoch_0) {
    return held->append_as_leader(batch_of(producer, producer_epoch, sequence, {{key, value, to_ms(now)}}), epoch, now);
  }

  expected<append_result> end(producer_id producer, bool commits, std::int16_t producer_epoch = epoch_0,
                              std::int32_t coordinator = 1) {
    return held->append_marker({producer, producer_epoch, coordinator, commits}, epoch, now);
  }

  /// As Kafka's consumer does it with `isolation.level=read_committed`.
  std::vector<std::string> read_committed(offset from = offset{0}) {
    std::vector<std::string> out;
    const auto stable = held->last_stable_offset(held->log_end_offset());
    while (from < stable) {
      const auto found = must(held->read(from, 300, stable, true));
      if (found.records.size == 0)
        return out;
      auto aborted = held->aborted_between(from, found.next);
      std::sort(aborted.begin(), aborted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      const auto bytes = read_region(found.records);
      read_batches(byte_slice::copy_of(bytes), aborted, from, out);
      from = found.next;
    }
    return out;
  }

 private:
  static void read_batches(const byte_slice& bytes, std::vector<aborted_transaction>& aborted, offset from,
                           std::vector<std::string>& out) {
    std::set<producer_id> aborting;
    batch_run run{bytes};
    for (auto batch = run.next(); batch && *batch; batch = run.next()) {
      while (!aborted.empty() && aborted.front().first <= (*batch)->last_offset()) {
        aborting.insert(aborted.front().producer);
        aborted.erase(aborted.begin());
      }
      const auto plain = must(unpacked_records::of(**batch, 1 << 20));
      if ((*batch)->is_control()) {
        const auto head = must(batch_head::decode((*batch)->bytes(), 0));
        if (const auto marker = read_marker(head, plain.bytes()); marker && !marker->commits)
          aborting.erase(marker->producer);
        continue;
      }
      if ((*batch)->is_transactional() && aborting.contains((*batch)->producer()))
        continue;
      record_run records{plain};
      for (auto record = records.next(); record && *record; record = records.next())
        if ((*batch)->base_offset() + (*record)->offset_delta >= from)
          out.push_back(std::string{as_text(*(*record)->key)} + "=" + std::string{as_text(*(*record)->value)});
    }
  }
};

using strings = std::vector<std::string>;

/// A log whose every record and marker is known, and what was committed of it.
struct known_log : fixture {
  struct event {
    std::int64_t producer;
    std::string key, value;  // no value: a marker
    bool commits;
  };
  std::map<std::int64_t, event> written;  // by offset
  int last_value = 0;
  offset replicated{0};  // what was below a high watermark is never truncated
  bool is_compacted = false;

  void write_one(std::int64_t producer, int key) {
    const auto* known = held->find_producer(producer_id{producer});
    const auto sequence = known ? known->last_sequence() + 1 : 0;
    const auto name = "k" + std::to_string(key), value = std::to_string(++last_value);
    written[must(write(producer_id{producer}, sequence, name, value)).base.value] = {producer, name, value, false};
  }
  void end_one(std::int64_t producer, bool commits) {
    written[must(end(producer_id{producer}, commits)).base.value] = {producer, "", "", commits};
  }
  void cut(std::int64_t records) {
    must_succeed(held->truncate_to(std::max(offset{held->log_end_offset().value - records}, replicated), now));
    std::erase_if(written, [&](const auto& e) { return e.first >= held->log_end_offset().value; });
  }
  void compact() {
    replicated = held->log_end_offset();
    if (auto plan = held->plan_compaction(now, held->log_end_offset()))
      must_succeed(held->apply_compaction(must(clean(std::move(*plan), disk))));
  }

  strings expected() const {
    std::map<std::int64_t, std::vector<std::int64_t>> open;
    std::map<std::int64_t, std::string> committed;
    for (const auto& [at, e] : written) {
      if (!e.value.empty()) {
        open[e.producer].push_back(at);
        continue;
      }
      if (e.commits)
        for (const auto o : open[e.producer])
          committed[o] = written.at(o).key + "=" + written.at(o).value;
      open[e.producer].clear();
    }
    auto stable = held->log_end_offset().value;
    for (const auto& [producer, offsets] : open)
      if (!offsets.empty())
        stable = std::min(stable, offsets.front());
    strings all;
    for (const auto& [at, text] : committed)
      if (at < stable)
        all.push_back(text);
    return is_compacted ? last_of_each_key(all) : all;
  }
  strings seen() { return is_compacted ? last_of_each_key(read_committed()) : read_committed(); }

 private:
  static strings last_of_each_key(const strings& all) {
    std::map<std::string, std::string> table;
    for (const auto& text : all)
      table[text.substr(0, text.find('='))] = text;
    strings out;
    for (const auto& [key, text] : table)
      out.push_back(text);
    return out;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(transactions, fixture)

BOOST_AUTO_TEST_CASE(T13_the_last_stable_offset_stays_at_the_first_open_transaction_until_its_marker_is_replicated) {
  open();
  append(2);
  must(write(alice, 0, "a", "1"));
  must(write(bob, 0, "b", "1"));
  append();
  BOOST_CHECK(held->last_stable_offset(offset{2}) == offset{2});
  BOOST_CHECK(held->last_stable_offset(offset{5}) == offset{2});
  BOOST_CHECK(held->first_open_transaction()->second == alice);
  BOOST_CHECK(must(end(alice, true)).base == offset{5});
  BOOST_CHECK(held->last_stable_offset(offset{5}) == offset{2});  // the marker is there, but may be lost yet
  BOOST_CHECK(held->last_stable_offset(offset{6}) == offset{3});
  must(end(bob, false));
  BOOST_CHECK(held->last_stable_offset(offset{7}) == offset{7});
  BOOST_TEST(read_committed().size() == 4);
}

BOOST_AUTO_TEST_CASE(readers_of_committed_records_are_told_what_was_aborted) {
  open();
  must(write(alice, 0, "a", "1"));
  must(write(bob, 0, "b", "1"));
  must(end(alice, false));
  must(write(alice, 1, "a", "2"));
  must(end(bob, true));
  must(end(alice, true));
  BOOST_TEST(read_committed() == (strings{"b=1", "a=2"}));
  const auto aborted = held->aborted_between(offset{0}, offset{6});
  BOOST_REQUIRE_EQUAL(aborted.size(), 1);
  BOOST_CHECK((aborted[0] == aborted_transaction{alice, offset{0}, offset{2}, offset{1}}));
  BOOST_CHECK(held->aborted_between(offset{3}, offset{6}).empty());
}

BOOST_AUTO_TEST_CASE(markers_of_old_epochs_and_of_former_coordinators_are_refused) {
  open();
  must(write(alice, 0, "a", "1", 3));
  BOOST_CHECK(is_error(end(alice, true, 2).error(), errc::invalid_producer_epoch));
  must(end(alice, true, 3, 5));
  must(write(alice, 1, "a", "2", 3));
  BOOST_CHECK(is_error(end(alice, false, 3, 4).error(), errc::coordinator_fenced));
  must(end(alice, true, 4, 5));
  BOOST_CHECK(is_error(write(alice, 2, "a", "3", 3).error(), errc::invalid_producer_epoch));
}

BOOST_AUTO_TEST_CASE(a_batch_outside_of_the_open_transaction_is_refused) {
  open();
  must(write(alice, 0, "a", "1"));
  const auto plain = batch_of(alice, epoch_0, 1, {{"a", "2", to_ms(now)}}, false);
  BOOST_CHECK(is_error(held->append_as_leader(plain, epoch, now).error(), errc::invalid_transaction_state));
}

BOOST_AUTO_TEST_CASE(T15_truncation_forgets_what_it_cuts_and_knows_what_is_open_again) {
  how.segment_bytes = 300;
  open();
  must(write(alice, 0, "a", "1"));
  must(end(alice, false));
  must(write(bob, 0, "b", "1"));
  must(write(alice, 1, "a", "2"));
  must(end(bob, false));
  must(end(alice, false));
  sync();
  must_succeed(held->truncate_to(offset{4}, now));
  BOOST_CHECK(held->last_stable_offset(offset{4}) == offset{2});
  BOOST_CHECK_EQUAL(held->aborted_between(offset{0}, offset{9}).size(), 1);
  must(end(bob, true));
  must(end(alice, false));
  BOOST_TEST(read_committed() == strings{"b=1"});
  reopen();
  BOOST_TEST(read_committed() == strings{"b=1"});
}

BOOST_AUTO_TEST_CASE(the_index_is_in_kafkas_format_and_durable_with_the_marker) {
  open();
  must(write(alice, 0, "a", "1"));
  must(end(alice, false));
  BOOST_CHECK(!has_file(file(offset{0}, ".txnindex")));
  sync();
  BOOST_CHECK_EQUAL(std::filesystem::file_size(file(offset{0}, ".txnindex")), aborted_transactions::entry_bytes);
  crash_and_reopen();
  BOOST_TEST(read_committed().empty());
  cut_file(file(offset{0}, ".txnindex"), 20);  // torn: told by the batches again
  crash_and_reopen();
  BOOST_TEST(read_committed().empty());
}

BOOST_AUTO_TEST_CASE(C01_compaction_takes_aborted_records_then_their_entry_then_their_marker) {
  how.cleanup_compact = true, how.cleanup_delete = false;
  how.min_cleanable_dirty_ratio = 0;
  how.segment_bytes = 250;
  how.delete_retention = std::chrono::milliseconds{1000};
  open();
  append_result last;
  must(write(alice, 0, "a", "1"));
  must(end(alice, true));
  must(write(bob, 0, "a", "2"));  // aborted: the older value is the last one
  must(end(bob, false));
  must(write(bob, 1, "c", "1"));
  must(end(bob, true));
  const auto pass = [&] {
    must(write(bob, ++last.last.value + 10, "z", std::string(150, 'z')));
    must(end(bob, true));
    auto plan = held->plan_compaction(now, held->log_end_offset());
    BOOST_REQUIRE(plan);
    must_succeed(held->apply_compaction(must(clean(std::move(*plan), disk))));
    now += std::chrono::milliseconds{2000};
  };
  const auto values = [&] {
    auto all = read_committed();
    std::erase_if(all, [](const auto& one) { return one.starts_with("z="); });
    return all;
  };
  last.last = offset{-9};
  for (int i = 0; i < 5; ++i) {
    pass();
    BOOST_TEST(values() == (strings{"a=1", "c=1"}));
    reopen();
    BOOST_TEST(values() == (strings{"a=1", "c=1"}));
  }
  BOOST_CHECK(held->aborted_between(offset{0}, offset{6}).empty());
  const auto bases = bases_from(offset{0});
  BOOST_CHECK(std::find(bases.begin(), bases.end(), 3) == bases.end());  // the marker of what is gone
}

// Random transactions of several producers, interleaved, over small segments, with crashes that lose what was not
// durable, truncation, clean stops and compaction: a reader of committed records always gets the model's.
BOOST_AUTO_TEST_CASE(whatever_happens_readers_get_what_was_committed) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    known_log log;
    std::mt19937 draw{seed};
    const auto below = [&](std::uint32_t n) { return static_cast<int>(draw() % n); };
    log.is_compacted = log.how.cleanup_compact = seed % 2;
    log.how.cleanup_delete = !log.is_compacted;
    log.how.segment_bytes = 700;
    log.how.min_cleanable_dirty_ratio = 0;
    log.how.delete_retention = std::chrono::milliseconds{seed % 3 * 20'000};
    log.open();
    for (int step = 0; step < 300; ++step) {
      log.now += std::chrono::milliseconds{below(3000)};
      const auto producer = below(3);
      const auto what = below(100);
      if (what < 55)
        log.write_one(producer, below(6));
      else if (what < 80)
        log.end_one(producer, below(2));
      else if (what < 88)
        log.sync();
      else if (what < 92)
        log.crash_and_reopen();
      else if (what < 94)
        log.reopen();
      else if (what < 96)
        log.cut(below(8));
      else if (log.is_compacted)
        log.compact();
      BOOST_TEST_CONTEXT("seed " << seed << " step " << step)
        BOOST_TEST_REQUIRE(log.seen() == log.expected(), boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
