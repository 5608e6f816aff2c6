#pragma once

#include "runtime/group/coordinator.hpp"
#include "runtime/sim/random.hpp"
#include "test/unit/group/known_topics.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// A coordinator with its log, and clients that remember what it told them: what scripts drive line by line.
namespace troupe::group::test {

/// A client as a script names it.
struct client {
  std::string member_id;
  std::int32_t generation = -1;
};

class world {
 public:
  world() : coordinator_(std::make_unique<coordinator>(with, random_)) {
    coordinator_->see(std::make_shared<known_topics>(topics));
    coordinator_->loaded(now());
  }

  options with;
  known_topics topics{{{"orders", 6}, {"t", 6}, {"t2", 2}, {"u", 3}}};
  std::map<std::string, client> clients;
  bool commits_at_once = true;  ///< otherwise batches wait for `settle`

  coordinator& now_running() { return *coordinator_; }
  moment now() const;

  /// A request of `name`: the id that its answer will carry.
  caller call(const std::string& name, std::int16_t version, const std::string& from = "");
  /// What `e` is, and what follows from it, in one line.
  std::string carry_out(effects e);
  /// Time goes on by `ms`, with every tick in its time.
  std::string pass(std::int64_t ms);
  /// The oldest batch is committed, or refused with a code.
  std::string settle(kafka::error_code refused_with = kafka::error_code::none);
  /// Another coordinator is loaded from what is committed; the former answers NOT_COORDINATOR to all that wait.
  std::string move_coordinator();
  /// `text` with member ids as a script calls them: the client's name and a number.
  std::string with_short_ids(std::string text) const;
  std::string long_id(const std::string& short_id) const;
  const std::vector<log_record>& log() const { return log_; }
  std::vector<std::string> notes;

 private:
  std::string tell(const answer& one);
  std::string tell(const batch& one) const;
  void learn(const std::string& name, const std::string& member_id);

  std::vector<log_record> log_;
  std::deque<batch> unsettled_;
  std::map<request_id, std::string> asked_by_;
  std::vector<std::pair<std::string, std::string>> ids_;  ///< long and short
  std::uint64_t requests_ = 0;
  std::int64_t ms_ = 0;
  sim::simulated_random random_{7};
  std::unique_ptr<coordinator> coordinator_;
};

/// An assignment of the consumer protocol as "t:0+1", or the text that it is.
std::string assigned(const byte_slice& bytes);
/// `record` in one line.
std::string shown(const any_record& record);

}  // namespace troupe::group::test
