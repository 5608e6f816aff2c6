#include "actors/controller_replication.hpp"

#include "actors/controller_refusal.hpp"
#include "runtime/metadata/broker_states.hpp"
#include "runtime/metadata/elections.hpp"
#include "runtime/metadata/features.hpp"
#include "runtime/metadata/reassignment.hpp"

namespace troupe {

namespace {

using kafka::error_code;

/// Partitions as a request groups them by topic: `topic_of` and `indexes_of` find them there.
template <class Topics, class TopicOf, class IndexesOf>
std::vector<metadata::partition_name> flat(const Topics& topics, TopicOf topic_of, IndexesOf indexes_of) {
  std::vector<metadata::partition_name> out;
  for (const auto& t : topics)
    for (auto index : indexes_of(t))
      out.push_back({topic_of(t), partition_index{index}});
  return out;
}

std::optional<std::vector<metadata::partition_name>> partitions_of(const kafka::elect_leaders_request& r) {
  if (!r.topic_partitions)
    return std::nullopt;
  return flat(
      *r.topic_partitions, [](const auto& t) { return t.topic; }, [](const auto& t) { return t.partitions; });
}

std::optional<std::vector<metadata::partition_name>> partitions_of(
    const kafka::list_partition_reassignments_request& r) {
  if (!r.topics)
    return std::nullopt;
  return flat(
      *r.topics, [](const auto& t) { return t.name; }, [](const auto& t) { return t.partition_indexes; });
}

/// The wish of UpdateFeatures as its version says it: version 0 knows only whether the level may become smaller.
metadata::feature_update update_of(const kafka::update_features_request::update& u) {
  const auto how = u.allow_downgrade ? metadata::upgrade_type::safe_downgrade
                                     : static_cast<metadata::upgrade_type>(u.upgrade_type);
  return {u.feature, u.max_version_level, how};
}

}  // namespace

kafka::elect_leaders_response serve(controller_scope& in, const kafka::elect_leaders_request& r) {
  kafka::elect_leaders_response out;
  const auto type = static_cast<metadata::election_type>(r.election_type);
  if (type != metadata::election_type::preferred && type != metadata::election_type::unclean) {
    out.error_code = static_cast<std::int16_t>(error_code::invalid_request);
    return out;
  }
  auto held = metadata::elect_leaders(in.changes.now(), in.rules, type, partitions_of(r));
  if (auto failed = in.changes.add(std::move(held.records))) {
    out.error_code = static_cast<std::int16_t>(metadata_code_of(failed));
    return out;
  }
  for (const auto& result : held.results) {
    if (out.replica_election_results.empty() || out.replica_election_results.back().topic != result.which.topic)
      out.replica_election_results.emplace_back().topic = result.which.topic;
    auto& told = out.replica_election_results.back().partition_result.emplace_back();
    told.partition_id = result.which.index.value;
    if (result.refused)
      refuse(told, result.refused);
  }
  return out;
}

kafka::alter_partition_reassignments_response serve(controller_scope& in,
                                                    const kafka::alter_partition_reassignments_request& r) {
  kafka::alter_partition_reassignments_response out;
  out.allow_replication_factor_change = r.allow_replication_factor_change;
  for (const auto& t : r.topics) {
    auto& topic = out.responses.emplace_back();
    topic.name = t.name;
    for (const auto& p : t.partitions) {
      auto& result = topic.partitions.emplace_back();
      result.partition_index = p.partition_index;
      metadata::reassignment_command wish{{t.name, partition_index{p.partition_index}}, std::nullopt,
                                          r.allow_replication_factor_change};
      if (p.replicas)
        wish.target.emplace(p.replicas->begin(), p.replicas->end());
      auto made = metadata::alter_reassignment(in.changes.now(), in.rules, wish);
      if (!made)
        refuse(result, made.error());
      else if (auto failed = in.changes.add(std::move(*made)))
        refuse(result, failed);
    }
  }
  return out;
}

kafka::list_partition_reassignments_response serve(controller_scope& in,
                                                   const kafka::list_partition_reassignments_request& r) {
  const auto ids = [](const std::vector<node_id>& from) {
    std::vector<std::int32_t> out;
    for (auto id : from)
      out.push_back(id.value);
    return out;
  };
  kafka::list_partition_reassignments_response out;
  for (const auto& moving : metadata::list_reassignments(in.changes.now(), partitions_of(r))) {
    if (out.topics.empty() || out.topics.back().name != moving.which.topic)
      out.topics.emplace_back().name = moving.which.topic;
    out.topics.back().partitions.push_back({moving.which.index.value, ids(moving.now.replicas), ids(moving.now.adding),
                                            ids(moving.now.removing)});
  }
  return out;
}

kafka::update_features_response serve(controller_scope& in, const kafka::update_features_request& r) {
  kafka::update_features_response out;
  in.validate_only = r.validate_only;
  std::vector<metadata::feature_update> wishes;
  for (const auto& u : r.feature_updates)
    wishes.push_back(update_of(u));
  auto made = metadata::update_features(in.changes.now(), wishes);
  if (!made) {
    refuse(out, made.error());
    return out;
  }
  if (auto failed = in.changes.add(std::move(*made))) {
    refuse(out, failed);
    return out;
  }
  for (const auto& wish : wishes)
    out.results.emplace_back().feature = wish.name;
  return out;
}

kafka::unregister_broker_response serve(controller_scope& in, const kafka::unregister_broker_request& r) {
  kafka::unregister_broker_response out;
  auto made = metadata::unregister_broker(in.changes.now(), in.rules, node_id{r.broker_id});
  if (!made)
    refuse(out, made.error());
  else if (auto failed = in.changes.add(std::move(*made)))
    refuse(out, failed);
  return out;
}

}  // namespace troupe
