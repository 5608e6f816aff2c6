#pragma once

#include "runtime/group/coordinator.hpp"
#include "runtime/sim/random.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

/// Many consumers of one group that behave as real ones do, a coordinator, its log and faults by chance. Every promise
/// that a group makes is checked at each step; `broken` holds the first one that was not kept.
namespace troupe::group::test {

/// How bad the weather is.
struct weather {
  unsigned lost_batches = 0;    ///< of a hundred batches
  unsigned lost_answers = 0;    ///< of a hundred answers
  unsigned crashes = 0;         ///< of clients, in a thousand steps
  unsigned moves = 0;           ///< of the coordinator, in a thousand steps
  unsigned late_batches = 0;    ///< of a hundred steps, no batch is settled
};

class crowd {
 public:
  crowd(std::size_t clients, options with, unsigned seed, bool are_static = false);

  weather now;
  std::string broken;

  /// Time goes on by `ms`, in steps of 50 ms.
  void run(std::int64_t ms);
  /// Clients begin within so many milliseconds.
  void begin_within(std::int64_t ms);

  /// All clients but the first `count` fall silent for ever.
  void silence_all_but(std::size_t count);

  /// Whether all clients that are not silent are in one generation and have their parts of the partitions.
  bool is_settled() const;
  /// Generations that were begun.
  std::int32_t generation() const { return generation_most_; }
  std::size_t unanswered() const { return asked_.size(); }
  /// Ends everything: whoever waits is answered.
  void close();
  /// Whether a coordinator that is loaded anew knows the same offsets.
  bool is_log_complete();

 private:
  enum class phase { away, idle, joining, joined, syncing, working };
  struct consumer {
    std::size_t number = 0;
    phase at = phase::away;
    std::int64_t acts_at = 0;     ///< when it does the next thing
    std::int64_t gives_up_at = 0; ///< on a request that is not answered
    std::string member_id;
    std::int32_t generation = -1;
    std::vector<std::string> to_assign;  ///< member ids, when it leads
    std::string assignment;
    std::int64_t committed = 0;
    std::int64_t acknowledged = -1;
    bool commits_late = false;
    request_id open{0};
  };

  moment time() const;
  bool chance(unsigned of_hundred) { return generator_() % 100 < of_hundred; }
  request_id ask(consumer& c);
  caller who(const consumer& c, request_id id) const;
  void act(consumer& c);
  void join(consumer& c);
  void sync(consumer& c);
  void work(consumer& c);
  void carry_out(effects e);
  void settle_some();
  void take(const answer& one);
  void take_join(consumer& c, const kafka::join_group_response& body);
  void take_sync(consumer& c, const kafka::sync_group_response& body);
  void check_commit(consumer& c, request_id id, kafka::error_code code);
  bool are_commits_kept() const;
  bool is_empty() const;
  void start_over(consumer& c, kafka::error_code why);
  void move();
  void break_promise(const std::string& what);

  std::vector<consumer> consumers_;
  options with_;
  bool are_static_;
  std::mt19937 generator_;
  sim::simulated_random random_;
  std::unique_ptr<coordinator> coordinator_;
  std::vector<log_record> log_;
  std::deque<batch> unsettled_;
  std::map<request_id, std::size_t> asked_;
  struct commit_on_its_way {
    std::int64_t offset = 0;
    bool is_late = false;
  };
  std::map<request_id, commit_on_its_way> committing_;
  std::map<std::int32_t, std::map<std::string, std::size_t>> owners_;  ///< generation → assignment → consumer
  std::int32_t generation_most_ = 0;
  std::uint64_t requests_ = 0;
  std::int64_t ms_ = 0;
};

}  // namespace troupe::group::test
