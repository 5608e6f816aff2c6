// AlterReplicaLogDirs (KIP-113): a replica of this node moves between its directories.
#include "actors/api/partition_calls.hpp"
#include "actors/replicas.hpp"
#include "actors/syncer.hpp"
#include "runtime/metadata/image.hpp"
#include "schema/kafka/alter_replica_log_dirs.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <optional>

namespace troupe::api {

namespace {

using kafka::alter_replica_log_dirs_request;
using kafka::alter_replica_log_dirs_response;
using kafka::error_code;

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
  return std::nullopt;
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
        answers->expect();
        const move_replica wish{{view->image->find_topic(topic.name)->id, partition_index{index}}, dir.path};
        in.self().request(in.peers().replicas, caf::infinite, wish)
          .then([answers](const disk_done&) { answers->arrived(); },
                [answers, set](const caf::error& why) {
                  set(is_domain(why, error_domain::node) ? error_code::replica_not_available : code_of(why));
                  answers->arrived();
                });
      }
    }
  answers->arrived();
}

}  // namespace troupe::api
