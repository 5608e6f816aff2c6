// DescribeProducers and DescribeLogDirs: what partitions say of themselves.
#include "actors/api/partition_calls.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/kafka/describe_log_dirs.hpp"
#include "schema/kafka/describe_producers.hpp"
#include "schema/partition.capnp.h"

#include <caf/all.hpp>

#include <map>
#include <set>

namespace troupe::api {

namespace {

using kafka::describe_log_dirs_request;
using kafka::describe_log_dirs_response;
using kafka::describe_producers_request;
using kafka::describe_producers_response;

wire<schema::PartitionDescribe> question(bool with_producers) {
  wire_builder<schema::PartitionDescribe> b;
  b->setProducers(with_producers);
  return std::move(b).freeze();
}

void fill_producers(describe_producers_response::partition& out, schema::PartitionDescription::Reader m) {
  for (auto p : m.getProducers()) {
    auto& producer = out.active_producers.emplace_back();
    producer.producer_id = p.getProducerId();
    producer.producer_epoch = p.getProducerEpoch();
    producer.last_sequence = p.getLastSequence();
    producer.last_timestamp = p.getLastTimestampMs();
    producer.coordinator_epoch = p.getCoordinatorEpoch();
    producer.current_txn_start_offset = p.getCurrentTransactionStart();
  }
}

/// Which partitions a DescribeLogDirs request is about; `all` when it names none.
struct log_dir_filter {
  bool all = false;
  std::map<std::string, std::set<std::int32_t>> wanted;

  explicit log_dir_filter(const describe_log_dirs_request& r) : all(!r.topics) {
    if (!all)
      for (const auto& t : *r.topics)
        wanted[t.topic].insert(t.partitions.begin(), t.partitions.end());
  }
  bool has(const std::string& topic, std::int32_t index) const {
    const auto found = wanted.find(topic);
    return all || (found != wanted.end() && found->second.contains(index));
  }
};

/// One DescribeLogDirs request under way: sizes by directory and topic.
struct log_dirs_call {
  struct directory {
    std::map<std::string, std::vector<describe_log_dirs_response::partition>> topics;
    bool offline = false;
  };
  std::map<std::string, directory> directories;
};

describe_log_dirs_response log_dirs_response(node_context& context, log_dirs_call& collected) {
  describe_log_dirs_response out;
  for (auto& [path, content] : collected.directories) {
    auto& result = out.results.emplace_back();
    result.log_dir = path;
    if (content.offline)
      result.error_code = static_cast<std::int16_t>(kafka::error_code::kafka_storage_error);
    for (auto& [name, partitions] : content.topics)
      result.topics.push_back({name, std::move(partitions)});
    if (auto space = context.storage.free_space(path)) {
      result.total_bytes = static_cast<std::int64_t>(space->total_bytes);
      result.usable_bytes = static_cast<std::int64_t>(space->free_bytes);
    }
  }
  return out;
}

}  // namespace

void describe_producers(session_port& in, const call& what, kafka::reader& body) {
  describe_producers_request r;
  if (!in.decode(what, body, r))
    return;
  auto response = std::make_shared<describe_producers_response>();
  auto answers = std::make_shared<fan_in>([&in, what, response] { in.reply(what, *response); });
  const auto view = in.view();
  response->topics.resize(r.topics.size());
  for (std::size_t t = 0; t < r.topics.size(); ++t) {
    response->topics[t].name = r.topics[t].name;
    response->topics[t].partitions.resize(r.topics[t].partition_indexes.size());
    for (std::size_t p = 0; p < r.topics[t].partition_indexes.size(); ++p) {
      const auto index = r.topics[t].partition_indexes[p];
      auto at = [response, t, p]() -> auto& { return response->topics[t].partitions[p]; };
      at().partition_index = index;
      const auto found = find_partition(*view, r.topics[t].name, {}, index, serving::any_replica);
      if (found.code != kafka::error_code::none) {
        at().error_code = static_cast<std::int16_t>(found.code);
        continue;
      }
      ask_partition<wire<schema::PartitionDescription>>(
        in, found.replica, question(true), answers, [at](const auto& m) { fill_producers(at(), *m); },
        [at](const caf::error& why) {
          at().error_code = static_cast<std::int16_t>(code_of(why));
          at().error_message = render(why);
        });
    }
  }
  answers->arrived();
}

void describe_log_dirs(session_port& in, const call& what, kafka::reader& body) {
  describe_log_dirs_request r;
  if (!in.decode(what, body, r))
    return;
  const log_dir_filter filter{r};
  auto collected = std::make_shared<log_dirs_call>();
  for (const auto& path : in.context().settings.log_dirs())
    collected->directories[path];
  auto answers = std::make_shared<fan_in>(
    [&in, what, collected] { in.reply(what, log_dirs_response(in.context(), *collected)); });
  const auto view = in.view();
  for (const auto& topic : view->image->topics_by_name()) {
    const auto routes = view->replicas.of_topic(topic->id);
    for (std::int32_t index = 0; routes && index < static_cast<std::int32_t>(routes->size()); ++index) {
      if (!(*routes)[index].replica || !filter.has(topic->name, index))
        continue;
      ask_partition<wire<schema::PartitionDescription>>(
        in, (*routes)[index].replica, question(false), answers,
        [collected, name = topic->name, index](const auto& m) {
          auto& directory = collected->directories[m->getLogDirectory()];
          directory.topics[name].push_back({index, m->getSizeBytes(), 0, false});
          directory.offline |= m->getOffline();
          if (const std::string future = m->getFutureDirectory(); !future.empty())
            collected->directories[future].topics[name].push_back(
              {index, m->getFutureSizeBytes(), m->getFutureLag(), true});
        },
        [](const caf::error&) {});
    }
  }
  answers->arrived();
}

}  // namespace troupe::api
