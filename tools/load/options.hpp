#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::load {

/// What all kinds of load are told.
struct options {
  std::string bootstrap = "127.0.0.1:9092";
  std::string topic;
  std::size_t record_bytes = 100;
  std::uint64_t count = 0;    ///< records; 0: until `seconds` are over (produce), to the end of the log (consume)
  double seconds = 0;         ///< of load; 0: until `count` is reached
  double limit_seconds = 120; ///< after which the run is given up
  std::string acks = "1";
  std::string codec = "none";
  double linger_ms = 5;
  std::size_t batch_bytes = 64 * 1024;
  bool idempotence = false;
  std::int32_t partition = -1;  ///< -1: all of them
  std::uint64_t seed = 1;       ///< of the payload
  double rate = 5000;           ///< latency, gaps: records a second
  double warm_up_seconds = 2;   ///< latency: left out of the figures
  std::string group = "troupe_load";
  std::size_t members = 1;    ///< groups, members: of the group; transactions: producers
  double spread_seconds = 0;  ///< groups, members: within which they come
  int partitions = 1;         ///< groups, members: of the topic
  std::string protocol = "classic";  ///< members: or consumer
  int leaves = 1;             ///< members: how often one leaves and another comes
  bool read_first = true;     ///< members: whether each waits for a record of its share
  std::vector<std::string> settings;  ///< `key=value` for librdkafka; they win over all of the above
};

/// Each runs one kind of load, prints one line of key=value pairs and returns the process's exit code: 0 when every
/// record was delivered, 1 otherwise.
int produce(const options& o);
int consume(const options& o);
int latency(const options& o);
int gaps(const options& o);
int groups(const options& o);
int members(const options& o);
int transactions(const options& o);

}  // namespace troupe::load
