#include "compaction_fixture.hpp"
#include "recording_disk.hpp"

#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/posix/disk.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <map>

// Crashes in the middle of swapping compacted segments in: at each step, with any of the unsynced changes of names
// lost.

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;

namespace {

namespace fs = std::filesystem;

using files_by_name = std::map<std::string, std::string>;

files_by_name content_of(const fs::path& directory) {
  files_by_name files;
  for (const auto& entry : fs::directory_iterator{directory}) {
    std::ifstream in{entry.path(), std::ios::binary};
    files[entry.path().filename().string()] = {std::istreambuf_iterator<char>{in}, {}};
  }
  return files;
}

// What counts after a recovery: indexes may be missing (they are built anew), nothing else may.
files_by_name without_indexes(files_by_name files) {
  std::erase_if(files, [](const auto& f) { return f.first.ends_with("index"); });
  return files;
}

void put(const fs::path& path, const std::string& content) {
  std::ofstream{path, std::ios::binary} << content;
}

// Three groups: one is joined and shrinks, one vanishes, one shrinks; and one segment behind that stays. Beside them
// what belongs to a log: producer snapshots, epochs.
struct swap_fixture {
  temporary_directory root;
  fs::path log_path = root.path() / "log", copy = root.path() / "copy", cleaned = root.path() / "cleaned";
  std::unique_ptr<disk> on = posix::make_posix_disk();
  cleaning_plan plan;
  cleaned_files files;

  swap_fixture() {
    fs::create_directory(log_path);
    segments log{*on, log_path.string()};
    const std::string filler(300, 'x');
    log.append({{"a", "1"}});
    log.roll();
    log.append({{"b", "1"}, {"c", filler}});
    log.roll();
    log.append({{"a", filler + filler + filler}});
    log.roll();
    log.append({{"b", filler}, {"d", filler}, {"d", "2"}});
    log.roll();
    log.append({{"a", "2"}, {"b", "2"}});
    log.roll();
    auto rules = eager();
    rules.segment_bytes_max = 700;
    for (const auto& segment : log.inactive()) {
      for (const auto* suffix : {".index", ".timeindex"})
        put(log_path / offset_file_name(segment.base, suffix), "old index");
      put(log_path / offset_file_name(segment.base, ".snapshot"), "producers at " + std::to_string(segment.base.value));
    }
    put(log_path / "leader-epoch-checkpoint", "0\n1\n0 0\n");
    fs::copy(log_path, copy);
    plan = *plan_compaction(log.input(), rules, from_ms(100));
    files = must(clean(plan, *on));
    BOOST_REQUIRE(files.groups.size() == 3U);
    BOOST_REQUIRE(files.groups[1].size_bytes == 0U);
    fs::copy(log_path, cleaned);
  }

  // The directory with all old or all new segments, as a crash-free run leaves it.
  files_by_name old_state() { return without_indexes(content_of(copy)); }
  files_by_name new_state() {
    reset();
    must_succeed(swap_in_cleaned(*on, log_path.string(), files.groups));
    return without_indexes(content_of(log_path));
  }
  void reset() {
    fs::remove_all(log_path);
    fs::copy(cleaned, log_path);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(compaction_swap, swap_fixture)

BOOST_AUTO_TEST_CASE(without_a_crash_the_new_segments_stand_alone_with_their_indexes) {
  const auto swapped = new_state();
  BOOST_TEST((swapped != old_state()));
  const auto all = content_of(log_path);
  for (const auto& group : files.groups) {
    const auto there = all.count(offset_file_name(group.replaces.base(), ".log"));
    BOOST_TEST(there == (group.size_bytes > 0));
    BOOST_TEST(all.count(offset_file_name(group.replaces.base(), ".index")) == there);
    if (there)
      BOOST_TEST(index_fault(*on, log_path.string(), group.replaces.base()) == "");
  }
  BOOST_TEST(all.count("compaction.swap") == 0U);
  BOOST_TEST(!must(finish_interrupted_swaps(*on, log_path.string())));
  BOOST_TEST((content_of(log_path) == all));
}

BOOST_AUTO_TEST_CASE(
    D16_a_crash_at_any_step_of_cleaning_and_swap_leaves_all_old_or_all_new_segments_and_every_snapshot) {
  const auto before = old_state(), after = new_state();
  fs::remove_all(log_path);
  fs::copy(copy, log_path);
  recording_disk recorded{*on};
  const auto again = must(clean(plan, recorded));
  must_succeed(swap_in_cleaned(recorded, log_path.string(), again.groups));
  std::size_t olds = 0, news = 0;
  const auto states = for_each_crash(copy, log_path, recorded.steps(), 80, [&] {
    must(finish_interrupted_swaps(*on, log_path.string()));
    const auto found = without_indexes(content_of(log_path));
    olds += found == before;
    news += found == after;
    BOOST_REQUIRE((found == before || found == after));
    BOOST_REQUIRE(!must(finish_interrupted_swaps(*on, log_path.string())));
    // No old index beside a new segment.
    for (const auto& [name, content] : content_of(log_path))
      if (found == after && name.ends_with("index") && content == "old index")
        BOOST_REQUIRE((parse_offset_file(name)->base >= files.groups.back().replaces.end()));
  });
  BOOST_TEST_MESSAGE(states << " states: " << olds << " old, " << news << " new");
  BOOST_TEST(olds > 0U);
  BOOST_TEST(news > 0U);
}

BOOST_AUTO_TEST_CASE(D16_a_crash_while_a_swap_is_carried_through_is_mended_by_the_next_start) {
  const auto after = new_state();
  reset();
  recording_disk recorded{*on};
  must_succeed(swap_in_cleaned(recorded, log_path.string(), files.groups));
  // Everything until the swap file is durable, then the start does the rest, and crashes.
  auto steps = recorded.steps();
  std::size_t syncs = 0, kept = 0;
  while (syncs == 0)
    syncs += steps[kept++].what == recording_disk::change::synced_directory;
  steps.resize(kept);
  const auto committed = root.path() / "committed";
  for_each_crash(cleaned, committed, steps, 1, [] {});
  fs::remove_all(log_path);
  fs::copy(committed, log_path);
  BOOST_REQUIRE(fs::exists(log_path / "compaction.swap"));
  recording_disk start{*on};
  must(finish_interrupted_swaps(start, log_path.string()));
  const auto states = for_each_crash(committed, log_path, start.steps(), 80, [&] {
    must(finish_interrupted_swaps(*on, log_path.string()));
    BOOST_REQUIRE((without_indexes(content_of(log_path)) == after));
  });
  BOOST_TEST(states > 20U);
}

BOOST_AUTO_TEST_CASE(a_swap_file_that_cannot_be_read_or_whose_segment_is_gone_is_reported_and_nothing_removed) {
  reset();
  const auto swap = log_path / "compaction.swap";
  for (const auto* wrong : {"", "1\n0\n", "0\n2\n0 5 100\n", "0\n1\n5 5 100\n", "0\n1\n0 3 99999\n"}) {
    put(swap, wrong);
    const auto files_before = content_of(log_path);
    const auto result = finish_interrupted_swaps(*on, log_path.string());
    BOOST_REQUIRE(!result);
    BOOST_TEST(is_error(result.error(), errc::corrupt_file));
    BOOST_TEST((content_of(log_path) == files_before));
  }
}

BOOST_AUTO_TEST_SUITE_END()
