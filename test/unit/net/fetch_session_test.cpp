#include "runtime/net/fetch_session.hpp"

#include <boost/test/unit_test.hpp>

using namespace troupe;
using net::fetch_session;
using net::fetch_session_fault;

namespace {

net::fetch_partition part(std::int32_t index, std::int64_t at = 0) {
  return {"t", {}, partition_index{index}, no_epoch, no_epoch, offset{at}, 1000};
}

fetch_session::request full(std::int32_t id, std::int32_t epoch, std::vector<net::fetch_partition> partitions) {
  return {id, epoch, false, std::move(partitions), {}};
}

/// A session of three partitions with id 7.
fetch_session opened() {
  fetch_session s;
  s.begin(full(0, 0, {part(0), part(1), part(2)}), 7);
  return s;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_epoch_opens_a_session_and_answers_in_full) {
  fetch_session s;
  const auto plan = s.begin(full(0, 0, {part(0)}), 7);
  BOOST_TEST(plan.session_id == 7);
  BOOST_TEST(!plan.incremental);
  BOOST_TEST(s.is_open());
}

BOOST_AUTO_TEST_CASE(a_final_epoch_fetches_without_a_session_and_ends_the_named_one) {
  auto s = opened();
  const auto plan = s.begin(full(7, -1, {part(0)}), 8);
  BOOST_TEST(plan.session_id == 0);
  BOOST_TEST(plan.partitions.size() == 1u);
  BOOST_TEST(!s.is_open());
}

BOOST_AUTO_TEST_CASE(without_a_free_slot_the_client_gets_no_session) {
  fetch_session s;
  BOOST_TEST(s.begin(full(0, 0, {part(0)}), 0).session_id == 0);
  BOOST_TEST(!s.is_open());
}

BOOST_AUTO_TEST_CASE(later_fetches_name_only_what_changed) {
  auto s = opened();
  auto r = full(7, 1, {part(1, 50)});
  r.forgotten = {part(2)};
  const auto plan = s.begin(std::move(r), 0);
  BOOST_TEST(plan.incremental);
  BOOST_REQUIRE_EQUAL(plan.partitions.size(), 2u);
  BOOST_TEST(plan.partitions[1].fetch_offset.value == 50);
}

BOOST_AUTO_TEST_CASE(wrong_ids_and_epochs_are_told_apart) {
  auto s = opened();
  BOOST_TEST((s.begin(full(8, 1, {}), 0).fault == fetch_session_fault::unknown_session));
  BOOST_TEST((s.begin(full(7, 2, {}), 0).fault == fetch_session_fault::wrong_epoch));
  BOOST_TEST((s.begin({7, 1, true, {}, {}}, 0).fault == fetch_session_fault::mixed_topic_ids));
  BOOST_TEST((s.begin(full(7, 1, {}), 0).fault == fetch_session_fault::none));
  BOOST_TEST((s.begin(full(7, 1, {}), 0).fault == fetch_session_fault::wrong_epoch));
}

BOOST_AUTO_TEST_CASE(a_session_that_lost_all_partitions_ends) {
  fetch_session s;
  s.begin(full(0, 0, {part(0)}), 7);
  auto r = full(7, 1, {});
  r.forgotten = {part(0)};
  BOOST_TEST(s.begin(std::move(r), 0).session_id == 0);
  BOOST_TEST(!s.is_open());
}

BOOST_AUTO_TEST_CASE(unchanged_partitions_are_left_out_of_an_answer) {
  auto s = opened();
  const net::fetch_answer_state state{offset{10}, offset{0}, false};
  BOOST_TEST(s.note_answer(part(0), state, false));
  BOOST_TEST(!s.note_answer(part(0), state, false));
  BOOST_TEST(s.note_answer(part(0), {offset{11}, offset{0}, false}, false));
  BOOST_TEST(s.note_answer(part(0), {offset{11}, offset{0}, false}, true));
}

BOOST_AUTO_TEST_CASE(an_error_is_told_and_so_is_its_end) {
  auto s = opened();
  const net::fetch_answer_state good{offset{10}, offset{0}, false}, bad{no_offset, no_offset, true};
  s.note_answer(part(0), good, false);
  BOOST_TEST(s.note_answer(part(0), bad, false));
  BOOST_TEST(s.note_answer(part(0), bad, false));
  BOOST_TEST(s.note_answer(part(0), good, false));
}

BOOST_AUTO_TEST_CASE(partitions_that_had_records_go_to_the_back) {
  auto s = opened();
  s.note_answer(part(0), {offset{1}, offset{0}, false}, true);
  const auto plan = s.begin(full(7, 1, {}), 0);
  BOOST_TEST(plan.partitions.front().index.value == 1);
  BOOST_TEST(plan.partitions.back().index.value == 0);
}
