#pragma once

#include "runtime/check/recorder.hpp"
#include "runtime/workload/list_append.hpp"
#include "tools/sim/cluster_client.hpp"

#include "schema/kafka/fetch.hpp"
#include "schema/kafka/produce.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::cluster_sim {

/// Carries out what a workload wishes of one client, as a careful Kafka client does, and has it recorded: an idempotent
/// producer with acks=all that sends a batch again until it is told for certain, and a consumer with a position in each
/// of its partitions. What no correct cluster answers is a defect.
class worker {
 public:
  /// All of what is referred to outlives the worker.
  struct surroundings {
    workload::list_append& wishes;
    check::recorder& told;
    std::vector<std::string>& defects;
  };
  worker(check::client_id id, cluster_client& by, const surroundings& around);

  /// Works on wish after wish until `stop`, or until there is none.
  void start();
  /// What has begun is brought to its end, however long that takes; nothing new is begun.
  void stop() { is_stopped_ = true; }
  bool is_idle() const { return is_idle_; }
  /// What it is at, and what it was answered last.
  std::string describe() const;

 private:
  /// A batch on its way, and what makes it the same one when it is sent again.
  struct open_send {
    check::recorder::ticket op = 0;
    std::int32_t partition = 0;
    check::value what{};
    byte_slice batch;
  };

  void go_on();
  void next_soon();
  void record_steps(const workload::wish& w);
  void die();

  void send(const workload::wished_step& step);
  void prepare();
  void attempt();
  void answered(const expected<kafka::produce_response>& answer);
  void sent_at(offset at);
  void try_again_soon();

  void poll();
  void polled(check::recorder::ticket op, const expected<kafka::fetch_response>& answer);
  bool take(check::recorder::ticket op, const kafka::fetch_response_partition_data& from);
  void end_of_poll(check::recorder::ticket op, check::outcome result);
  void defect(const std::string& what);

  check::instant now() const;

  const check::client_id id_;
  cluster_client& by_;
  surroundings around_;
  sim::prng random_;
  bool is_stopped_ = false;
  bool is_idle_ = true;
  std::string last_said_;

  std::int64_t producer_ = -1;
  std::int16_t producer_epoch_ = -1;
  std::map<std::int32_t, std::int32_t> sequences_;  ///< the next one, by partition
  open_send sending_;
  std::map<std::int32_t, std::int64_t> positions_;  ///< of the assigned partitions
  std::size_t next_polled_ = 0;
};

}  // namespace troupe::cluster_sim
