#include "runtime/check/judge.hpp"
#include "runtime/check/recorder.hpp"
#include "runtime/sim/prng.hpp"
#include "runtime/workload/ring_transfer.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace troupe;
using check::client_id;
using check::instant;
using check::log_key;
using check::operation_kind;
using check::outcome;
using check::step_kind;

namespace {

enum class planted { nothing, position_without_records, records_without_position };

/// A log in memory and a group whose members take turns; transactions commit or abort as a whole, but for the bug.
class group {
 public:
  group(std::uint64_t seed, planted bug) : random_(seed), bug_(bug), ring_(options()) {}

  static workload::ring_options options() { return {3, 5, 7}; }

  check::history run() {
    for (int i = 0; i < 3000; ++i)
      step(client_id{static_cast<std::int32_t>(random_.below(3))});
    std::vector<offset> ends;
    for (std::int32_t key = 0; key < options().partition_count; ++key)
      ends.push_back(offset{static_cast<std::int64_t>(logs_[log_key{key}].size())});
    ring_.begin_final_reads(ends);
    recorder_.final_reads_begin(now());
    while (step(client_id{0})) {
    }
    return recorder_.take();
  }

  const workload::ring_transfer& ring() const { return ring_; }
  bool shown() const { return shown_; }

 private:
  instant now() { return ++now_; }

  bool step(client_id client) {
    const auto wish = ring_.next(client);
    if (!wish)
      return false;
    if (wish->kind == operation_kind::crash) {
      recorder_.crash(client, now());
      return true;
    }
    const auto op = recorder_.begin(client, wish->kind, now());
    auto ends = outcome::ok;
    for (const auto& s : wish->steps) {
      if (s.kind == step_kind::name)
        recorder_.name(op, s.key);
      if (s.kind == step_kind::seek)
        recorder_.seek(op, s.key, s.at);
      if (s.kind == step_kind::send)
        ends = seed(op, s);
      if (s.kind == step_kind::poll)
        ends = wish->kind == operation_kind::transaction ? transfer(op) : read_all(op, client);
    }
    recorder_.end(op, ends, now());
    return true;
  }

  outcome seed(check::recorder::ticket op, const workload::wished_step& s) {
    recorder_.send(op, s.key, s.what);
    if (random_.chance(300'000)) {
      ring_.seed_failed();
      return outcome::fail;
    }
    append(op, s);
    return outcome::ok;
  }

  void append(check::recorder::ticket op, const workload::wished_step& s) {
    auto& to = logs_[s.key];
    recorder_.acked(op, s.key, s.what, offset{static_cast<std::int64_t>(to.size())});
    to.push_back(s.what);
  }

  outcome transfer(check::recorder::ticket op) {
    const log_key key{static_cast<std::int32_t>(random_.below(3))};
    auto& from = logs_[key];
    auto& position = positions_[key];
    const bool commits = !random_.chance(300'000);
    recorder_.poll(op);
    const auto end = std::min(from.size(), position + 2);
    std::vector<workload::wished_step> sends;
    for (auto at = position; at < end; ++at) {
      const check::record r{offset{static_cast<std::int64_t>(at)}, from[at]};
      recorder_.polled(op, key, r);
      if (const auto next = ring_.pass_on(key, r))
        sends.push_back(*next);
    }
    const bool strikes = bug_ != planted::nothing && !shown_ && commits && !sends.empty() && random_.chance(100'000);
    shown_ = shown_ || strikes;
    const bool loses = strikes && bug_ == planted::position_without_records;
    for (const auto& s : sends) {
      if (!loses)
        recorder_.send(op, s.key, s.what);
      if (commits && !loses)
        append(op, s);
    }
    if (commits && !(strikes && bug_ == planted::records_without_position))
      position = end;
    return commits ? outcome::ok : outcome::fail;
  }

  outcome read_all(check::recorder::ticket op, client_id client) {
    recorder_.poll(op);
    for (const auto& [key, log] : logs_) {
      for (std::size_t at = 0; at < log.size(); ++at)
        recorder_.polled(op, key, {offset{static_cast<std::int64_t>(at)}, log[at]});
      ring_.reached(client, key, offset{static_cast<std::int64_t>(log.size())});
    }
    return outcome::ok;
  }

  sim::prng random_;
  planted bug_;
  workload::ring_transfer ring_;
  std::map<log_key, std::vector<check::value>> logs_;
  std::map<log_key, std::size_t> positions_;
  check::recorder recorder_;
  instant now_{0};
  bool shown_ = false;
};

check::judgement judged(const check::history& h) {
  auto j = check::judge(h, {.exactly_once = true});
  if (!j)
    BOOST_FAIL(render(j.error()));
  return std::move(*j);
}

}  // namespace

BOOST_AUTO_TEST_CASE(tokens_go_round_and_arrive_however_often_transactions_abort) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    group g{seed, planted::nothing};
    const auto h = g.run();
    BOOST_TEST(g.ring().arrived_count() == 5u);
    BOOST_TEST(g.ring().verdict(h, true).empty(), "seed " << seed);
    const auto j = judged(h);
    BOOST_TEST(j.ok(), "seed " << seed << ":\n" << to_text(j));
  }
}

BOOST_AUTO_TEST_CASE(a_token_whose_position_is_committed_without_it_stands_still) {
  std::size_t shown = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    group g{seed, planted::position_without_records};
    const auto h = g.run();
    shown += g.shown();
    BOOST_TEST(g.ring().verdict(h, true).empty() != g.shown(), "seed " << seed);
    BOOST_TEST((g.ring().arrived_count() < 5u) == g.shown(), "seed " << seed);
  }
  BOOST_TEST(shown > 5u);
}

BOOST_AUTO_TEST_CASE(a_token_that_is_passed_on_without_its_position_is_there_twice) {
  std::size_t shown = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    group g{seed, planted::records_without_position};
    const auto h = g.run();
    shown += g.shown();
    BOOST_TEST(g.ring().verdict(h, false).empty() != g.shown(), "seed " << seed);
    BOOST_TEST((judged(h).found.count(check::anomaly::consumed_twice) > 0) == g.shown(), "seed " << seed);
  }
  BOOST_TEST(shown > 5u);
}
