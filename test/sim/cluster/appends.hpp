#pragma once

#include "tools/sim/client.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// Every value is sent once, so that what a log holds can be judged: acknowledged values must be there, at the offset
/// that was told, and none may be there twice. Values whose fate is unknown may be there or not.
struct append_history {
  std::map<std::string, std::int64_t> acknowledged;  ///< value → offset
  std::set<std::string> sent;
  std::map<std::int64_t, std::string> read;  ///< by consumers while the workload ran
  std::vector<std::string> defects;          ///< what a client saw that must not be
};

/// One partition of one topic, and the broker that leads it.
struct target {
  endpoint broker;
  std::string topic;
  std::int32_t partition = 0;
};

/// Creates the topic, again and again until it is there, and then appends one batch after the other with acks=all.
class appender {
 public:
  /// `told` and `by` outlive the appender.
  appender(client& by, target to, append_history& told);

  void start();
  /// No new batch is sent.
  void stop() { is_stopped_ = true; }
  bool has_topic() const { return has_topic_; }

 private:
  void create_topic();
  void append();
  void pause_and_append(std::chrono::microseconds most);

  client& by_;
  const target to_;
  append_history& told_;
  sim::prng random_;
  bool has_topic_ = false;
  bool is_stopped_ = false;
  std::uint64_t last_value_ = 0;
};

/// Reads a partition from its first record on, without end, and compares what it sees twice.
class tailer {
 public:
  /// `told` and `by` outlive the tailer.
  tailer(client& by, target to, append_history& told) : by_(by), to_(std::move(to)), told_(told) {}

  void start() { fetch(); }
  void stop() { is_stopped_ = true; }
  /// The first offset it has not seen.
  std::int64_t position() const { return position_; }
  /// The newest high watermark that it was told, -1 before.
  std::int64_t high_watermark() const { return high_watermark_; }

 private:
  void fetch();
  void take(const byte_slice& batches);

  client& by_;
  const target to_;
  append_history& told_;
  std::int64_t position_ = 0;
  std::int64_t high_watermark_ = -1;
  bool is_stopped_ = false;
};

/// What is wrong with a log that holds `found` (offset → value) after `history`; nothing when all is well.
std::vector<std::string> judge(const append_history& history, const std::map<std::int64_t, std::string>& found);

}  // namespace troupe::cluster_sim
