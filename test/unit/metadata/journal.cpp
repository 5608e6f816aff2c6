// The metadata log on disk: order, recovery, damage, snapshots. Power loss at every operation is tested on the
// simulated disk.
#include "runtime/metadata/journal.hpp"

#include "fixtures.hpp"
#include "memory_disk.hpp"
#include "runtime/log/batch.hpp"
#include "runtime/metadata/quorum_state.hpp"

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

const std::string directory = "data/__cluster_metadata-0";
constexpr std::size_t no_limit = std::size_t{1} << 30;

using journal_ptr = std::unique_ptr<journal>;

bool failed(const error& e) {
  return static_cast<bool>(e);
}

/// Entry `index`, whose content tells its index.
entry entry_of(std::int64_t index, std::int64_t term = 1) {
  return {{index, term},
          {cluster_config_record("at", std::to_string(index)), producer_ids_record(index, node_id{1}, 1)}};
}

journal_ptr opened(memory_disk& on, journal_options options = {}) {
  auto j = journal::open(on, directory, options);
  BOOST_REQUIRE_MESSAGE(j, (j ? std::string{} : render(j.error())));
  return std::move(*j);
}

/// Opens what must not open and tells why.
error refusal(memory_disk& on) {
  auto j = journal::open(on, directory);
  return j ? error{} : j.error();
}

void append(journal& to, std::int64_t from, std::int64_t until, std::int64_t term = 1) {
  for (auto i = from; i < until; ++i) {
    const auto e = entry_of(i, term);
    const auto why = to.append({&e, 1});
    BOOST_REQUIRE_MESSAGE(!why, render(why));
  }
}

records content_of(std::int64_t index) {
  return {cluster_config_record("snapshot", std::to_string(index))};
}

void snapshot(journal& of, std::int64_t index) {
  const auto why = of.save_snapshot({index, of.term_at(index)}, content_of(index));
  BOOST_REQUIRE_MESSAGE(!why, render(why));
}

std::string text_of(const std::vector<entry>& entries) {
  std::string out;
  for (const auto& e : entries)
    out += (out.empty() ? "" : " ") + std::to_string(e.at.index) + "/" + std::to_string(e.at.term);
  return out;
}

/// All entries there are, after a look at their content.
std::string all_of(journal& of) {
  auto read = of.read(of.first_index(), of.last().index + 1, no_limit);
  BOOST_REQUIRE_MESSAGE(read, (read ? std::string{} : render(read.error())));
  for (const auto& e : *read)
    BOOST_TEST(to_text(e.records.at(0)) == to_text(entry_of(e.at.index).records[0]));
  return text_of(*read);
}

std::vector<std::uint8_t>& bytes_of(memory_disk& on, const std::string& name) {
  return *on.files.at(directory + "/" + name);
}

const std::string first_segment = "00000000000000000001.journal";
constexpr std::size_t seal_bytes = 40;

/// A disk with a journal of entries 1 to `count`, ended as by SIGKILL.
void fill(memory_disk& on, std::int64_t count, journal_options options = {}) {
  auto j = opened(on, options);
  append(*j, 1, count + 1);
}

constexpr journal_options small_segments{.segment_bytes = 300};  // two or three entries

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_journal_is_empty) {
  memory_disk on;
  const auto j = opened(on);
  BOOST_TEST(j->first_index() == 1);
  BOOST_TEST((j->last() == entry_id{0, 0}));
  BOOST_TEST(j->term_at(0) == 0);
  BOOST_TEST(j->term_at(1) == -1);
  BOOST_TEST(j->recovery().lines.empty());
  BOOST_TEST(on.names(directory) == first_segment);
}

BOOST_AUTO_TEST_CASE(entries_are_there_after_a_restart) {
  memory_disk on;
  fill(on, 5);
  auto j = opened(on);
  BOOST_TEST(all_of(*j) == "1/1 2/1 3/1 4/1 5/1");
  BOOST_TEST(j->durable_index() == 5);
  append(*j, 6, 8, 4);
  BOOST_TEST(!failed(j->close()));
  j = opened(on);
  BOOST_TEST(all_of(*j) == "1/1 2/1 3/1 4/1 5/1 6/4 7/4");
  BOOST_TEST(j->term_at(6) == 4);
  BOOST_TEST(j->recovery().lines.empty());
}

BOOST_AUTO_TEST_CASE(entries_that_do_not_follow_are_refused) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 3, 5);
  for (const auto& bad : {entry_of(4, 5), entry_of(2, 5), entry_of(3, 4)})
    BOOST_TEST(is(j->append({&bad, 1}), errc::out_of_order));
  const std::vector gap{entry_of(3, 5), entry_of(5, 5)};
  BOOST_TEST(is(j->append(gap), errc::out_of_order));
  BOOST_TEST(all_of(*j) == "1/5 2/5");
}

BOOST_AUTO_TEST_CASE(segments_follow_one_another_and_reads_cross_them) {
  memory_disk on;
  fill(on, 20, small_segments);
  auto j = opened(on, small_segments);
  BOOST_TEST(on.files.size() > 5u);
  BOOST_TEST(j->last().index == 20);
  BOOST_TEST(text_of(*j->read(4, 12, no_limit)) == "4/1 5/1 6/1 7/1 8/1 9/1 10/1 11/1");
  BOOST_TEST(text_of(*j->read(4, 12, 1)) == "4/1");
  BOOST_TEST(text_of(*j->read(21, 30, 1)) == "");
  BOOST_TEST(is(j->read(22, 23, 1).error(), errc::out_of_order));
  BOOST_TEST(is(j->read(0, 1, 1).error(), errc::out_of_order));
}

BOOST_AUTO_TEST_CASE(a_tail_torn_at_any_byte_is_cut_and_the_entries_before_stay) {
  memory_disk whole;
  fill(whole, 3);
  const auto size = bytes_of(whole, first_segment).size() - seal_bytes;
  std::size_t third = 0;
  {
    memory_disk two;
    fill(two, 2);
    third = bytes_of(two, first_segment).size() - seal_bytes;
  }
  for (auto cut = third + 1; cut < size; ++cut) {
    memory_disk on;
    fill(on, 3);
    bytes_of(on, first_segment).resize(cut);
    auto j = opened(on);
    BOOST_TEST(all_of(*j) == "1/1 2/1", "cut at " << cut);
    BOOST_TEST(j->recovery().lines.size() == 1u);
    append(*j, 3, 5, 2);
    BOOST_TEST(all_of(*opened(on)) == "1/1 2/1 3/2 4/2");
  }
}

BOOST_AUTO_TEST_CASE(a_write_of_which_only_the_end_reached_the_disk_is_cut) {
  memory_disk on;
  fill(on, 2);
  const auto begin = bytes_of(on, first_segment).size() - seal_bytes;
  const auto sealed = bytes_of(on, first_segment);
  {
    auto j = opened(on);
    const std::vector group{entry_of(3), entry_of(4), entry_of(5)};
    BOOST_REQUIRE(j->begin_append(group));  // never synced
  }
  auto& bytes = bytes_of(on, first_segment);
  std::copy(sealed.begin() + static_cast<std::ptrdiff_t>(begin), sealed.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(begin));
  auto j = opened(on);
  BOOST_TEST(all_of(*j) == "1/1 2/1");
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_an_acknowledged_entry_is_an_error_and_nothing_is_touched) {
  memory_disk whole;
  fill(whole, 3);
  const auto original = bytes_of(whole, first_segment);
  for (std::size_t at = 0; at < original.size() - seal_bytes; ++at) {
    bytes_of(whole, first_segment) = original;
    bytes_of(whole, first_segment)[at] ^= 0x10;
    const auto damaged = bytes_of(whole, first_segment);
    const auto why = refusal(whole);
    BOOST_TEST(is(why, errc::journal_damaged), "byte " << at);
    BOOST_TEST(render(why).find(first_segment) != std::string::npos);
    BOOST_TEST((bytes_of(whole, first_segment) == damaged));
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_seal_is_only_a_torn_tail) {
  memory_disk on;
  fill(on, 3);
  bytes_of(on, first_segment).back() ^= 1;
  BOOST_TEST(all_of(*opened(on)) == "1/1 2/1 3/1");
}

BOOST_AUTO_TEST_CASE(damage_in_a_segment_that_has_a_successor_is_an_error_even_at_its_end) {
  memory_disk on;
  fill(on, 6, small_segments);
  bytes_of(on, first_segment).resize(bytes_of(on, first_segment).size() - seal_bytes - 1);
  BOOST_TEST(is(refusal(on), errc::journal_damaged));
}

BOOST_AUTO_TEST_CASE(a_missing_segment_is_an_error) {
  for (const bool take_first : {true, false}) {
    memory_disk on;
    fill(on, 20, small_segments);
    auto gone = on.files.find(directory + "/" + first_segment);
    if (!take_first)
      ++gone;
    on.files.erase(gone);
    BOOST_TEST(is(refusal(on), errc::journal_damaged));
  }
}

BOOST_AUTO_TEST_CASE(a_segment_of_a_newer_format_is_named_as_such) {
  memory_disk on;
  fill(on, 1);
  auto& bytes = bytes_of(on, first_segment);
  bytes[12] = 2;  // version; then the checksum has to fit
  const auto sum = log::crc32c(bytes_view{bytes}.subspan(12, 28));
  for (std::size_t i = 0; i < 4; ++i)
    bytes[8 + i] = static_cast<std::uint8_t>(sum >> (8 * i));
  BOOST_TEST(is(refusal(on), errc::journal_version));
}

BOOST_AUTO_TEST_CASE(D19_an_intact_frame_in_the_wrong_place_is_an_error) {
  memory_disk on;
  fill(on, 3);
  auto& bytes = bytes_of(on, first_segment);
  const auto frame = (bytes.size() - 40 - seal_bytes) / 3;  // equal sizes
  std::swap_ranges(bytes.begin() + 40, bytes.begin() + 40 + static_cast<std::ptrdiff_t>(frame),
                   bytes.begin() + 40 + static_cast<std::ptrdiff_t>(frame));
  BOOST_TEST(is(refusal(on), errc::journal_damaged));
}

BOOST_AUTO_TEST_CASE(D05_nothing_is_appended_after_a_failed_write) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 3);
  on.writes_until_fault = 0;
  const auto third = entry_of(3);
  BOOST_TEST(failed(j->append({&third, 1})));
  BOOST_TEST(j->is_offline());
  BOOST_TEST(is(j->append({&third, 1}), errc::journal_offline));
  BOOST_TEST(is(j->truncate_from(2), errc::journal_offline));
  BOOST_TEST(is(j->save_snapshot({2, 1}, content_of(2)), errc::journal_offline));
  BOOST_TEST(all_of(*j) == "1/1 2/1");  // reads go on
  BOOST_TEST(all_of(*opened(on)) == "1/1 2/1");
}

BOOST_AUTO_TEST_CASE(D10_a_failed_sync_is_never_followed_by_success) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 3);
  on.syncs_until_fault = 0;
  const auto third = entry_of(3);
  BOOST_TEST(failed(j->append({&third, 1})));
  BOOST_TEST(j->durable_index() == 2);
  const auto fourth = entry_of(4);
  BOOST_TEST(is(j->append({&fourth, 1}), errc::journal_offline));
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_an_entry_and_takes_it_when_there_is_room) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 3);
  on.fault = disk_errc::no_space;
  on.writes_until_fault = 0;
  const auto third = entry_of(3);
  BOOST_TEST(failed(j->append({&third, 1})));
  BOOST_TEST(!j->is_offline());
  BOOST_TEST(j->last().index == 2);
  append(*j, 3, 5);
  BOOST_TEST(all_of(*opened(on)) == "1/1 2/1 3/1 4/1");
}

BOOST_AUTO_TEST_CASE(the_halves_of_append_let_others_wait_for_the_disk) {
  memory_disk on;
  auto j = opened(on);
  const auto one = entry_of(1);
  const auto two = entry_of(2);
  auto first = j->begin_append({&one, 1});
  auto second = j->begin_append({&two, 1});
  BOOST_REQUIRE(first);
  BOOST_REQUIRE(second);
  BOOST_TEST(j->last().index == 2);
  BOOST_TEST(j->durable_index() == 0);
  j->finish(*first, {});
  BOOST_TEST(j->durable_index() == 1);
  j->finish(*second, make_error(disk_errc::io, "gone"));
  BOOST_TEST(j->durable_index() == 1);
  BOOST_TEST(j->is_offline());
}

BOOST_AUTO_TEST_CASE(a_cut_tail_is_gone_and_a_late_sync_of_it_counts_for_nothing) {
  memory_disk on;
  auto j = opened(on, small_segments);
  append(*j, 1, 10);
  const auto tenth = entry_of(10);
  const auto ticket = j->begin_append({&tenth, 1});
  BOOST_REQUIRE(ticket);
  BOOST_TEST(!failed(j->truncate_from(4)));
  j->finish(*ticket, {});
  BOOST_TEST(j->durable_index() == 3);
  BOOST_TEST(all_of(*j) == "1/1 2/1 3/1");
  append(*j, 4, 6, 2);
  BOOST_TEST(all_of(*opened(on)) == "1/1 2/1 3/1 4/2 5/2");
  BOOST_TEST(!failed(j->truncate_from(1)));
  BOOST_TEST((j->last() == entry_id{0, 0}));
  append(*j, 1, 2, 3);
  BOOST_TEST(all_of(*opened(on)) == "1/3");
}

BOOST_AUTO_TEST_CASE(a_snapshot_is_found_at_the_next_start_and_two_are_kept_with_the_entries_since) {
  memory_disk on;
  auto j = opened(on, small_segments);
  append(*j, 1, 11);
  snapshot(*j, 5);
  BOOST_TEST(j->first_index() == 1);  // the whole log stands in for a damaged first snapshot
  snapshot(*j, 8);
  append(*j, 11, 21);
  snapshot(*j, 15);
  BOOST_TEST(j->first_index() > 5);
  BOOST_TEST(j->first_index() <= 9);
  BOOST_TEST(on.names(directory).find("00000000000000000005-") == std::string::npos);
  BOOST_TEST(on.names(directory).find("00000000000000000008-0000000001.snapshot") != std::string::npos);
  j = opened(on, small_segments);
  BOOST_TEST((j->recovery().snapshot == entry_id{15, 1}));
  BOOST_TEST(to_text(j->recovery().snapshot_content.at(0)) == to_text(content_of(15)[0]));
  BOOST_TEST(j->last().index == 20);
  BOOST_TEST(is(j->truncate_from(15), errc::out_of_order));
  BOOST_TEST(!failed(j->truncate_from(16)));
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_what_is_not_durable_or_not_new_is_refused) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 4);
  snapshot(*j, 2);
  BOOST_TEST(is(j->save_snapshot({2, 1}, {}), errc::out_of_order));
  BOOST_TEST(is(j->save_snapshot({4, 1}, {}), errc::out_of_order));
  BOOST_TEST(is(j->save_snapshot({3, 2}, {}), errc::out_of_order));
}

BOOST_AUTO_TEST_CASE(a_failed_snapshot_leaves_the_journal_and_the_snapshot_before_in_use) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 6);
  snapshot(*j, 2);
  on.writes_until_fault = 0;
  BOOST_TEST(failed(j->save_snapshot({4, 1}, content_of(4))));
  append(*j, 6, 8);
  j = opened(on);
  BOOST_TEST((j->recovery().snapshot == entry_id{2, 1}));
  BOOST_TEST(j->last().index == 7);
}

BOOST_AUTO_TEST_CASE(D13_a_damaged_newest_snapshot_is_passed_over_and_nothing_is_deleted) {
  memory_disk whole;
  auto j = opened(whole, small_segments);
  append(*j, 1, 11);
  snapshot(*j, 4);
  snapshot(*j, 8);
  append(*j, 11, 16);
  const std::string newest = "00000000000000000008-0000000001.snapshot";
  const auto size = bytes_of(whole, newest).size();
  for (std::size_t at = 0; at < size; ++at) {
    bytes_of(whole, newest)[at] ^= 0x04;
    const auto names = whole.names(directory);
    j = opened(whole, small_segments);
    BOOST_TEST((j->recovery().snapshot == entry_id{4, 1}), "byte " << at);
    BOOST_TEST(j->first_index() <= 5);
    BOOST_TEST(j->last().index == 15);
    BOOST_TEST(j->recovery().lines.size() == 1u);
    BOOST_TEST(whole.names(directory) == names);
    bytes_of(whole, newest)[at] ^= 0x04;
  }
  bytes_of(whole, newest).resize(size / 2);
  BOOST_TEST((opened(whole)->recovery().snapshot == entry_id{4, 1}));
}

BOOST_AUTO_TEST_CASE(D13_with_all_snapshots_damaged_the_whole_log_serves_if_it_is_there) {
  memory_disk on;
  auto j = opened(on, small_segments);
  append(*j, 1, 8);
  snapshot(*j, 6);
  bytes_of(on, "00000000000000000006-0000000001.snapshot").clear();
  j = opened(on, small_segments);
  BOOST_TEST((j->recovery().snapshot == entry_id{0, 0}));
  BOOST_TEST(all_of(*j) == "1/1 2/1 3/1 4/1 5/1 6/1 7/1");
}

BOOST_AUTO_TEST_CASE(D13_without_snapshot_and_entries_that_replace_it_the_node_does_not_start) {
  memory_disk on;
  auto j = opened(on, small_segments);
  append(*j, 1, 21);
  snapshot(*j, 10);
  snapshot(*j, 18);
  for (const auto* name : {"00000000000000000010-0000000001.snapshot", "00000000000000000018-0000000001.snapshot"})
    bytes_of(on, name)[40] ^= 1;
  const auto names = on.names(directory);
  const auto why = refusal(on);
  BOOST_TEST(is(why, errc::journal_damaged));
  BOOST_TEST(render(why).find("the log begins with entry") != std::string::npos);
  BOOST_TEST(on.names(directory) == names);
}

BOOST_AUTO_TEST_CASE(D13_a_log_that_ends_before_a_snapshot_is_an_error) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 6);
  snapshot(*j, 5);
  memory_disk shorter;
  fill(shorter, 3);
  bytes_of(on, first_segment) = bytes_of(shorter, first_segment);
  BOOST_TEST(render(refusal(on)).find("the log ends with entry 3") != std::string::npos);
  on.files.erase(directory + "/" + first_segment);
  BOOST_TEST(render(refusal(on)).find("no segments") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(C10_damage_below_the_snapshot_does_not_keep_a_node_from_starting) {
  memory_disk on;
  auto j = opened(on, small_segments);
  append(*j, 1, 21);
  snapshot(*j, 15);
  bytes_of(on, first_segment)[60] ^= 1;
  j = opened(on, small_segments);
  BOOST_TEST((j->recovery().snapshot == entry_id{15, 1}));
  BOOST_TEST(j->recovery().lines.size() == 1u);
  BOOST_TEST(j->first_index() <= 16);
  BOOST_TEST(j->last().index == 20);
}

BOOST_AUTO_TEST_CASE(a_snapshot_and_a_log_of_different_terms_are_an_error) {
  memory_disk on;
  auto j = opened(on);
  append(*j, 1, 6, 2);
  const auto other = encode_snapshot({4, 3}, content_of(4));
  BOOST_TEST(!failed(replace_file(on, directory + "/" + snapshot_name({4, 3}), other)));
  BOOST_TEST(is(refusal(on), errc::journal_damaged));
}

BOOST_AUTO_TEST_CASE(what_a_dead_process_was_replacing_is_removed) {
  memory_disk on;
  fill(on, 2);
  on.files[directory + "/" + snapshot_name({2, 1}) + ".tmp"] = std::make_shared<memory_disk::content>(100);
  BOOST_TEST(all_of(*opened(on)) == "1/1 2/1");
  BOOST_TEST(on.names(directory) == first_segment);
}

BOOST_AUTO_TEST_CASE(an_entry_that_is_too_large_is_refused_and_the_next_one_is_taken) {
  memory_disk on;
  auto j = opened(on);
  const auto big = cluster_config_record("key", std::string(std::size_t{1} << 20, 'x'));
  const entry huge{{1, 1}, records(65, big)};
  BOOST_TEST(is(j->append({&huge, 1}), errc::policy_violation));
  append(*j, 1, 2);
  BOOST_TEST(all_of(*j) == "1/1");
}

BOOST_AUTO_TEST_CASE(the_term_grows_with_every_start_and_is_never_forgotten) {
  memory_disk on;
  BOOST_TEST(!load_quorum_state(on, directory)->has_value());
  BOOST_TEST((*raise_term(on, directory, node_id{7}, 0) == quorum_state{1, node_id{7}}));
  BOOST_TEST((*raise_term(on, directory, node_id{7}, 1) == quorum_state{2, node_id{7}}));
  BOOST_TEST((*raise_term(on, directory, node_id{7}, 9) == quorum_state{10, node_id{7}}));
  BOOST_TEST((**load_quorum_state(on, directory) == quorum_state{10, node_id{7}}));
  auto& bytes = bytes_of(on, "quorum-state");
  for (auto& b : bytes) {
    b ^= 1;
    BOOST_TEST(is(load_quorum_state(on, directory).error(), errc::journal_damaged));
    b ^= 1;
  }
  on.files.clear();
  BOOST_TEST(is(raise_term(on, directory, node_id{7}, 9).error(), errc::journal_damaged));
}
