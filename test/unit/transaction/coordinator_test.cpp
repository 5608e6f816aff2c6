#include "runtime/transaction/coordinator.hpp"
#include "runtime/group/name_pattern.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <vector>

// The coordinator step by step, with a journal that takes or refuses what it is told to.

using namespace troupe;
using namespace troupe::transaction;
using namespace std::chrono_literals;
using kafka::error_code;

namespace {

constexpr auto id = "mover";
constexpr std::int16_t new_end = 5, old_end = 4;
const participant place{"lines", 0};

struct fixture {
  std::unique_ptr<coordinator> it = std::make_unique<coordinator>(options{});
  moment now{monotonic_time{1h}, wall_time{1'000'000h}};
  std::vector<journal_record> journal;
  std::vector<marker_order> markers;
  std::vector<answer> answers;
  std::int64_t next_producer = 100;
  std::uint64_t last_request = 0;
  bool refuses = false;  ///< the journal

  fixture() { carry_out(it->loaded(now)); }

  void pass(std::chrono::milliseconds time) {
    now.at += time;
    now.wall += time;
    carry_out(it->tick(now));
  }

  void carry_out(effects e) {
    for (auto& a : e.answers)
      answers.push_back(std::move(a));
    for (auto& m : e.markers)
      markers.push_back(std::move(m));
    for (auto& b : e.batches) {
      if (refuses) {
        carry_out(it->refused(b.id, error_code::coordinator_not_available, now));
        continue;
      }
      journal.insert(journal.end(), b.records.begin(), b.records.end());
      carry_out(it->committed(b.id, now));
    }
    if (e.wants_producer_id)
      carry_out(it->give_producer_id(producer_id{next_producer++}));
  }

  /// Another node takes over.
  void move() {
    it = std::make_unique<coordinator>(options{});
    for (const auto& record : journal)
      BOOST_REQUIRE(!it->replay(record));
    markers.clear();
    carry_out(it->loaded(now));
  }

  caller who(std::int16_t version) { return {request_id{++last_request}, version, "client", "/127.0.0.1"}; }

  template <class Response>
  Response last() {
    BOOST_REQUIRE(!answers.empty());
    return std::get<Response>(answers.back().body);
  }

  kafka::init_producer_id_response init(std::int64_t producer = -1, std::int16_t epoch = -1) {
    kafka::init_producer_id_request r;
    r.transactional_id = id;
    r.transaction_timeout_ms = 10'000;
    r.producer_id = producer;
    r.producer_epoch = epoch;
    carry_out(it->init(who(4), r, now));
    return last<kafka::init_producer_id_response>();
  }

  error_code add(std::int64_t producer, std::int16_t epoch, bool verifies = false) {
    kafka::add_partitions_to_txn_request r;
    r.transactions.push_back({id, producer, epoch, verifies, {{place.topic, {place.partition}}}});
    carry_out(it->add_partitions(who(5), r, now));
    const auto told = last<kafka::add_partitions_to_txn_response>().results_by_transaction.at(0).topic_results.at(0);
    return error_code{told.results_by_partition.at(0).partition_error_code};
  }

  kafka::end_txn_response end(std::int64_t producer, std::int16_t epoch, bool commits, std::int16_t version = new_end) {
    carry_out(it->end(who(version), {id, producer, epoch, commits}, now));
    return last<kafka::end_txn_response>();
  }

  void mark_all() {
    for (const auto& m : std::exchange(markers, {}))
      carry_out(it->marked(m.id, m.producer, m.epoch, {m.partitions.begin(), m.partitions.end()}, now));
  }

  std::string state() { return it->describe(id).transaction_state; }
};

bool is(std::int16_t code, error_code wanted) {
  return code == kafka::code_of(wanted);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(transactions, fixture)

BOOST_AUTO_TEST_CASE(a_transaction_is_begun_decided_and_completed) {
  const auto p = init();
  BOOST_TEST(p.producer_id == 100);
  BOOST_TEST(p.producer_epoch == 0);
  BOOST_TEST((add(p.producer_id, 0) == error_code::none));
  BOOST_TEST((add(p.producer_id, 0, true) == error_code::none));
  BOOST_TEST(state() == "Ongoing");
  const auto told = end(p.producer_id, 0, true);
  BOOST_TEST(told.error_code == 0);
  BOOST_TEST(told.producer_epoch == 1);
  BOOST_TEST(state() == "PrepareCommit");
  BOOST_REQUIRE(markers.size() == 1);
  BOOST_TEST((markers[0].epoch == 1 && markers[0].commits));
  mark_all();
  BOOST_TEST(state() == "CompleteCommit");
  BOOST_TEST(end(p.producer_id, 0, true).producer_epoch == 1);  // asked again
  BOOST_TEST(is(end(p.producer_id, 0, false).error_code, error_code::invalid_txn_state));
  BOOST_TEST((add(p.producer_id, 0) == error_code::producer_fenced));
}

// A coordinator that was replaced without knowing would tell of the transaction before.
BOOST_AUTO_TEST_CASE(an_end_that_is_over_is_told_again_only_when_the_journal_still_takes_records) {
  for (const auto version : {old_end, new_end}) {
    fixture f;
    const auto p = f.init();
    f.add(p.producer_id, 0);
    f.end(p.producer_id, 0, true, version);
    f.mark_all();
    BOOST_TEST(f.state() == "CompleteCommit");
    f.refuses = true;
    BOOST_TEST(is(f.end(p.producer_id, 0, true, version).error_code, error_code::coordinator_not_available));
    f.refuses = false;
    BOOST_TEST(f.end(p.producer_id, 0, true, version).error_code == 0);
    BOOST_TEST(f.state() == "CompleteCommit");
  }
}

BOOST_AUTO_TEST_CASE(the_next_transaction_waits_a_moment_for_the_end_of_the_last_one) {
  const auto p = init();
  add(p.producer_id, 0);
  end(p.producer_id, 0, true);
  const auto told = answers.size();
  kafka::add_partitions_to_txn_request r;
  r.transactions.push_back({id, p.producer_id, 1, false, {{place.topic, {place.partition}}}});
  carry_out(it->add_partitions(who(5), r, now));
  BOOST_TEST(answers.size() == told);
  mark_all();
  BOOST_TEST(answers.size() == told + 1);
  BOOST_TEST(state() == "Ongoing");
  end(p.producer_id, 1, true);
  r.transactions[0].producer_epoch = 2;
  carry_out(it->add_partitions(who(5), r, now));
  BOOST_TEST(it->wakes_at().has_value());
  pass(150ms);
  BOOST_TEST(answers.size() == told + 3);
  const auto last_told = last<kafka::add_partitions_to_txn_response>().results_by_transaction.at(0).topic_results.at(0);
  BOOST_TEST(is(last_told.results_by_partition.at(0).partition_error_code, error_code::concurrent_transactions));
}

BOOST_AUTO_TEST_CASE(older_clients_keep_their_epoch) {
  const auto p = init();
  add(p.producer_id, 0);
  BOOST_TEST(end(p.producer_id, 0, false, old_end).error_code == 0);
  BOOST_TEST(markers.at(0).epoch == 0);
  mark_all();
  BOOST_TEST(end(p.producer_id, 0, false, old_end).error_code == 0);
  BOOST_TEST(is(end(p.producer_id, 0, true, old_end).error_code, error_code::invalid_txn_state));
  BOOST_TEST((add(p.producer_id, 0) == error_code::none));
}

BOOST_AUTO_TEST_CASE(what_was_decided_is_sent_again_by_the_next_coordinator) {
  const auto p = init();
  add(p.producer_id, 0);
  end(p.producer_id, 0, true);
  move();
  BOOST_REQUIRE(markers.size() == 1);
  BOOST_TEST((markers[0].partitions == std::set{place} && markers[0].commits && markers[0].epoch == 1));
  mark_all();
  BOOST_TEST(state() == "CompleteCommit");
  move();
  BOOST_TEST(markers.empty());
}

BOOST_AUTO_TEST_CASE(a_transaction_that_runs_out_of_time_is_aborted_under_the_next_epoch) {
  const auto p = init();
  add(p.producer_id, 0);
  pass(9s);
  BOOST_TEST(state() == "Ongoing");
  move();  // the time that has passed counts
  pass(1500ms);
  BOOST_TEST(state() == "PrepareAbort");
  BOOST_TEST((markers.at(0).epoch == 1 && !markers[0].commits));
  mark_all();
  BOOST_TEST((add(p.producer_id, 0) == error_code::producer_fenced));
}

BOOST_AUTO_TEST_CASE(a_new_producer_aborts_what_the_old_one_has_open) {
  const auto old = init();
  add(old.producer_id, 0);
  BOOST_TEST(is(init().error_code, error_code::concurrent_transactions));
  BOOST_TEST(!markers.at(0).commits);
  mark_all();
  const auto next = init();
  BOOST_TEST(next.producer_epoch == 2);
  BOOST_TEST(is(end(old.producer_id, 0, true).error_code, error_code::producer_fenced));
}

BOOST_AUTO_TEST_CASE(T08_a_change_that_the_journal_refuses_has_not_happened) {
  refuses = true;
  BOOST_TEST(is(init().error_code, error_code::coordinator_not_available));
  BOOST_TEST(it->size() == 0u);
  refuses = false;
  const auto p = init();
  add(p.producer_id, p.producer_epoch);
  refuses = true;
  BOOST_TEST(is(init().error_code, error_code::coordinator_not_available));
  BOOST_TEST(is(end(p.producer_id, p.producer_epoch, true).error_code, error_code::coordinator_not_available));
  BOOST_TEST(markers.empty());
  refuses = false;
  BOOST_TEST(end(p.producer_id, p.producer_epoch, true).error_code == 0);
  refuses = true;
  mark_all();
  BOOST_TEST(state() == "PrepareCommit");
  refuses = false;
  pass(200ms);
  BOOST_TEST(state() == "CompleteCommit");
}

BOOST_AUTO_TEST_CASE(a_producer_whose_epochs_are_used_up_gets_another_id) {
  auto p = init();
  for (std::int32_t epoch = 0; epoch < epochs_used_up; ++epoch) {
    add(p.producer_id, static_cast<std::int16_t>(epoch));
    BOOST_REQUIRE(end(p.producer_id, static_cast<std::int16_t>(epoch), true).producer_epoch == epoch + 1);
    mark_all();
  }
  add(p.producer_id, epochs_used_up);
  const auto told = end(p.producer_id, epochs_used_up, true);
  BOOST_TEST(told.producer_id == 101);
  BOOST_TEST(told.producer_epoch == 0);
  BOOST_TEST(markers.at(0).epoch == epochs_used_up + 1);
  mark_all();
  const auto again = end(p.producer_id, epochs_used_up, true);
  BOOST_TEST((again.error_code == 0 && again.producer_id == 101));
  BOOST_TEST((add(101, 0) == error_code::none));
}

BOOST_AUTO_TEST_CASE(an_answer_to_init_that_was_lost_is_given_again) {
  const auto p = init();
  const auto bumped = init(p.producer_id, p.producer_epoch);
  BOOST_TEST(bumped.producer_epoch == 1);
  BOOST_TEST(init(p.producer_id, p.producer_epoch).producer_epoch == 1);
  BOOST_TEST(init(p.producer_id, 1).producer_epoch == 2);
  BOOST_TEST(is(init(p.producer_id, p.producer_epoch).error_code, error_code::producer_fenced));
}

BOOST_AUTO_TEST_CASE(T06_ids_that_are_not_used_are_forgotten_but_not_with_a_transaction) {
  const auto p = init();
  add(p.producer_id, 0);
  now.wall += 24h * 8;
  now.at += 2h;
  carry_out(it->tick(now));
  BOOST_TEST(it->size() == 1u);
  mark_all();
  now.wall += 24h * 8;
  pass(2h);
  BOOST_TEST(it->size() == 0u);
  move();
  BOOST_TEST(it->size() == 0u);
}

BOOST_AUTO_TEST_CASE(damaged_records_are_refused_and_unknown_ones_left_alone) {
  init();
  auto record = journal.back();
  BOOST_CHECK(!it->replay({byte_slice::copy_of(as_bytes(std::string_view{"\0\7xyz", 5})), std::nullopt}));
  for (std::size_t size = 0; size < record.value->size(); ++size)
    BOOST_CHECK(it->replay({record.key, record.value->sub(0, size)}));
}

BOOST_AUTO_TEST_CASE(patterns_match_whole_ids_and_broken_ones_say_so) {
  BOOST_TEST(group::name_pattern{"a.*"}.matches("abc"));
  BOOST_TEST(!group::name_pattern{"b"}.matches("abc"));
  BOOST_TEST(group::name_pattern{""}.matches("anything"));
  BOOST_TEST(!group::name_pattern{"("}.is_sound());
}

BOOST_AUTO_TEST_SUITE_END()
