// Metadata and DescribeTopicPartitions: what topics there are and who leads them.
#include "actors/api/await_leaders.hpp"
#include "actors/api/cluster_calls.hpp"
#include "actors/api/handler.hpp"
#include "actors/api/internal_topics.hpp"
#include "runtime/group/placement.hpp"
#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/image.hpp"
#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/describe_topic_partitions.hpp"
#include "schema/kafka/metadata.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <set>

namespace troupe::api {

namespace {

using kafka::describe_topic_partitions_request;
using kafka::describe_topic_partitions_response;
using kafka::metadata_request;
using kafka::metadata_response;

std::vector<std::int32_t> numbers(const std::vector<node_id>& ids) {
  std::vector<std::int32_t> out;
  for (auto id : ids)
    out.push_back(id.value);
  return out;
}

/// Registered nodes that this one has just lost: for a moment they are not named as leaders.
std::vector<node_id> lost_nodes(session_port& in, const metadata::image& image) {
  std::vector<node_id> out;
  const auto now = in.context().time.monotonic_now();
  for (const auto& [id, b] : image.brokers())
    if (in.context().lost.is_lost(id, b->incarnation, now))
      out.push_back(id);
  return out;
}

/// The fields that Metadata and DescribeTopicPartitions tell alike.
template <class Out>
void tell_partition(Out& out, std::int32_t index, const metadata::partition& p, const std::vector<node_id>& lost) {
  const bool led = p.leader != metadata::no_node && std::find(lost.begin(), lost.end(), p.leader) == lost.end();
  out.error_code = static_cast<std::int16_t>(led ? kafka::error_code::none : kafka::error_code::leader_not_available);
  out.partition_index = index;
  out.leader_id = (led ? p.leader : metadata::no_node).value;
  out.leader_epoch = p.epoch.value;
  out.replica_nodes = numbers(p.replicas);
  out.isr_nodes = numbers(p.in_sync);
}

metadata_response::topic tell_topic(const metadata::topic& t, const std::vector<node_id>& lost) {
  metadata_response::topic out;
  out.name = t.name;
  out.topic_id = t.id;
  out.is_internal = metadata::is_internal(t.name);
  out.partitions.resize(t.partitions.size());
  for (std::size_t i = 0; i < t.partitions.size(); ++i)
    tell_partition(out.partitions[i], static_cast<std::int32_t>(i), t.partitions[i], lost);
  return out;
}

metadata_response::topic unknown_topic(std::string name, kafka::error_code code) {
  metadata_response::topic out;
  out.error_code = static_cast<std::int16_t>(code);
  out.name = std::move(name);
  return out;
}

bool asks_for_all(const metadata_request& r, std::int16_t version) {
  return !r.topics || (version == 0 && r.topics->empty());
}

metadata_response::topic answer_topic(const metadata::image& image, const metadata_request::topic& asked,
                                      const std::vector<node_id>& lost) {
  if (asked.name) {
    const auto found = image.find_topic(*asked.name);
    return found ? tell_topic(*found, lost)
                 : unknown_topic(*asked.name, metadata::check_topic_name(*asked.name)
                                                  ? kafka::error_code::invalid_topic_exception
                                                  : kafka::error_code::unknown_topic_or_partition);
  }
  if (const auto found = image.find_topic(asked.topic_id))
    return tell_topic(*found, lost);
  metadata_response::topic out;
  out.error_code = static_cast<std::int16_t>(kafka::error_code::unknown_topic_id);
  out.topic_id = asked.topic_id;
  return out;
}

void answer_metadata(session_port& in, const call& what, const metadata_request& r) {
  const auto view = in.view();
  const auto lost = lost_nodes(in, *view->image);
  metadata_response out;
  out.cluster_id = in.context().cluster_id();
  out.controller_id = in.context().controller;
  for (auto& b : brokers_for(in, *view->image))
    out.brokers.push_back({b.id.value, std::move(b.at.host), b.at.port, std::move(b.rack)});
  if (asks_for_all(r, what.version)) {
    for (const auto& topic : view->image->topics_by_name())
      out.topics.push_back(tell_topic(*topic, lost));
  } else {
    for (const auto& asked : *r.topics)
      out.topics.push_back(answer_topic(*view->image, asked, lost));
  }
  in.reply(what, out);
}

/// Whether none of the nodes that are to be named as leaders was lost a moment ago.
bool leaders_are_there(session_port& in, const call& what, const metadata_request& r) {
  const auto view = in.view();
  const auto lost = lost_nodes(in, *view->image);
  if (lost.empty())
    return true;
  const auto is_led = [&](const metadata::topic& t) {
    return std::none_of(t.partitions.begin(), t.partitions.end(), [&](const metadata::partition& p) {
      return std::find(lost.begin(), lost.end(), p.leader) != lost.end();
    });
  };
  if (asks_for_all(r, what.version)) {
    const auto& all = view->image->topics_by_name();
    return std::all_of(all.begin(), all.end(), [&](const auto& t) { return is_led(*t); });
  }
  return std::all_of(r.topics->begin(), r.topics->end(), [&](const metadata_request::topic& asked) {
    const auto found = asked.name ? view->image->find_topic(*asked.name) : view->image->find_topic(asked.topic_id);
    return !found || is_led(*found);
  });
}

/// Names in the request that no topic has, where asking shall make them.
std::vector<std::string> to_create(session_port& in, const call& what, const metadata_request& r) {
  std::set<std::string> out;
  const bool allowed = (what.version < 4 || r.allow_auto_topic_creation)
                       && dynamic_flag(in, "auto.create.topics.enable");
  if (!allowed || asks_for_all(r, what.version))
    return {};
  const auto view = in.view();
  for (const auto& asked : *r.topics)
    if (asked.name && !metadata::check_topic_name(*asked.name) && !view->image->find_topic(*asked.name))
      out.insert(*asked.name);
  return {out.begin(), out.end()};
}

kafka::create_topics_request creation_of(session_port& in, const std::vector<std::string>& names) {
  kafka::create_topics_request out;
  out.timeout_ms = 30'000;
  for (const auto& name : names) {
    if (name == group::offsets_topic) {
      out.topics.push_back(offsets_topic_to_make(in));
      continue;
    }
    auto& topic = out.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = -1;
    topic.replication_factor = -1;
  }
  return out;
}

}  // namespace

void metadata(session_port& in, const call& what, kafka::reader& body) {
  auto r = std::make_shared<metadata_request>();
  if (!in.decode(what, body, *r))
    return;
  const auto missing = to_create(in, what, *r);
  if (missing.empty())
    return await_leaders(
      in, [&in, what, r] { return leaders_are_there(in, what, *r); },
      [&in, what, r] { answer_metadata(in, what, *r); });
  // Whether the creation succeeded or not, the answer tells what there is then.
  change_metadata(in, creation_of(in, missing), 7, [&in, what, r] { answer_metadata(in, what, *r); });
}

void describe_topic_partitions(session_port& in, const call& what, kafka::reader& body) {
  describe_topic_partitions_request r;
  if (!in.decode(what, body, r))
    return;
  const auto view = in.view();
  const auto lost = lost_nodes(in, *view->image);
  std::set<std::string> names;
  for (const auto& t : r.topics)
    names.insert(t.name);
  if (names.empty())
    for (const auto& topic : view->image->topics_by_name())
      names.insert(topic->name);
  auto left = std::clamp(r.response_partition_limit, 1, 2000);
  describe_topic_partitions_response out;
  for (auto name = r.cursor ? names.lower_bound(r.cursor->topic_name) : names.begin(); name != names.end(); ++name) {
    const auto first = r.cursor && r.cursor->topic_name == *name ? std::max(0, r.cursor->partition_index) : 0;
    if (left == 0) {
      out.next_cursor.emplace();
      out.next_cursor->topic_name = *name;
      out.next_cursor->partition_index = first;
      break;
    }
    auto& topic = out.topics.emplace_back();
    topic.name = *name;
    const auto found = view->image->find_topic(*name);
    if (!found) {
      topic.error_code = static_cast<std::int16_t>(kafka::error_code::unknown_topic_or_partition);
      continue;
    }
    topic.topic_id = found->id;
    topic.is_internal = metadata::is_internal(found->name);
    const auto end = std::min<std::int64_t>(found->partition_count(), std::int64_t{first} + left);
    for (auto i = first; i < end; ++i) {
      auto& partition = topic.partitions.emplace_back();
      const auto& p = *found->find(partition_index{i});
      tell_partition(partition, i, p, lost);
      // Empty, not null: Kafka's own client does not expect a null.
      partition.eligible_leader_replicas = numbers(p.eligible);
      partition.last_known_elr = numbers(p.last_known);
    }
    left -= static_cast<std::int32_t>(topic.partitions.size());
    if (end < found->partition_count()) {
      out.next_cursor.emplace();
      out.next_cursor->topic_name = *name;
      out.next_cursor->partition_index = static_cast<std::int32_t>(end);
      break;
    }
  }
  in.reply(what, out);
}

}  // namespace troupe::api
