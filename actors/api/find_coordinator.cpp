#include "actors/api/await_leaders.hpp"
#include "actors/api/cluster_calls.hpp"
#include "actors/api/internal_topics.hpp"
#include "runtime/group/placement.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/transaction/state.hpp"
#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/find_coordinator.hpp"

#include <algorithm>

namespace troupe::api {

namespace {

using kafka::error_code;
using kafka::find_coordinator_request;
using kafka::find_coordinator_response;

enum class key_type : std::int8_t { group = 0, transaction = 1, share = 2 };

constexpr std::int16_t several_version = 4;  ///< from here on a request has several keys

find_coordinator_response::coordinator refusal(const std::string& key, error_code code, std::string why) {
  find_coordinator_response::coordinator out;
  out.key = key;
  out.node_id = -1;
  out.port = -1;
  out.error_code = kafka::code_of(code);
  out.error_message = std::move(why);
  return out;
}

/// The topic of one kind of coordinators; empty: there are none.
std::string topic_of(std::int8_t type) {
  switch (static_cast<key_type>(type)) {
    case key_type::group: return std::string{group::offsets_topic};
    case key_type::transaction: return std::string{transaction::state_topic};
    default: return {};
  }
}

find_coordinator_response::coordinator find_one(session_port& in, const std::string& key, std::int8_t type) {
  const auto name = topic_of(type);
  // An error that can be tried again lets clients survive that ask for one now and then only.
  if (static_cast<key_type>(type) == key_type::share)
    return refusal(key, error_code::coordinator_not_available, "this release has no share groups");
  if (name.empty())
    return refusal(key, error_code::invalid_request, "key type " + std::to_string(type) + " is not known");
  if (key.empty() && static_cast<key_type>(type) == key_type::transaction)
    return refusal(key, error_code::invalid_request, "a transactional id must not be empty");
  const auto view = in.view();
  const auto topic = view->image->find_topic(name);
  if (!topic)
    return refusal(key, error_code::coordinator_not_available,
                   "topic " + name + " could not be made; the nodes' logs say why");
  const auto index = group::responsible_partition(key, topic->partition_count());
  const auto leader = topic->find(partition_index{index})->leader;
  const auto brokers = brokers_for(in, *view->image);
  const auto at = std::find_if(brokers.begin(), brokers.end(), [&](const auto& b) { return b.id == leader; });
  if (at == brokers.end() || is_lost(in, *view->image, leader))
    return refusal(key, error_code::coordinator_not_available,
                   "partition " + std::to_string(index) + " of " + name + " has no leader");
  find_coordinator_response::coordinator out;
  out.key = key;
  out.node_id = leader.value;
  out.host = at->at.host;
  out.port = at->at.port;
  return out;
}

/// Whether none of the coordinators' nodes was lost a moment ago.
bool coordinators_are_there(session_port& in, const call& what, const find_coordinator_request& r) {
  const auto view = in.view();
  const auto topic = view->image->find_topic(topic_of(r.key_type));
  const auto is_there = [&](const std::string& key) {
    const partition_index index{group::responsible_partition(key, topic->partition_count())};
    return !is_lost(in, *view->image, topic->find(index)->leader);
  };
  if (!topic)
    return true;
  return what.version < several_version ? is_there(r.key)
                                        : std::all_of(r.coordinator_keys.begin(), r.coordinator_keys.end(), is_there);
}

void answer(session_port& in, const call& what, const find_coordinator_request& r) {
  find_coordinator_response out;
  for (const auto& key : r.coordinator_keys)
    out.coordinators.push_back(find_one(in, key, r.key_type));
  if (what.version < several_version) {
    auto one = find_one(in, r.key, r.key_type);
    out.error_code = one.error_code;
    out.error_message = std::move(one.error_message);
    out.node_id = one.node_id;
    out.host = std::move(one.host);
    out.port = one.port;
  }
  in.reply(what, out);
}

}  // namespace

/// The first to ask has the coordinators' topic made.
void find_coordinator(session_port& in, const call& what, kafka::reader& body) {
  auto r = std::make_shared<find_coordinator_request>();
  if (!in.decode(what, body, *r))
    return;
  const auto name = topic_of(r->key_type);
  if (name.empty() || in.view()->image->find_topic(name))
    return await_leaders(
      in, [&in, what, r] { return coordinators_are_there(in, what, *r); }, [&in, what, r] { answer(in, what, *r); });
  kafka::create_topics_request make;
  make.timeout_ms = 30'000;
  make.topics = {name == group::offsets_topic ? offsets_topic_to_make(in) : transactions_topic_to_make(in)};
  change_metadata(in, make, 7, [&in, what, r] { answer(in, what, *r); });
}

}  // namespace troupe::api
