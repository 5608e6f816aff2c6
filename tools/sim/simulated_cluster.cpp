#include "tools/sim/simulated_cluster.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/log/batch.hpp"

#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/list_offsets.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;
using kafka::error_code;

constexpr auto forming_patience = 120s;  // wrong suspicions may keep replicas out of sync for long
constexpr auto voters_join = 1s;  // one after the other, soon after they have registered
constexpr auto stop_patience = 60s;
constexpr auto ask_pause = 100ms;
constexpr const char* directories[] = {"/data", "/more"};  // the second one in tests that name it
constexpr std::string_view id_mark = "{id}";
constexpr std::size_t log_bytes_max = 256 * 1024 * 1024;

std::string seeds_of(std::int32_t nodes) {
  std::string out;
  for (std::int32_t id = 1; id <= nodes; ++id)
    out += (out.empty() ? "" : ",") + simulated_cluster::name_of(id) + ":9192";
  return out;
}

std::vector<std::string> settings_of(std::int32_t id, bool founds, const cluster_shape& shape) {
  const auto name = simulated_cluster::name_of(id);
  std::vector<std::string> out = {
    "node.id=" + std::to_string(id),
    "listeners=PLAINTEXT://" + name + ":9092,CONTROLLER://" + name + ":9192",
    "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs=/data",
    "log.segment.bytes=1048576",
    "offsets.topic.num.partitions=3",
    "transaction.state.log.num.partitions=3",
    "group.consumer.session.timeout.ms=6000",
    "group.consumer.min.session.timeout.ms=6000",
    "group.consumer.heartbeat.interval.ms=500",
    "group.consumer.min.heartbeat.interval.ms=500",
    "min.insync.replicas=" + std::to_string(shape.min_in_sync),
    "durability=" + shape.durability,
  };
  if (!founds && shape.nodes > 1)
    out.push_back("controller.quorum.bootstrap.servers=" + seeds_of(shape.nodes));
  for (auto setting : shape.settings) {
    if (const auto at = setting.find(id_mark); at != std::string::npos)
      setting.replace(at, id_mark.size(), std::to_string(id));
    out.push_back(std::move(setting));
  }
  return out;
}

std::uint64_t hash_of(bytes_view bytes) {
  std::uint64_t out = 14695981039346656037ULL;
  for (auto b : bytes)
    out = (out ^ b) * 1099511628211ULL;
  return out;
}

void add_batches(check::replica_log& to, bytes_view segment) {
  log::batch_run run{segment};
  for (auto batch = run.next(); batch && *batch; batch = run.next()) {
    const auto& b = **batch;
    if (b.base_offset() < offset{0} || b.bytes().empty() || !b.check_crc())
      return;
    to.batches.push_back({b.base_offset(), b.last_offset(), b.partition_leader_epoch(), hash_of(b.bytes()),
                          b.producer(), b.producer_epoch(), b.base_sequence()});
  }
}

}  // namespace

simulated_cluster::simulated_cluster(const sim::world_options& how, cluster_shape shape)
  : shape_(std::move(shape)), world_(how), asking_(world_, "test") {
  for (std::int32_t id = 1; id <= shape_.nodes; ++id) {
    const auto founds = make_node(settings_of(id, id == 1, shape_), defects_);
    const auto seeks = make_node(settings_of(id, false, shape_), defects_);
    machines_.push_back(&world_.add_machine(
      name_of(id), [founds, seeks](sim::machine& m) { return m.starts() == 1 ? founds(m) : seeks(m); }));
  }
}

std::vector<endpoint> simulated_cluster::addresses() const {
  std::vector<endpoint> out;
  for (std::int32_t id = 1; id <= shape_.nodes; ++id)
    out.push_back(address_of(id));
  return out;
}

// -- life -----------------------------------------------------------------------------------------------------------

bool simulated_cluster::form() {
  const auto until = world_.now() + forming_patience;
  for (auto* m : machines_)
    m->start();
  while (!create_topic())
    if (world_.run_for(ask_pause); world_.now() > until)
      return false;
  world_.run_for(voters_join * shape_.nodes / 3);
  return settle(until - world_.now());
}

/// Refused until there are as many nodes as a partition has replicas.
bool simulated_cluster::create_topic() {
  kafka::create_topics_request request;
  request.topics.resize(1);
  request.topics[0].name = topic;
  request.topics[0].num_partitions = partition_count;
  request.topics[0].replication_factor = shape_.replicas;
  if (shape_.segment_ms > 0)
    request.topics[0].configs = {{"segment.ms", std::to_string(shape_.segment_ms)}};
  const auto answer = ask<kafka::create_topics_response>(address_of(1), request, 7);
  if (!answer)
    return false;
  const auto code = static_cast<error_code>(answer->topics.at(0).error_code);
  return code == error_code::none || code == error_code::topic_already_exists;
}

bool simulated_cluster::is_settled_at(std::int32_t id) {
  const auto told = ask_metadata(id);
  if (!told || told->topics.empty() || told->topics[0].partitions.size() != partition_count)
    return false;
  for (const auto& p : told->topics[0].partitions)
    replicas_[p.partition_index] = p.replica_nodes;
  const auto count = static_cast<std::size_t>(shape_.replicas);
  return std::all_of(told->topics[0].partitions.begin(), told->topics[0].partitions.end(), [&](const auto& p) {
    return p.leader_id > 0 && p.isr_nodes.size() == count && p.replica_nodes.size() == count;
  });
}

bool simulated_cluster::settle(std::chrono::nanoseconds patience) {
  const auto until = world_.now() + patience;
  for (std::int32_t id = 1; id <= shape_.nodes; ++id)
    while (!is_settled_at(id)) {
      if (world_.now() > until)
        return false;
      world_.run_for(ask_pause);
      id = 1;  // all of them, one right after the other
    }
  return true;
}

std::vector<std::string> simulated_cluster::stop_all() {
  std::vector<std::string> wrong;
  for (auto* m : machines_)
    stop(*m);
  const auto ended = [](const sim::machine* m) { return !m->is_running(); };
  world_.run_until([&] { return std::all_of(machines_.begin(), machines_.end(), ended); }, stop_patience);
  for (const auto* m : machines_)
    if (!ended(m) || m->exit_reason())
      wrong.push_back(m->name() + " does not stop cleanly: "
                      + (ended(m) ? render(m->exit_reason()) : std::to_string(m->actor_count()) + " actors are left"));
  return wrong;
}

// -- questions ------------------------------------------------------------------------------------------------------

std::optional<kafka::metadata_response> simulated_cluster::ask_metadata(std::int32_t id) {
  kafka::metadata_request request;
  request.topics.emplace().emplace_back().name = topic;
  request.allow_auto_topic_creation = false;
  auto answer = ask<kafka::metadata_response>(address_of(id), request, 9);
  return answer ? std::optional{std::move(*answer)} : std::nullopt;
}

std::int32_t simulated_cluster::leader_of(std::int32_t partition, std::int32_t asked) {
  const auto told = ask_metadata(asked);
  if (!told || told->topics.empty())
    return 0;
  for (const auto& p : told->topics[0].partitions)
    if (p.partition_index == partition)
      return std::max(p.leader_id, 0);
  return 0;
}

std::optional<std::vector<offset>> simulated_cluster::ask_ends(std::chrono::nanoseconds patience) {
  std::vector<offset> ends;
  const auto until = world_.now() + patience;
  while (ends.size() < partition_count) {
    const auto partition = static_cast<std::int32_t>(ends.size());
    kafka::list_offsets_request request;
    request.replica_id = -1;
    request.topics.resize(1);
    request.topics[0].name = topic;
    request.topics[0].partitions.push_back({partition, -1, -1});
    const auto leader = leader_of(partition, 1 + partition % shape_.nodes);
    if (leader > 0) {
      const auto answer = ask<kafka::list_offsets_response>(address_of(leader), request, 5);
      if (answer && answer->topics.at(0).partitions.at(0).error_code == 0) {
        ends.emplace_back(answer->topics[0].partitions[0].offset);
        continue;
      }
    }
    if (world_.now() > until)
      return std::nullopt;
    world_.run_for(ask_pause);
  }
  return ends;
}

// -- replicas -------------------------------------------------------------------------------------------------------

check::replica_log simulated_cluster::log_of(std::int32_t id, std::int32_t partition) {
  check::replica_log out{node_id{id}};
  auto& storage = node(id).storage();
  const auto folder = "/" + std::string{topic} + "-" + std::to_string(partition);
  for (const auto* directory : directories) {
    const auto path = directory + folder;
    const auto entries = storage.list(path);
    for (const auto& entry : entries ? *entries : std::vector<directory_entry>{})
      if (entry.name.ends_with(".log"))
        if (const auto segment = read_file(storage, path + "/" + entry.name, log_bytes_max))
          add_batches(out, {segment->data(), segment->size()});
  }
  if (!out.batches.empty())
    out.log_start = out.batches.front().first;
  out.high_watermark = out.durable_end = out.log_end();
  return out;
}

std::vector<std::string> simulated_cluster::wrong_with_replicas() {
  std::vector<std::string> wrong;
  for (std::int32_t partition = 0; partition < partition_count; ++partition) {
    std::vector<check::replica_log> replicas;
    for (const auto id : replicas_[partition])
      replicas.push_back(log_of(id, partition));
    std::vector<check::violation> all = check::check_converged(replicas);
    for (const auto& r : replicas)
      for (auto& v : check::check_log(r))
        all.push_back(std::move(v));
    for (auto& v : check::check_matching(replicas))
      all.push_back(std::move(v));
    for (const auto& v : all)
      wrong.push_back("partition " + std::to_string(partition) + ": " + v.text);
  }
  return wrong;
}

std::vector<std::string> simulated_cluster::wrong_with_processes(bool disks_work) const {
  std::vector<std::string> wrong;
  if (disks_work) {
    for (const auto& why : defects_.failed_starts)
      wrong.push_back("a start failed: " + why);
    for (const auto& line : defects_.errors)
      wrong.push_back("logged as an error: " + line);
  }
  if (defects_.unexpected_mail > 0)
    wrong.push_back("unexpected mail: " + std::to_string(defects_.unexpected_mail));
  return wrong;
}

}  // namespace troupe::cluster_sim
