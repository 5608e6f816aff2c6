// Disks that fail, fill up or forget under a log, and files that are damaged while it is closed.
#include "crash.hpp"

#include "runtime/log/errors.hpp"
#include "runtime/log/file_names.hpp"
#include "runtime/sim/prng.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::storage_test;
using log::errc;
using sim::fault_kind;
using sim::power_loss_mode;
using sim::simulated_disk;

namespace {

constexpr auto both_modes = {power_loss_mode::ordered, power_loss_mode::weakest};
constexpr producer_id a_producer{7};

/// A log with several segments on a disk of its own, everything durable and in the checkpoints.
struct durable_log {
  durable_log() : disk(std::make_unique<simulated_disk>()) {
    BOOST_REQUIRE(!disk->make_directories(log_owner::root));
    disk->settle();
    owner = std::make_unique<log_owner>(*disk, how, told);
    owner->start();
    for (int i = 0; i < 14; ++i) {
      if (i % 5 == 0)
        ++owner->epoch.value;
      owner->append(1 + i % 3, 40, a_producer);
    }
    owner->sync();
    owner->checkpoint();
    owner->sync();  // the epoch file gets its name after the first one
  }

  log::log& held() { return owner->held(); }
  void crash() {
    owner->let_go();
    disk->process_crash();
    disk->settle();
  }
  std::vector<std::uint8_t> content(const std::string& path) const {
    for (const auto& [name, bytes] : disk->files())
      if (name == path)
        return bytes;
    BOOST_FAIL(path << " is missing");
    return {};
  }
  std::vector<std::string> paths(const std::string& suffix) const {
    std::vector<std::string> out;
    for (const auto& [name, bytes] : disk->files())
      if (name.ends_with(suffix))
        out.push_back(name);
    return out;
  }
  void judge_after_losses() {
    for (const auto mode : both_modes)
      for (std::uint64_t seed = 0; seed < 12; ++seed)
        BOOST_TEST_CONTEXT("mode " << static_cast<int>(mode) << " seed " << seed) {
          auto lost = disk->clone();
          lost->clear_faults();
          lost->power_loss(mode, seed);
          judge(*lost, how, told);
        }
  }

  log::options how = small_segments();
  witness told;
  std::unique_ptr<simulated_disk> disk;
  std::unique_ptr<log_owner> owner;
};

/// The ways in which a file may have suffered.
std::vector<std::vector<std::uint8_t>> damaged_forms(const std::vector<std::uint8_t>& sound) {
  auto zeros = sound, noise = sound, flipped = sound, half = sound, longer = sound;
  std::fill(zeros.begin(), zeros.end(), std::uint8_t{0});
  sim::prng random{sound.size()};
  for (auto& byte : noise)
    byte = static_cast<std::uint8_t>(random.next());
  if (!flipped.empty())
    flipped[flipped.size() / 2] ^= 0x10;
  half.resize(half.size() / 2);
  longer.resize(longer.size() + 100);
  return {{}, zeros, noise, flipped, half, longer};
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(D03_a_torn_epoch_checkpoint_is_rebuilt_from_the_batches, durable_log) {
  for (const bool clean : {false, true}) {
    auto copy = disk->clone();
    if (clean) {
      witness mine = told;
      log_owner stopping{*copy, how, mine};
      stopping.start();
      stopping.stop();
    }
    const std::string path = std::string{log_owner::folder} + "/leader-epoch-checkpoint";
    for (const auto& form : damaged_forms(content(path)))
      BOOST_TEST_CONTEXT((clean ? "clean" : "crash") << " with '" << as_text(form) << "'") {
        auto damaged = copy->clone();
        damaged->process_crash();
        damaged->plant(path, form);
        judge(*damaged, how, told);
      }
  }
}

BOOST_FIXTURE_TEST_CASE(D04_a_torn_producer_snapshot_is_rebuilt_from_the_batches, durable_log) {
  crash();
  for (const auto& path : paths(".snapshot"))
    for (const auto& form : damaged_forms(content(path)))
      BOOST_TEST_CONTEXT(path << " with " << form.size() << " bytes") {
        auto damaged = disk->clone();
        damaged->plant(path, form);
        judge(*damaged, how, told);
      }
}

BOOST_AUTO_TEST_CASE(D05_after_a_failed_append_the_next_is_refused) {
  for (const auto kind : {fault_kind::write_error, fault_kind::short_write}) {
    durable_log l;
    l.disk->add_fault({.kind = kind, .at_op = 0, .path_contains = ".log"});
    const auto first = l.owner->try_append();
    BOOST_REQUIRE(!first);
    BOOST_TEST(log::is_error(first.error(), errc::storage_failed), render(first.error()));
    const auto second = l.owner->try_append();
    BOOST_REQUIRE(!second);
    BOOST_TEST(log::is_error(second.error(), errc::log_offline), render(second.error()));
    BOOST_TEST(l.held().is_offline());
    BOOST_TEST(l.owner->read_all().size() == l.told.now.size());
    l.owner->let_go();
    l.judge_after_losses();
  }
}

BOOST_AUTO_TEST_CASE(D05_a_failure_of_any_operation_of_appending_keeps_every_promise) {
  for (const auto kind :
       {fault_kind::write_error, fault_kind::short_write, fault_kind::sync_error, fault_kind::no_space})
    for (std::uint64_t at = 0; at < 40; ++at)
      BOOST_TEST_CONTEXT("fault " << static_cast<int>(kind) << " at " << at) {
        durable_log l;
        l.disk->add_fault({.kind = kind, .at_op = l.disk->ops() + at});
        for (int i = 0; i < 8; ++i) {
          // Sequences follow what was taken, so that a refused batch is sent again.
          if (!l.owner->try_append(2, 60, a_producer))
            continue;
          if (auto failed = l.owner->try_sync())
            l.held().go_offline(failed);
        }
        l.owner->let_go();
        l.judge_after_losses();
      }
}

BOOST_AUTO_TEST_CASE(D07_a_full_disk_in_recovery_leaves_no_clean_mark) {
  for (std::uint64_t room = 0; room < 2000; room += 100)
    BOOST_TEST_CONTEXT("room for " << room << " bytes") {
      durable_log l;
      for (int i = 0; i < 5; ++i)
        l.owner->append();
      l.crash();
      for (const auto& path : l.paths("index"))
        l.disk->plant(path, {});
      std::uint64_t used = 0;
      for (const auto& [name, bytes] : l.disk->files())
        used += bytes.size();
      l.disk->set_capacity(used + room);
      sim::simulated_disk& d = *l.disk;
      auto held = log::log::open(d, log_owner::folder, l.how, {.recovery_point = l.told.durable}, l.owner->now);
      if (held) {
        auto stopped = (*held)->close();
        (void)stopped;
      }
      held = error{};
      BOOST_TEST(!*d.exists(clean_mark_path(log_owner::root)));
      d.process_crash();
      d.set_capacity(1 << 30);
      judge(d, l.how, l.told);
    }
}

BOOST_FIXTURE_TEST_CASE(D10_a_failed_sync_is_never_taken_for_a_success, durable_log) {
  const auto durable = held().durable_end();
  owner->append(2);
  disk->add_fault({.kind = fault_kind::sync_error, .at_op = 0});
  const auto failed = owner->try_sync();
  BOOST_REQUIRE(failed);
  held().go_offline(failed);
  BOOST_TEST(held().durable_end().value == durable.value);
  BOOST_TEST(held().is_offline());
  const auto refused = owner->try_append();
  BOOST_REQUIRE(!refused);
  BOOST_TEST(log::is_error(refused.error(), errc::log_offline));
  BOOST_TEST(static_cast<bool>(owner->try_stop()));
  BOOST_TEST(!*disk->exists(clean_mark_path(log_owner::root)));
  BOOST_TEST(held().durable_end().value == durable.value);
  owner->let_go();
  judge_after_losses();
}

BOOST_FIXTURE_TEST_CASE(D10_what_a_failed_sync_left_in_memory_is_durable_when_a_later_process_says_so, durable_log) {
  owner->append(2);
  disk->add_fault({.kind = fault_kind::sync_error, .at_op = 0});
  BOOST_REQUIRE(static_cast<bool>(owner->try_sync()));
  owner->let_go();
  disk->process_crash();  // the system goes on, with the pages that it calls clean
  owner->start();
  owner->append(1);
  owner->sync();
  owner->checkpoint();
  owner->let_go();
  judge_after_losses();
}

BOOST_FIXTURE_TEST_CASE(D10_a_failed_sync_at_the_stop_leaves_no_clean_mark, durable_log) {
  owner->append(2);
  disk->add_fault({.kind = fault_kind::sync_error, .at_op = 0});
  BOOST_TEST(static_cast<bool>(owner->try_stop()));
  BOOST_TEST(!*disk->exists(clean_mark_path(log_owner::root)));
  owner->let_go();
  judge_after_losses();
}

BOOST_AUTO_TEST_CASE(D17_any_index_that_is_missing_or_damaged_is_rebuilt) {
  for (const bool clean : {false, true}) {
    durable_log l;
    if (clean)
      l.owner->stop();
    l.crash();
    for (const auto& path : l.paths("index")) {
      auto missing = l.disk->clone();
      BOOST_REQUIRE(!missing->remove(path));
      BOOST_TEST_CONTEXT(path << " missing, " << (clean ? "clean" : "crash"))
        judge(*missing, l.how, l.told);
      // A time index without its last entries cannot be told from a sound one without reading the segment; none is ever
      // left behind, since what is not synced is built anew.
      auto forms = damaged_forms(l.content(path));
      std::erase_if(forms,
                    [&](const auto& form) { return form.size() * 2 == l.content(path).size() && !form.empty(); });
      int number = 0;
      for (const auto& form : forms)
        BOOST_TEST_CONTEXT(path << " in damaged form " << number++ << (clean ? ", clean" : ", crash")) {
          auto damaged = l.disk->clone();
          damaged->plant(path, form);
          judge(*damaged, l.how, l.told);
        }
    }
  }
}

BOOST_AUTO_TEST_CASE(D17_an_empty_active_segment_without_indexes_is_opened) {
  durable_log l;
  l.owner->truncate(l.held().log_start_offset());
  l.owner->sync();
  l.crash();
  for (const auto& path : l.paths("index"))
    BOOST_REQUIRE(!l.disk->remove(path));
  judge(*l.disk, l.how, l.told);
}

BOOST_AUTO_TEST_CASE(D11_damage_below_the_durable_mark_is_reported_and_not_cut) {
  durable_log l;
  l.crash();
  const auto path = l.paths(".log").back();
  const auto sound = l.content(path);
  for (std::size_t at = 0; at < sound.size(); at += 13)
    BOOST_TEST_CONTEXT("bit flipped at " << at) {
      auto damaged = l.disk->clone();
      auto bytes = sound;
      bytes[at] ^= 1;
      damaged->plant(path, bytes);
      auto mine = l.told;
      log_owner owner{*damaged, l.how, mine};
      owner.start();
      auto& held = owner.held();
      // The leader epoch in a batch's header is not covered by its checksum, and nothing else tells it.
      const bool is_found = static_cast<bool>(held.damage());
      const auto in_batch = [&] {
        std::size_t from = 0;
        for (const auto& b : l.told.now) {
          const bool here = b.base >= log::parse_offset_file(path.substr(path.rfind('/') + 1))->base;
          if (here && at < from + b.bytes.size())
            return at - from;
          from += here ? b.bytes.size() : 0;
        }
        return from;
      }();
      if (!is_found) {
        BOOST_TEST((in_batch >= 12 && in_batch < 16), "damage was not found");
        continue;
      }
      BOOST_TEST(log::is_error(held.damage(), errc::damaged_below_durable_mark));
      BOOST_TEST(held.is_offline());
      BOOST_TEST(!owner.try_append());
      BOOST_TEST(held.log_end_offset().value >= l.told.durable.value);
      for (const auto& b : l.told.now) {
        const auto got = held.read(b.base, 1, held.log_end_offset(), true);
        if (!got) {
          BOOST_TEST(log::is_error(got.error(), errc::damaged_below_durable_mark), render(got.error()));
          continue;
        }
        log::test::byte_vector read(got->records.size);
        BOOST_REQUIRE(got->records.source->read(got->records.position, read));
        BOOST_TEST((read == b.bytes), "wrong bytes were served at " << b.base.value);
      }
      BOOST_TEST(static_cast<bool>(held.close()));
      for (const auto& [name, content] : damaged->files())
        if (name == path)
          BOOST_TEST((content == bytes), "the damaged segment was changed");
    }
}

BOOST_AUTO_TEST_CASE(D11_a_durable_segment_that_is_cut_short_or_gone_is_reported) {
  durable_log l;
  l.crash();
  const auto path = l.paths(".log").back();
  auto sound = l.content(path);
  for (std::size_t size : {std::size_t{0}, std::size_t{30}, sound.size() - 1}) {
    auto damaged = l.disk->clone();
    damaged->plant(path, {sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size)});
    auto mine = l.told;
    log_owner owner{*damaged, l.how, mine};
    owner.start();
    BOOST_TEST(log::is_error(owner.held().damage(), errc::damaged_below_durable_mark));
  }
  BOOST_REQUIRE(!l.disk->remove(path));
  auto mine = l.told;
  log_owner owner{*l.disk, l.how, mine};
  owner.start();
  BOOST_TEST(log::is_error(owner.held().damage(), errc::damaged_below_durable_mark));
}

BOOST_AUTO_TEST_CASE(D09_offsets_with_gaps_beyond_an_index_entry_go_to_new_segments) {
  durable_log l;
  const auto end = l.held().log_end_offset();
  for (const std::int64_t gap : {std::int64_t{0}, std::int64_t{1} << 31, std::int64_t{1} << 33}) {
    log::batch_fields fields;
    fields.base_offset = l.held().log_end_offset() + gap;
    fields.partition_leader_epoch = l.owner->epoch;
    const auto batch = log::test::make_batch({{"k", "v", 1000}}, fields);
    BOOST_REQUIRE(l.held().append_as_follower(batch, l.owner->now));
  }
  l.owner->sync();
  auto mine = l.told;
  l.crash();
  l.how.cleanup_compact = true;  // only compaction makes such gaps
  log_owner owner{*l.disk, l.how, mine};
  owner.start();
  BOOST_TEST(owner.held().log_end_offset().value > end.value + (std::int64_t{1} << 33));
  BOOST_TEST(owner.read_all().size() == l.told.now.size() + 3);
}

BOOST_AUTO_TEST_CASE(D20_a_log_directory_is_claimed_whole_or_not_at_all) {
  bool finished = false;
  for (std::uint64_t cut = 0; !finished; ++cut) {
    simulated_disk d;
    witness told;
    d.cut_at(cut);
    try {
      log_owner owner{d, small_segments(), told};
      owner.start();
    } catch (const process_died&) {
    }
    finished = !d.is_cut();
    for (const auto mode : both_modes)
      for (std::uint64_t seed = 0; seed < 20; ++seed)
        BOOST_TEST_CONTEXT("cut " << cut << " seed " << seed) {
          auto lost = d.clone();
          lost->power_loss(mode, seed);
          judge(*lost, small_segments(), told);
        }
  }
}
