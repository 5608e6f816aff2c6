#include "actors/group_topics.hpp"

#include <utility>

namespace troupe::group_topics {

namespace {

constexpr std::int16_t commit_by_id = 10, fetch_by_id = 10;

using kafka::code_of;
using kafka::error_code;

/// Splits off the topics that `find` does not know; the others get what it returns filled in.
template <class Topic>
std::vector<Topic> split_unknown(const metadata::image& in, std::vector<Topic>& topics, bool by_id) {
  std::vector<Topic> known, unknown;
  for (auto& topic : topics) {
    const auto found = by_id ? in.find_topic(topic.topic_id) : in.find_topic(topic.name);
    if (found) {
      topic.name = found->name;
      topic.topic_id = found->id;
    }
    (found ? known : unknown).push_back(std::move(topic));
  }
  topics = std::move(known);
  return unknown;
}

error_code unknown_code(bool by_id) {
  return by_id ? error_code::unknown_topic_id : error_code::unknown_topic_or_partition;
}

}  // namespace

kafka::offset_commit_response take_unknown(const metadata::image& in, kafka::offset_commit_request& r,
                                           std::int16_t version) {
  const bool by_id = version >= commit_by_id;
  kafka::offset_commit_response out;
  for (auto& topic : split_unknown(in, r.topics, by_id)) {
    auto& told = out.topics.emplace_back();
    told.name = std::move(topic.name);
    told.topic_id = topic.topic_id;
    for (const auto& p : topic.partitions)
      told.partitions.push_back({p.partition_index, code_of(unknown_code(by_id))});
  }
  return out;
}

kafka::offset_delete_response take_unknown(const metadata::image& in, kafka::offset_delete_request& r) {
  kafka::offset_delete_response out;
  std::erase_if(r.topics, [&](auto& topic) {
    if (in.find_topic(topic.name))
      return false;
    auto& told = out.topics.emplace_back();
    told.name = std::move(topic.name);
    for (const auto& p : topic.partitions)
      told.partitions.push_back({p.partition_index, code_of(error_code::unknown_topic_or_partition)});
    return true;
  });
  return out;
}

kafka::offset_fetch_response::group take_unknown(const metadata::image& in, kafka::offset_fetch_request::group& r,
                                                 std::int16_t version) {
  kafka::offset_fetch_response::group out;
  if (!r.topics)
    return out;
  if (version < fetch_by_id) {
    for (auto& topic : *r.topics)
      if (const auto found = in.find_topic(topic.name))
        topic.topic_id = found->id;
    return out;
  }
  for (const auto& topic : split_unknown(in, *r.topics, true)) {
    auto& told = out.topics.emplace_back();
    told.topic_id = topic.topic_id;
    for (const auto index : topic.partition_indexes) {
      told.partitions.push_back(
        without_offset<kafka::offset_fetch_response::group_partition>(index, error_code::unknown_topic_id));
    }
  }
  return out;
}

kafka::offset_commit_response all_refused(const kafka::offset_commit_request& r, error_code code) {
  kafka::offset_commit_response out;
  for (const auto& topic : r.topics) {
    auto& told = out.topics.emplace_back();
    told.name = topic.name;
    told.topic_id = topic.topic_id;
    for (const auto& p : topic.partitions)
      told.partitions.push_back({p.partition_index, code_of(code)});
  }
  return out;
}

kafka::offset_commit_request as_commit(const kafka::txn_offset_commit_request& r) {
  kafka::offset_commit_request out;
  out.group_id = r.group_id;
  out.generation_id_or_member_epoch = r.generation_id;
  out.member_id = r.member_id;
  out.group_instance_id = r.group_instance_id;
  for (const auto& topic : r.topics) {
    auto& one = out.topics.emplace_back();
    one.name = topic.name;
    for (const auto& p : topic.partitions)
      one.partitions.push_back({p.partition_index, p.committed_offset, p.committed_leader_epoch, p.committed_metadata});
  }
  return out;
}

kafka::txn_offset_commit_response as_transactional(const kafka::offset_commit_response& told) {
  kafka::txn_offset_commit_response out;
  for (const auto& topic : told.topics) {
    auto& one = out.topics.emplace_back();
    one.name = topic.name;
    for (const auto& p : topic.partitions)
      one.partitions.push_back({p.partition_index, p.error_code});
  }
  return out;
}

void name_by_id(const metadata::image& in, kafka::offset_fetch_response::group& told) {
  std::erase_if(told.topics, [&](auto& topic) {
    if (!topic.topic_id.is_zero())
      return false;
    const auto found = in.find_topic(topic.name);
    if (found)
      topic.topic_id = found->id;
    return !found;
  });
}

kafka::offset_fetch_request::group as_group(const kafka::offset_fetch_request& r) {
  kafka::offset_fetch_request::group out;
  out.group_id = r.group_id;
  if (r.topics) {
    out.topics.emplace();
    for (const auto& topic : *r.topics) {
      auto& one = out.topics->emplace_back();
      one.name = topic.name;
      one.partition_indexes = topic.partition_indexes;
    }
  }
  return out;
}

void as_one_group(kafka::offset_fetch_response& out, kafka::offset_fetch_response::group told, std::int16_t version) {
  constexpr std::int16_t group_error_version = 2;
  out.error_code = told.error_code;
  for (auto& topic : told.topics) {
    auto& one = out.topics.emplace_back();
    one.name = std::move(topic.name);
    for (auto& p : topic.partitions) {
      auto& q = one.partitions.emplace_back();
      q.partition_index = p.partition_index;
      q.committed_offset = p.committed_offset;
      q.committed_leader_epoch = p.committed_leader_epoch;
      q.metadata = std::move(p.metadata);
      q.error_code = version < group_error_version && told.error_code != 0 ? told.error_code : p.error_code;
    }
  }
}

}  // namespace troupe::group_topics
