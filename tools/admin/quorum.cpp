#include "tools/admin/quorum.hpp"

#include "schema/kafka/describe_quorum.hpp"
#include "tools/admin/address.hpp"

namespace troupe::tools {

namespace {

constexpr const char* metadata_topic = "__cluster_metadata";
constexpr std::size_t voters_that_spare_one = 3;

quorum_member member_of(const kafka::describe_quorum_response::replica_state& r) {
  return {r.replica_id, r.replica_directory_id.is_zero() ? "" : to_string(r.replica_directory_id), r.log_end_offset,
          r.last_caught_up_timestamp};
}

}  // namespace

std::int64_t quorum_state::log_end() const {
  for (const auto& v : voters)
    if (v.node == leader)
      return v.log_end;
  return -1;
}

std::optional<std::int64_t> quorum_state::lag_of(const quorum_member& m) const {
  if (m.log_end < 0 || log_end() < 0)
    return std::nullopt;
  return std::max<std::int64_t>(0, log_end() - m.log_end);
}

expected<std::optional<quorum_state>> describe_quorum(client& by) {
  auto served = by.serves(kafka::describe_quorum_request::api_key);
  if (!served)
    return served.error();
  if (!*served)
    return std::optional<quorum_state>{};
  kafka::describe_quorum_request question;
  question.topics.emplace_back().topic_name = metadata_topic;
  question.topics[0].partitions.emplace_back().partition_index = 0;
  auto told = by.ask<kafka::describe_quorum_response>(question);
  if (!told)
    return told.error();
  if (auto problem = refusal("the quorum", told->error_code, told->error_message))
    return problem;
  if (told->topics.size() != 1 || told->topics[0].partitions.size() != 1)
    return complaint("the quorum: the node's answer tells of other things");
  const auto& p = told->topics[0].partitions[0];
  if (auto problem = refusal("the quorum", p.error_code, p.error_message))
    return problem;
  quorum_state out{p.leader_id, p.leader_epoch, p.high_watermark, {}, {}, {}};
  for (const auto& v : p.current_voters)
    out.voters.push_back(member_of(v));
  for (const auto& o : p.observers)
    out.observers.push_back(member_of(o));
  for (const auto& node : told->nodes)
    for (const auto& l : node.listeners)
      out.voter_addresses.push_back({l.host, l.port});
  return std::optional{std::move(out)};
}

bool quorum_watch::look(const quorum_state& now) {
  if (now.voters.size() < wanted_ || now.log_end() < 0) {
    goal_ = -1;
    return false;
  }
  if (goal_ < 0 || now.term != term_) {
    term_ = now.term;
    goal_ = now.log_end();
    return false;
  }
  std::size_t there = 0;
  for (const auto& v : now.voters)
    if (v.log_end >= goal_)
      ++there;
  const auto majority = now.voters.size() / 2 + 1;
  return now.high_watermark >= goal_ && there >= wanted_
         && (wanted_ < voters_that_spare_one || there - 1 >= majority);
}

}  // namespace troupe::tools
