#include "runtime/sim/disk.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace {

using namespace troupe;
using sim::fault_kind;
using sim::power_loss_mode;
using sim::simulated_disk;

constexpr auto both_modes = {power_loss_mode::ordered, power_loss_mode::weakest};

std::shared_ptr<file> must_open(disk& on, const std::string& path, open_mode mode = open_mode::create) {
  auto opened = on.open(path, mode);
  BOOST_REQUIRE(opened);
  return *opened;
}

error write(file& f, std::uint64_t position, const std::string& text) {
  const auto bytes = as_bytes(text);
  return f.write(position, std::span{&bytes, 1});
}

/// The file's visible text; "-" when there is no such file.
std::string text_of(const simulated_disk& d, const std::string& path) {
  for (const auto& [name, content] : d.files())
    if (name == path)
      return std::string{as_text(content)};
  return "-";
}

std::string names_of(const simulated_disk& d) {
  std::string out;
  for (const auto& [name, content] : d.files())
    out += name + " ";
  return out;
}

/// All texts that `path` may have after a power loss.
std::set<std::string> fates(const simulated_disk& d, const std::string& path, power_loss_mode mode) {
  std::set<std::string> out;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    auto copy = d.clone();
    copy->power_loss(mode, seed);
    out.insert(text_of(*copy, path));
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(synced_content_with_a_synced_name_survives_every_power_loss) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!write(*f, 0, "kept"));
  BOOST_TEST(!f->sync());
  BOOST_TEST(!d.sync_directory("."));
  for (auto mode : both_modes)
    BOOST_TEST(fates(d, "a", mode) == std::set<std::string>{"kept"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_synced_file_may_be_gone_when_its_directory_was_not_synced) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!write(*f, 0, "kept"));
  BOOST_TEST(!f->sync());
  for (auto mode : both_modes)
    BOOST_TEST((fates(d, "a", mode) == std::set<std::string>{"-", "kept"}));
}

BOOST_AUTO_TEST_CASE(a_synced_name_may_lead_to_missing_data) {
  simulated_disk d;
  auto f = must_open(d, "a.tmp");
  BOOST_TEST(!write(*f, 0, "data"));
  BOOST_TEST(!d.rename("a.tmp", "a"));
  BOOST_TEST(!d.sync_directory("."));
  for (auto mode : both_modes) {
    const auto found = fates(d, "a", mode);
    BOOST_TEST(found.contains(""));
    BOOST_TEST(found.contains("data"));
    BOOST_TEST(!found.contains("-"));
  }
}

BOOST_AUTO_TEST_CASE(a_rename_is_there_or_not_but_never_half) {
  simulated_disk d;
  for (const auto* name : {"old", "new"}) {
    auto f = must_open(d, name);
    BOOST_TEST(!write(*f, 0, name));
    BOOST_TEST(!f->sync());
  }
  BOOST_TEST(!d.sync_directory("."));
  BOOST_TEST(!d.rename("new", "old"));
  for (auto mode : both_modes) {
    std::set<std::string> found;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      auto copy = d.clone();
      copy->power_loss(mode, seed);
      found.insert(names_of(*copy) + text_of(*copy, "old"));
    }
    BOOST_TEST((found == std::set<std::string>{"new old old", "old new"}));
  }
}

BOOST_AUTO_TEST_CASE(names_are_lost_in_order_or_in_any_order_by_mode) {
  simulated_disk d;
  for (const auto* name : {"1", "2", "3"})
    must_open(d, name);
  std::map<power_loss_mode, std::set<std::string>> found;
  for (auto mode : both_modes)
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      auto copy = d.clone();
      copy->power_loss(mode, seed);
      found[mode].insert(names_of(*copy));
    }
  BOOST_TEST((found[power_loss_mode::ordered] == std::set<std::string>{"", "1 ", "1 2 ", "1 2 3 "}));
  BOOST_TEST(found[power_loss_mode::weakest].size() == 8U);
}

BOOST_AUTO_TEST_CASE(in_order_an_earlier_name_is_there_when_a_later_one_was_synced) {
  simulated_disk d;
  BOOST_TEST(!d.make_directories("d"));
  must_open(d, "d/early");
  must_open(d, "late");
  BOOST_TEST(!d.sync_directory("."));
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto copy = d.clone();
    copy->power_loss(power_loss_mode::ordered, seed);
    BOOST_TEST(names_of(*copy) == "d/early late ");
  }
}

BOOST_AUTO_TEST_CASE(unsynced_sectors_survive_one_by_one_and_synced_ones_never_change) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!write(*f, 0, std::string(700, 's')));
  BOOST_TEST(!f->sync());
  BOOST_TEST(!d.sync_directory("."));
  BOOST_TEST(!write(*f, 700, std::string(20'000, 'u')));
  for (auto mode : both_modes) {
    std::set<std::string> shapes;
    for (const auto& text : fates(d, "a", mode)) {
      BOOST_TEST(text.substr(0, 700) == std::string(700, 's'));
      BOOST_TEST(text.size() <= 20'700U);
      shapes.insert(text);
      if (mode == power_loss_mode::ordered)
        BOOST_TEST(text.find_first_not_of(std::string_view{"su\0", 3}) == std::string::npos);
    }
    BOOST_TEST(shapes.size() > 50U);
  }
}

BOOST_AUTO_TEST_CASE(writes_into_one_sector_survive_in_their_order) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!d.sync_directory("."));
  for (const auto* part : {"1", "2", "3"})
    BOOST_TEST(!write(*f, static_cast<std::uint64_t>(part[0] - '1'), part));
  for (const auto& text : fates(d, "a", power_loss_mode::ordered))
    BOOST_TEST(std::string{"123"}.starts_with(text), text);
}

BOOST_AUTO_TEST_CASE(a_process_crash_keeps_everything_but_handles_and_locks) {
  simulated_disk d;
  auto held = d.lock(".");
  auto f = must_open(d, "a");
  BOOST_TEST(!write(*f, 0, "unsynced"));
  d.process_crash();
  BOOST_TEST(text_of(d, "a") == "unsynced");
  BOOST_TEST(static_cast<bool>(f->sync()));
  BOOST_TEST(!f->size());
  BOOST_TEST(static_cast<bool>(d.lock(".")));
}

BOOST_AUTO_TEST_CASE(from_the_cut_on_nothing_takes_effect) {
  simulated_disk d;
  auto f = must_open(d, "a");
  d.cut_at(d.ops() + 1);
  BOOST_TEST(!write(*f, 0, "before"));
  BOOST_TEST(!d.is_cut());
  BOOST_TEST(static_cast<bool>(write(*f, 6, "after")));
  BOOST_TEST(d.is_cut());
  BOOST_TEST(static_cast<bool>(d.remove("a")));
  BOOST_TEST(!d.exists("a"));
  BOOST_TEST(!d.open("a", open_mode::read));
  d.process_crash();
  BOOST_TEST(text_of(d, "a") == "before");
  BOOST_TEST(*d.exists("a"));
}

BOOST_AUTO_TEST_CASE(a_failed_sync_loses_what_it_covered_even_when_the_next_one_succeeds) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!d.sync_directory("."));
  d.add_fault({.kind = fault_kind::sync_error, .at_op = 0});
  BOOST_TEST(!write(*f, 0, "first"));
  BOOST_TEST(static_cast<bool>(f->sync()));
  BOOST_TEST(text_of(d, "a") == "first");
  BOOST_TEST(!write(*f, 5, "second"));
  BOOST_TEST(!f->sync());
  d.power_loss(power_loss_mode::ordered, 1);
  BOOST_TEST(text_of(d, "a") == (std::string(5, '\0') + "second"));
}

BOOST_AUTO_TEST_CASE(a_full_disk_takes_a_part_and_takes_more_when_space_returns) {
  simulated_disk d;
  d.set_capacity(10);
  auto f = must_open(d, "a");
  auto other = must_open(d, "b");
  BOOST_TEST(!write(*other, 0, "1234"));
  const auto failed = write(*f, 0, "12345678");
  BOOST_TEST(is_error(failed, error_domain::disk, static_cast<std::uint8_t>(disk_errc::no_space)));
  BOOST_TEST(*f->size() == 6U);
  BOOST_TEST(d.free_space(".")->free_bytes == 0U);
  BOOST_TEST(!write(*f, 0, "overwr"));
  other.reset();
  BOOST_TEST(!d.remove("b"));
  BOOST_TEST(!write(*f, 6, "78"));
}

BOOST_AUTO_TEST_CASE(damage_to_sectors_stays_until_they_are_written_again) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!write(*f, 0, std::string(2000, 'x')));
  std::vector<std::uint8_t> into(2000);
  d.add_fault({.kind = fault_kind::read_error, .at_op = 1, .path_contains = "a"});
  BOOST_TEST(static_cast<bool>(f->read(0, into)));
  BOOST_TEST(!f->read(0, into));
  BOOST_TEST(!f->read(0, into));
  BOOST_TEST(!write(*f, 0, std::string(2000, 'y')));
  BOOST_TEST(static_cast<bool>(f->read(0, into)));
  d.add_fault({.kind = fault_kind::bit_flip, .per_million = 1'000'000});
  BOOST_TEST(static_cast<bool>(f->read(0, into)));
  BOOST_TEST(std::count(into.begin(), into.end(), 'y') == 1999);
  BOOST_TEST(d.faults_struck() == 2U);
}

BOOST_AUTO_TEST_CASE(writes_that_the_device_lost_show_when_the_caches_are_dropped) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!write(*f, 0, std::string(1024, 'o')));
  BOOST_TEST(!f->sync());
  for (auto kind : {fault_kind::lost_write, fault_kind::stale_sector, fault_kind::misdirected_write}) {
    auto copy = d.clone();
    auto g = must_open(*copy, "a");
    copy->add_fault({.kind = kind, .at_op = 0});
    BOOST_TEST(!write(*g, 512, std::string(512, 'n')));
    BOOST_TEST(!g->sync());
    BOOST_TEST(text_of(*copy, "a") == std::string(512, 'o') + std::string(512, 'n'));
    copy->drop_caches();
    BOOST_TEST(text_of(*copy, "a") != std::string(512, 'o') + std::string(512, 'n'));
  }
}

BOOST_AUTO_TEST_CASE(other_faults_answer_as_the_system_would) {
  simulated_disk d;
  auto f = must_open(d, "a");
  d.add_fault({.kind = fault_kind::write_error, .at_op = 0});
  BOOST_TEST(static_cast<bool>(write(*f, 0, "gone")));
  BOOST_TEST(*f->size() == 0U);
  d.add_fault({.kind = fault_kind::short_write, .at_op = 0});
  BOOST_TEST(static_cast<bool>(write(*f, 0, "some of it")));
  BOOST_TEST(*f->size() <= 10U);
  d.add_fault({.kind = fault_kind::no_handles, .at_op = 0});
  BOOST_TEST(is_error(d.open("a", open_mode::read).error(), error_domain::disk,
                      static_cast<std::uint8_t>(disk_errc::out_of_handles)));
  std::chrono::nanoseconds waited{};
  d.on_slow([&](const std::string&, std::chrono::nanoseconds duration) { waited += duration; });
  d.add_fault({.kind = fault_kind::slow, .at_op = 0});
  BOOST_TEST(!f->sync());
  BOOST_TEST(waited.count() > 0);
}

BOOST_AUTO_TEST_CASE(a_clone_goes_its_own_way_and_the_trace_tells_what_was_done) {
  simulated_disk d;
  std::string lines;
  d.trace([&](const std::string& line) { lines += line + "\n"; });
  auto f = must_open(d, "a");
  auto copy = d.clone();
  copy->trace({});
  BOOST_TEST(!write(*f, 0, "here"));
  BOOST_TEST(!copy->remove("a"));
  BOOST_TEST(!f->sync());
  BOOST_TEST(text_of(d, "a") == "here");
  BOOST_TEST(names_of(*copy).empty());
  BOOST_TEST(lines == "0 create a\n1 write a 0+4\n2 sync a\n");
}

BOOST_AUTO_TEST_CASE(equal_seeds_give_equal_states) {
  simulated_disk d;
  auto f = must_open(d, "a");
  BOOST_TEST(!write(*f, 0, std::string(30'000, 'x')));
  for (auto mode : both_modes)
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      auto first = d.clone(), second = d.clone();
      first->power_loss(mode, seed);
      second->power_loss(mode, seed);
      BOOST_TEST((first->files() == second->files()));
    }
}
