#pragma once

#include "runtime/sim/prng.hpp"
#include "tools/sim/client.hpp"

#include "schema/kafka/fetch.hpp"
#include "schema/kafka/metadata.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

class simulated_cluster;

/// Topics of one name that come and go while a client writes and reads: made, written to, read from the beginning,
/// deleted, and made again. Speaks of them by id. What was acknowledged must be there while the topic is, and nothing
/// of a topic may show in another one of the same name (KAFKA-12257, KAFKA-14616). Now and then anybody is made its
/// leader who is alive; then it may lose records. Everything is tried until it is done.
class topic_churn {
 public:
  static constexpr const char* name = "churn";

  /// Both outlive it.
  topic_churn(simulated_cluster& cluster, std::vector<std::string>& defects);

  /// Makes topic after topic until `stop`; then the last one is brought to its end.
  void start();
  void stop() { is_stopped_ = true; }
  bool is_idle() const { return is_idle_; }
  std::string describe() const { return "topic churn: " + at_ + ", last: " + last_said_; }
  /// How many topics were made.
  std::int32_t made() const { return made_; }

 private:
  void create();
  void find(void (topic_churn::*then)());
  void learn(const kafka::metadata_response& m);
  void write();
  void elect_anybody();
  void read();
  void take(const kafka::fetch_response& m);
  void compare();
  void remove();
  void again_soon(void (topic_churn::*step)());
  void defect(const std::string& what);
  endpoint any_node();
  std::string value_of(int number) const;

  simulated_cluster& cluster_;
  std::vector<std::string>& defects_;
  client by_;
  sim::prng random_;
  bool is_stopped_ = true;
  bool is_idle_ = true;
  std::string at_ = "not begun";
  std::string last_said_;

  std::int32_t made_ = 0;
  topic_id id_;                                   ///< zero: not known yet
  bool is_unknown_ = false;                       ///< a node said that there is no such topic
  std::vector<topic_id> deleted_;                 ///< the topics that were there before
  endpoint leader_;                               ///< an empty host: not known
  int written_ = 0, to_write_ = 0;
  bool may_lose_ = false;                         ///< anybody may have been made its leader
  std::map<std::int64_t, std::string> acked_;     ///< by offset
  std::map<std::int64_t, std::string> found_;
};

}  // namespace troupe::cluster_sim
