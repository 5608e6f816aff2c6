// Requests about several groups, which may have several coordinators: OffsetFetch, DescribeGroups,
// ConsumerGroupDescribe, DeleteGroups and ListGroups. Each coordinator is asked for its own, and the answers are put
// together.
#include "actors/api/coordinator_calls.hpp"
#include "actors/api/partition_calls.hpp"
#include "actors/group_topics.hpp"
#include "runtime/group/placement.hpp"
#include "schema/kafka/consumer_group_describe.hpp"
#include "schema/kafka/delete_groups.hpp"
#include "schema/kafka/describe_groups.hpp"
#include "schema/kafka/list_groups.hpp"
#include "schema/kafka/offset_fetch.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <set>

namespace troupe::api {

namespace {

using kafka::code_of;
using kafka::delete_groups_request;
using kafka::delete_groups_response;
using kafka::describe_groups_request;
using kafka::describe_groups_response;
using kafka::error_code;
using kafka::list_groups_request;
using kafka::list_groups_response;
using kafka::offset_fetch_request;
using kafka::offset_fetch_response;

/// Asks the coordinator of `group` and calls `merge(code, answer)` with what came of it.
template <class Response, class Request, class Merge>
void ask_for_group(session_port& in, const std::string& group, const Request& request, std::int16_t version,
                   const std::shared_ptr<fan_in>& answers, Merge merge) {
  auto found = find_coordinator_of(in, group);
  if (found.code != error_code::none)
    return merge(found.code, Response{});
  answers->expect();
  ask_coordinator<Response>(in, found.partition, request, version,
                            [answers, merge](error_code code, Response answer) {
                              merge(code, std::move(answer));
                              answers->arrived();
                            });
}

template <class Response>
std::pair<std::shared_ptr<Response>, std::shared_ptr<fan_in>> begin(session_port& in, const call& what) {
  auto out = std::make_shared<Response>();
  return {out, std::make_shared<fan_in>([&in, what, out] { in.reply(what, *out); })};
}

/// What is said of each partition that was asked for when there is no answer, to clients that know no error of a whole.
void refuse_partitions(offset_fetch_response& out, const offset_fetch_request& r, error_code code) {
  out.error_code = code_of(code);
  if (r.topics)
    for (const auto& topic : *r.topics) {
      auto& told = out.topics.emplace_back();
      told.name = topic.name;
      for (const auto index : topic.partition_indexes)
        told.partitions.push_back(group_topics::without_offset<offset_fetch_response::partition>(index, code));
    }
}

/// Has each group described by its own coordinator.
template <class Request, class Response>
void describe_each(session_port& in, const call& what, kafka::reader& body, std::vector<std::string> Request::*groups) {
  Request r;
  if (!in.decode(what, body, r))
    return;
  auto [out, answers] = begin<Response>(in, what);
  for (const auto& group : r.*groups) {
    Request one;
    one.*groups = {group};
    one.include_authorized_operations = r.include_authorized_operations;
    ask_for_group<Response>(in, group, one, what.version, answers,
                            [out = out, group](error_code code, Response answer) {
                              if (code == error_code::none && !answer.groups.empty()) {
                                out->groups.push_back(std::move(answer.groups.front()));
                                return;
                              }
                              auto& told = out->groups.emplace_back();
                              told.group_id = group;
                              told.error_code = code_of(code);
                            });
  }
  answers->arrived();
}

}  // namespace

void offset_fetch(session_port& in, const call& what, kafka::reader& body) {
  constexpr std::int16_t several_version = 8;
  offset_fetch_request r;
  if (!in.decode(what, body, r))
    return;
  auto [out, answers] = begin<offset_fetch_response>(in, what);
  if (what.version < several_version)
    ask_for_group<offset_fetch_response>(in, r.group_id, r, what.version, answers,
                                         [out = out, r](error_code code, offset_fetch_response answer) {
                                           if (code == error_code::none)
                                             *out = std::move(answer);
                                           else
                                             refuse_partitions(*out, r, code);
                                         });
  for (const auto& group : r.groups) {
    offset_fetch_request one;
    one.groups = {group};
    one.require_stable = r.require_stable;
    ask_for_group<offset_fetch_response>(in, group.group_id, one, what.version, answers,
                                         [out = out, id = group.group_id](error_code code,
                                                                          offset_fetch_response answer) {
                                           if (code == error_code::none && !answer.groups.empty()) {
                                             out->groups.push_back(std::move(answer.groups.front()));
                                             return;
                                           }
                                           auto& told = out->groups.emplace_back();
                                           told.group_id = id;
                                           told.error_code = code_of(code);
                                         });
  }
  answers->arrived();
}

void describe_groups(session_port& in, const call& what, kafka::reader& body) {
  describe_each<describe_groups_request, describe_groups_response>(in, what, body, &describe_groups_request::groups);
}

void consumer_group_describe(session_port& in, const call& what, kafka::reader& body) {
  using request = kafka::consumer_group_describe_request;
  describe_each<request, kafka::consumer_group_describe_response>(in, what, body, &request::group_ids);
}

void delete_groups(session_port& in, const call& what, kafka::reader& body) {
  delete_groups_request r;
  if (!in.decode(what, body, r))
    return;
  auto [out, answers] = begin<delete_groups_response>(in, what);
  for (const auto& group : std::set<std::string>{r.groups_names.begin(), r.groups_names.end()}) {
    delete_groups_request one;
    one.groups_names = {group};
    ask_for_group<delete_groups_response>(in, group, one, what.version, answers,
                                          [out = out, group](error_code code, delete_groups_response answer) {
                                            if (code == error_code::none && !answer.results.empty())
                                              out->results.push_back(std::move(answer.results.front()));
                                            else
                                              out->results.push_back({group, code_of(code)});
                                          });
  }
  answers->arrived();
}

/// All groups of the coordinators on this node; a client asks every node.
void list_groups(session_port& in, const call& what, kafka::reader& body) {
  list_groups_request r;
  if (!in.decode(what, body, r))
    return;
  auto [out, answers] = begin<list_groups_response>(in, what);
  for (const auto& partition : coordinators_here(in, group::offsets_topic)) {
    answers->expect();
    ask_coordinator<list_groups_response>(
      in, partition, r, what.version, [out = out, answers = answers](error_code code, list_groups_response answer) {
        // Those that moved away meanwhile tell of their groups elsewhere.
        if (code != error_code::none && code != error_code::not_coordinator)
          out->error_code = code_of(code);
        std::move(answer.groups.begin(), answer.groups.end(), std::back_inserter(out->groups));
        answers->arrived();
      });
  }
  answers->arrived();
}

}  // namespace troupe::api
