// AlterReplicaLogDirs (KIP-113): a replica stays where it is, which may be what the client wants.
#include "actors/api/partition_calls.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/kafka/alter_replica_log_dirs.hpp"
#include "schema/partition.capnp.h"

#include <caf/all.hpp>

#include <algorithm>
#include <optional>

namespace troupe::api {

namespace {

using kafka::alter_replica_log_dirs_request;
using kafka::alter_replica_log_dirs_response;
using kafka::error_code;
using schema::PartitionDescribe;
using schema::PartitionDescription;

wire<PartitionDescribe> question() {
  wire_builder<PartitionDescribe> b;
  return std::move(b).freeze();
}

/// What can be said of a wish without asking the replica; none when it has to be asked.
std::optional<error_code> answer_at_once(const cluster_view& view, const node_context& context, const std::string& path,
                                         const std::string& name, std::int32_t index) {
  const auto& paths = context.settings.log_dirs();
  if (std::find(paths.begin(), paths.end(), path) == paths.end())
    return error_code::log_dir_not_found;
  const auto topic = view.image->find_topic(name);
  const auto* partition = topic ? topic->find(partition_index{index}) : nullptr;
  if (!partition)
    return error_code::unknown_topic_or_partition;
  const auto& at = partition->replicas;
  if (std::find(at.begin(), at.end(), context.self) == at.end())
    return error_code::replica_not_available;
  if (paths.size() == 1)
    return error_code::none;
  // Which of several directories a replica lies in is asked of it, and only leaders can be asked.
  return partition->leader == context.self ? std::nullopt : std::optional{error_code::invalid_request};
}

}  // namespace

void alter_replica_log_dirs(session_port& in, const call& what, kafka::reader& body) {
  alter_replica_log_dirs_request r;
  if (!in.decode(what, body, r))
    return;
  auto response = std::make_shared<alter_replica_log_dirs_response>();
  auto answers = std::make_shared<fan_in>([&in, what, response] { in.reply(what, *response); });
  const auto view = in.view();
  for (const auto& dir : r.dirs)
    for (const auto& topic : dir.topics) {
      const auto t = response->results.size();
      response->results.emplace_back().topic_name = topic.name;
      for (const auto index : topic.partitions) {
        const auto p = response->results[t].partitions.size();
        auto set = [response, t, p](error_code code) {
          response->results[t].partitions[p].error_code = static_cast<std::int16_t>(code);
        };
        response->results[t].partitions.push_back({index, 0});
        if (const auto code = answer_at_once(*view, in.context(), dir.path, topic.name, index)) {
          set(*code);
          continue;
        }
        ask_partition<wire<PartitionDescription>>(
          in, find_partition(*view, topic.name, {}, index).replica, question(), answers,
          [set, path = dir.path](const auto& m) {
            set(m->getLogDirectory() == path ? error_code::none : error_code::invalid_request);
          },
          [set](const caf::error& why) { set(code_of(why)); });
      }
    }
  answers->arrived();
}

}  // namespace troupe::api
