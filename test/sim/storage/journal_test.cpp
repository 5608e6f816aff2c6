// The metadata journal and the quorum's state, crashed at each operation and on failing disks.
#include "runtime/metadata/journal.hpp"
#include "runtime/metadata/quorum_state.hpp"
#include "runtime/metadata/record_builders.hpp"
#include "runtime/sim/disk.hpp"
#include "runtime/wire/text.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <map>
#include <set>

using namespace troupe;
using namespace troupe::metadata;
using sim::power_loss_mode;
using sim::simulated_disk;

namespace {

const std::string directory = "data/__cluster_metadata-0";
constexpr journal_options small_files{.segment_bytes = 700};
constexpr auto both_modes = {power_loss_mode::ordered, power_loss_mode::weakest};

struct process_died {};

entry entry_of(std::int64_t index, std::int64_t term) {
  return {{index, term}, {producer_ids_record(index * 1000 + term, node_id{1}, 1)}};
}

std::string text_of(const records& all) {
  std::string out;
  for (const auto& r : all)
    out += to_text(r) + "\n";
  return out;
}

/// What a journal's owner was told.
struct witness {
  std::map<std::int64_t, std::set<std::int64_t>> terms;  ///< which terms may stand at an index
  std::int64_t durable = 0;
  std::int64_t snapshot = 0;
};

/// A journal whose owner writes down what it was told. Fails the test on errors, unless the process has died.
class owner {
 public:
  owner(simulated_disk& on, witness& told) : on_(on), told_(told) {}

  void start() {
    auto opened = journal::open(on_, directory, small_files);
    check(opened ? error{} : opened.error());
    held_ = std::move(*opened);
  }
  void append(int count = 1) {
    std::vector<entry> entries;
    for (int i = 1; i <= count; ++i) {
      entries.push_back(entry_of(held_->last().index + i, term));
      told_.terms[entries.back().at.index].insert(term);
    }
    check(held_->append(entries));
    told_.durable = held_->durable_index();
    BOOST_TEST(told_.durable == entries.back().at.index);
    for (const auto& e : entries)
      told_.terms[e.at.index] = {term};
  }
  void truncate(std::int64_t from) {
    told_.durable = std::min(told_.durable, from - 1);
    check(held_->truncate_from(from));
    told_.terms.erase(told_.terms.lower_bound(from), told_.terms.end());
  }
  void snapshot(std::int64_t at) {
    check(held_->save_snapshot({at, held_->term_at(at)}, entry_of(at, 0).records));
    told_.snapshot = at;
  }
  void install(std::int64_t at) {
    check(held_->install_snapshot({at, term}, entry_of(at, 0).records));
    told_.snapshot = told_.durable = at;
  }
  void stop() {
    check(held_->close());
    held_.reset();
  }
  journal& held() { return *held_; }

  std::int64_t term = 1;

 private:
  void check(const error& e) {
    if (!e)
      return;
    if (on_.is_cut())
      throw process_died{};
    BOOST_FAIL("unexpected error: " << render(e));
  }

  simulated_disk& on_;
  witness& told_;
  std::unique_ptr<journal> held_;
};

void judge(simulated_disk& on, const witness& told) {
  auto mine = told;
  owner o{on, mine};
  o.start();
  auto& j = o.held();
  BOOST_TEST(j.last().index >= told.durable,
             "durable entries are missing: " << j.last().index << " of " << told.durable);
  BOOST_TEST(j.snapshot().index >= told.snapshot);
  if (j.snapshot().index > 0)
    BOOST_TEST(text_of(j.recovery().snapshot_content) == text_of(entry_of(j.snapshot().index, 0).records));
  BOOST_TEST(j.first_index() <= j.snapshot().index + 1);
  auto all = j.read(j.first_index(), j.last().index + 1, std::size_t{1} << 20);
  if (j.last().index >= j.first_index()) {
    BOOST_REQUIRE(all);
    for (const auto& e : *all) {
      const auto allowed = told.terms.find(e.at.index);
      BOOST_TEST((allowed != told.terms.end() && allowed->second.contains(e.at.term)),
                 "nobody wrote entry " << e.at.index << " of term " << e.at.term);
      BOOST_TEST(text_of(e.records) == text_of(entry_of(e.at.index, e.at.term).records));
    }
  }
  o.term = 100;
  o.append(3);
  o.stop();
  o.start();
  BOOST_TEST(o.held().last().index == mine.durable);
}

using routine = std::function<void(owner&)>;

void crash_everywhere(const routine& arrange, const routine& cut_off, bool old_bytes = true) {
  bool finished = false;
  for (std::uint64_t cut = 0; !finished; ++cut) {
    simulated_disk d;
    BOOST_REQUIRE(!d.make_directories("data"));
    d.settle();
    d.show_old_bytes(old_bytes);
    witness told;
    {
      owner o{d, told};
      if (arrange) {
        o.start();
        arrange(o);
      }
      d.cut_at(d.ops() + cut);
      try {
        cut_off(o);
      } catch (const process_died&) {
      }
    }
    finished = !d.is_cut();
    auto alive = d.clone();
    alive->process_crash();
    judge(*alive, told);
    for (const auto mode : both_modes)
      for (std::uint64_t seed = 0; seed < 16; ++seed)
        BOOST_TEST_CONTEXT("cut " << cut << " mode " << static_cast<int>(mode) << " seed " << seed) {
          auto lost = d.clone();
          lost->power_loss(mode, seed < 4 ? seed : seed + 1000 * cut);
          for (std::uint64_t again = 0, over = seed % 5 != 4; !over; ++again)
            BOOST_TEST_CONTEXT("and again at operation " << again << " of the start") {
              auto second = lost->clone();
              auto mine = told;
              second->cut_at(second->ops() + again);
              try {
                owner{*second, mine}.start();
              } catch (const process_died&) {
              }
              over = !second->is_cut();
              second->power_loss(mode, seed + again);
              judge(*second, told);
            }
          judge(*lost, told);
        }
  }
}

void some_entries(owner& o) {
  for (int i = 0; i < 9; ++i)
    o.append(1 + i % 3);
}

}  // namespace

BOOST_AUTO_TEST_CASE(D20_journal_first_start_append_and_roll) {
  crash_everywhere({}, [](owner& o) {
    o.start();
    some_entries(o);
    ++o.term;
    some_entries(o);
  });
}

BOOST_AUTO_TEST_CASE(D02_journal_snapshot_is_whole_before_anything_is_removed) {
  crash_everywhere(some_entries, [](owner& o) {
    o.snapshot(10);
    o.append(2);
    o.snapshot(o.held().last().index);
    some_entries(o);
    o.snapshot(o.held().last().index - 1);
    o.append();
  });
}

BOOST_AUTO_TEST_CASE(D20_journal_truncation_and_going_on_in_a_later_term) {
  // Without other files' old bytes: a frame does not tell its file, so one of a later segment that was removed would
  // look like proof that an entry here was durable. The journal then refuses to start, which is safe.
  const auto routine = [](owner& o) {
    o.truncate(o.held().last().index - 1);
    ++o.term;
    o.append(3);
    o.truncate(4);
    ++o.term;
    some_entries(o);
  };
  crash_everywhere(some_entries, routine, false);
}

BOOST_AUTO_TEST_CASE(D20_journal_a_snapshot_from_elsewhere_takes_the_place_of_all_or_nothing) {
  const auto routine = [](owner& o) {
    o.term += 3;
    o.install(o.held().last().index + 40);
    some_entries(o);
    o.install(o.held().last().index + 1);
    o.append();
  };
  crash_everywhere(some_entries, routine);
  crash_everywhere({}, [&](owner& o) {
    o.start();
    routine(o);
  });
}

BOOST_AUTO_TEST_CASE(D06_journal_stop_and_start) {
  crash_everywhere(some_entries, [](owner& o) {
    o.stop();
    o.start();
    o.append(2);
    o.stop();
    o.start();
    o.append(2);
  });
}

BOOST_AUTO_TEST_CASE(D10_journal_is_offline_after_a_failed_write_or_sync) {
  for (const auto kind : {sim::fault_kind::write_error, sim::fault_kind::short_write, sim::fault_kind::sync_error})
    for (std::uint64_t at = 0; at < 8; ++at) {
      simulated_disk d{at + 1};
      BOOST_REQUIRE(!d.make_directories("data"));
      d.settle();
      witness told;
      owner o{d, told};
      o.start();
      some_entries(o);
      d.add_fault({.kind = kind, .at_op = d.ops() + at});
      error failed;
      for (int i = 0; i < 10 && !failed; ++i) {
        const auto e = entry_of(o.held().last().index + 1, 1);
        told.terms[e.at.index].insert(1);
        failed = o.held().append({&e, 1});
        if (!failed)
          told.durable = e.at.index;
      }
      BOOST_TEST(static_cast<bool>(failed));
      BOOST_TEST(o.held().is_offline());
      const auto e = entry_of(o.held().last().index + 1, 1);
      BOOST_TEST(static_cast<bool>(o.held().append({&e, 1})));
      for (const auto mode : both_modes)
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
          auto lost = d.clone();
          lost->clear_faults();
          lost->power_loss(mode, seed);
          judge(*lost, told);
        }
    }
}

BOOST_AUTO_TEST_CASE(D10_journal_entries_that_a_failed_sync_left_in_memory_are_durable_after_the_next_start) {
  for (const auto mode : both_modes)
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      simulated_disk d{seed + 1};
      BOOST_REQUIRE(!d.make_directories("data"));
      d.settle();
      witness told;
      {
        owner o{d, told};
        o.start();
        some_entries(o);
        const auto e = entry_of(o.held().last().index + 1, 1);
        told.terms[e.at.index].insert(1);
        d.add_fault({.kind = sim::fault_kind::sync_error, .at_op = d.ops()});
        BOOST_REQUIRE(static_cast<bool>(o.held().append({&e, 1})));
      }
      d.process_crash();
      {
        owner o{d, told};
        o.start();
        told.durable = o.held().last().index;
        o.append();
      }
      d.power_loss(mode, seed);
      judge(d, told);
    }
}

BOOST_AUTO_TEST_CASE(D20_a_vote_is_the_old_or_the_new_one) {
  bool finished = false;
  for (std::uint64_t cut = 0; !finished; ++cut) {
    simulated_disk d;
    BOOST_REQUIRE(!d.make_directories(directory));
    d.settle();
    BOOST_REQUIRE(!save_quorum_state(d, directory, {3, node_id{1}}));
    d.cut_at(d.ops() + cut);
    const auto failed = save_quorum_state(d, directory, {4, node_id{2}});
    finished = !d.is_cut();
    for (const auto mode : both_modes)
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        auto lost = d.clone();
        lost->power_loss(mode, seed);
        auto found = load_quorum_state(*lost, directory);
        BOOST_REQUIRE(found);
        BOOST_REQUIRE(found->has_value());
        BOOST_TEST(((*found)->term == 4 || (failed && (*found)->term == 3)));
        BOOST_TEST((*found)->voted_for.value == ((*found)->term == 4 ? 2 : 1));
      }
  }
}
