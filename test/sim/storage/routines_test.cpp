// Each storage routine of a log, crashed at each operation it makes (D20), with the rows of the catalogue that name
// one.
#include "crash.hpp"

#include "runtime/log/partition_metadata.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using namespace troupe::storage_test;
using namespace std::chrono_literals;

namespace {

constexpr producer_id first_producer{7}, second_producer{8};

/// Three closed segments and an active one, of two producers and three epochs, the first part durable.
void some_segments(log_owner& o) {
  for (int i = 0; i < 14; ++i) {
    if (i % 5 == 0)
      ++o.epoch.value;
    o.append(1 + i % 3, 40, i % 2 ? first_producer : second_producer);
    if (i == 8) {
      o.sync();
      o.checkpoint();
    }
  }
}

void some_durable_segments(log_owner& o) {
  some_segments(o);
  o.sync();
  o.checkpoint();
}

}  // namespace

BOOST_AUTO_TEST_CASE(D01_directory_is_synced_when_a_segment_is_made) {
  crash_everywhere({.how = small_segments(), .arrange = {}, .routine = [](log_owner& o) {
                      o.append();
                      o.sync();
                      o.checkpoint();
                      for (int i = 0; i < 8; ++i) {
                        o.append();
                        o.sync();
                      }
                    }});
}

BOOST_AUTO_TEST_CASE(D20_appending_rolling_and_syncing) {
  crash_everywhere({.how = small_segments(), .arrange = some_segments, .routine = [](log_owner& o) {
                      for (int i = 0; i < 10; ++i) {
                        o.append(2, 60, first_producer);
                        if (i % 3 == 2)
                          o.sync();
                      }
                      o.checkpoint();
                    }});
}

BOOST_AUTO_TEST_CASE(D20_the_first_append_makes_the_directory) {
  crash_everywhere({.how = small_segments(), .arrange = [](log_owner& o) { o.let_go(); }, .routine = [](log_owner& o) {
                      o.start();
                      o.append(1, 40, first_producer);
                      o.sync();
                      o.checkpoint();
                    }});
}

BOOST_AUTO_TEST_CASE(D02_checkpoints_are_whole_whatever_the_crash) {
  crash_everywhere({.how = small_segments(), .arrange = some_durable_segments, .routine = [](log_owner& o) {
                      for (int i = 0; i < 4; ++i) {
                        o.append();
                        o.sync();
                        o.checkpoint();
                      }
                    }});
}

BOOST_AUTO_TEST_CASE(D04_duplicates_are_recognised_after_a_power_cut_at_a_snapshot) {
  crash_everywhere({.how = small_segments(), .arrange = some_durable_segments, .routine = [](log_owner& o) {
                      for (int i = 0; i < 6; ++i)
                        o.append(1, 100, i % 2 ? first_producer : second_producer);
                      o.sync();
                      o.checkpoint();
                      o.retain(100h, o.held().log_end_offset());
                      o.sync();
                      o.checkpoint();
                    }});
}

BOOST_AUTO_TEST_CASE(D06_a_clean_mark_is_trusted_only_when_all_is_durable) {
  crash_everywhere({.how = small_segments(), .arrange = some_segments, .routine = [](log_owner& o) {
                      o.stop();
                      o.start();
                      o.append(2, 60, first_producer);
                      o.stop();
                      o.start();
                      o.append(2, 60, second_producer);
                      o.append(2, 60, second_producer);
                    }});
}

BOOST_AUTO_TEST_CASE(D20_retention) {
  auto how = small_segments();
  how.retention = 3s;
  crash_everywhere({.how = how, .arrange = some_durable_segments, .routine = [](log_owner& o) {
                      o.retain(1s, o.held().log_end_offset());
                      o.retain(1s, o.held().log_end_offset());
                      o.sync();
                      o.checkpoint();
                      o.append();
                      o.sync();
                      o.retain(1h, o.held().log_end_offset());
                      o.sync();
                      o.checkpoint();
                      o.retain(1h, o.held().log_end_offset());
                    }});
}

BOOST_AUTO_TEST_CASE(D20_deleting_records) {
  crash_everywhere({.how = small_segments(), .arrange = some_durable_segments, .routine = [](log_owner& o) {
                      o.delete_records(offset{9});
                      o.sync();
                      o.checkpoint();
                      o.append();
                      o.delete_records(o.held().log_end_offset());
                      o.checkpoint();
                      o.sync();
                      o.append();
                      o.sync();
                      o.checkpoint();
                    }});
}

BOOST_AUTO_TEST_CASE(D20_truncating_inside_a_segment_and_going_on) {
  crash_everywhere({.how = small_segments(), .arrange = some_durable_segments, .routine = [](log_owner& o) {
                      o.truncate(offset{24});
                      ++o.epoch.value;
                      o.append(2, 70, first_producer);
                      o.append(1, 70, second_producer);
                      o.sync();
                      o.checkpoint();
                      o.append(1, 70, first_producer);
                      o.sync();
                    }});
}

BOOST_AUTO_TEST_CASE(D20_truncating_several_segments_and_going_on) {
  crash_everywhere({.how = small_segments(), .arrange = some_durable_segments, .routine = [](log_owner& o) {
                      o.truncate(offset{6});
                      ++o.epoch.value;
                      for (int i = 0; i < 5; ++i)
                        o.append(2, 70, i % 2 ? first_producer : second_producer);
                      o.sync();
                      o.checkpoint();
                      o.append(1, 70, first_producer);
                      o.sync();
                    }});
}

BOOST_AUTO_TEST_CASE(D20_truncating_after_a_clean_stop_forgets_the_producers_of_what_is_gone) {
  auto how = small_segments();
  how.segment_bytes = 100'000;
  crash_everywhere({.how = how,
                    .arrange =
                      [](log_owner& o) {
                        some_segments(o);
                        o.stop();
                        o.start();
                      },
                    .routine =
                      [](log_owner& o) {
                        o.truncate(offset{24});
                        o.sync();
                        ++o.epoch.value;
                        for (int i = 0; i < 4; ++i)
                          o.append(2, 70);
                        o.sync();
                        o.checkpoint();
                      }});
}

BOOST_AUTO_TEST_CASE(D16_a_compaction_swap_keeps_values_and_producers) {
  auto how = small_segments();
  how.cleanup_compact = true;
  how.cleanup_delete = false;
  how.min_cleanable_dirty_ratio = 0;
  crash_everywhere({.how = how,
                    .arrange =
                      [](log_owner& o) {
                        for (int i = 0; i < 16; ++i)
                          o.append(1, 40, i % 3 ? first_producer : second_producer, "k" + std::to_string(i % 4));
                        o.sync();
                        o.checkpoint();
                      },
                    .routine =
                      [](log_owner& o) {
                        o.compact();
                        o.sync();
                        o.checkpoint();
                        o.append(1, 40, first_producer, "k1");
                        o.sync();
                      }});
}

// The policy goes from compact to delete while a pass is under way, and retention takes segments that it has cleaned.
BOOST_AUTO_TEST_CASE(C05_a_policy_that_changes_during_a_pass_of_compaction_brings_nothing_back) {
  auto compacts = small_segments();
  compacts.cleanup_compact = true;
  compacts.cleanup_delete = false;
  compacts.min_cleanable_dirty_ratio = 0;
  auto deletes = compacts;
  std::swap(deletes.cleanup_compact, deletes.cleanup_delete);
  deletes.retention = 1h;
  sim::simulated_disk disk;
  BOOST_REQUIRE(!disk.make_directories(log_owner::root));
  witness told;
  log_owner o{disk, compacts, told};
  o.start();
  for (int i = 0; i < 16; ++i)
    o.append(1, 40, first_producer, "k" + std::to_string(i % 4));
  o.sync();
  const auto end = o.held().log_end_offset();
  offset start{0};
  const bool swapped = o.compact([&] {
    o.settings(deletes);
    o.retain(2h, end);
    start = o.held().log_start_offset();
    BOOST_TEST(start.value > 0);
  });
  BOOST_TEST(!swapped);
  BOOST_TEST(o.held().log_start_offset().value == start.value);
  for (const auto& batch : o.read_all())
    BOOST_TEST(batch.last.value >= start.value);
  o.append(1, 40, first_producer, "k1");
  o.sync();
  o.checkpoint();
  o.stop();
  o.start();
  BOOST_TEST(o.held().log_start_offset().value == start.value);
  BOOST_TEST(o.held().log_end_offset().value == end.value + 1);
}

BOOST_AUTO_TEST_CASE(D08_retention_during_a_stop_takes_nothing_offline) {
  auto how = small_segments();
  how.retention = 3s;
  crash_everywhere({.how = how, .arrange = some_durable_segments, .routine = [](log_owner& o) {
                      o.retain(1s, o.held().log_end_offset());
                      auto failed = o.held().close();
                      o.retain(1h, o.held().log_end_offset());
                      if (!failed)
                        o.stop();
                    }});
}

// The process dies after the first batch and before its sync, and the power is lost later: what says which topic the
// directory is of was written by the first process, and the second must not rely on the page cache.
BOOST_AUTO_TEST_CASE(D20_a_directory_says_its_topic_durably_before_its_first_record_also_after_a_crash) {
  topic_id topic;
  topic.bytes.fill(7);
  const auto batch = log::test::make_batch({{"k", "v", 1000}});
  for (const bool died_first : {false, true}) {
    sim::simulated_disk d;
    BOOST_REQUIRE(!d.make_directories("data"));
    d.settle();
    const auto open = [&] {
      return std::move(*log::log::open(d, "data/t-0", small_segments(), {.topic = topic}, from_ms(1'000)));
    };
    auto held = open();
    BOOST_REQUIRE(held->append_as_leader(batch, leader_epoch{0}, from_ms(1'000)));
    if (died_first) {
      held.reset();
      d.process_crash();
      held = open();
    }
    const auto ticket = held->begin_sync();
    for (const auto& f : ticket.files)
      BOOST_REQUIRE(!f->sync());
    for (const auto& directory : ticket.directories)
      BOOST_REQUIRE(!d.sync_directory(directory));
    held->finish_sync(ticket);
    BOOST_REQUIRE(held->durable_end() == offset{1});
    held.reset();
    d.power_loss(sim::power_loss_mode::weakest, 2);
    BOOST_TEST(*log::read_partition_topic(d, "data/t-0") == to_string(topic));
  }
}
