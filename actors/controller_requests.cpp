#include "actors/controller_requests.hpp"

#include "actors/controller_refusal.hpp"
#include "actors/controller_replication.hpp"
#include "runtime/config/describe.hpp"
#include "runtime/kafka/codec.hpp"
#include "runtime/kafka/request.hpp"
#include "schema/kafka/alter_configs.hpp"
#include "schema/kafka/create_partitions.hpp"
#include "schema/kafka/create_topics.hpp"
#include "schema/kafka/delete_topics.hpp"
#include "schema/kafka/incremental_alter_configs.hpp"

#include <map>

namespace troupe {

namespace {

using kafka::alter_configs_request;
using kafka::alter_configs_response;
using kafka::create_partitions_request;
using kafka::create_partitions_response;
using kafka::create_topics_request;
using kafka::create_topics_response;
using kafka::delete_topics_request;
using kafka::delete_topics_response;
using kafka::error_code;
using kafka::incremental_alter_configs_request;
using kafka::incremental_alter_configs_response;

std::vector<node_id> nodes(const std::vector<std::int32_t>& ids) { return {ids.begin(), ids.end()}; }

std::uint32_t placement_start(controller_scope& in) {
  return static_cast<std::uint32_t>(in.random.next(random_purpose::placement));
}

/// Names that a request has more than once: all of them are refused, as Kafka does.
template <class Item, class Name>
auto count_names(const std::vector<Item>& items, Name name) {
  std::map<decltype(name(items.front())), int> out;
  for (const auto& item : items)
    ++out[name(item)];
  return out;
}

// -- topics -------------------------------------------------------------------------------------------------------

metadata::create_topic_command command_of(controller_scope& in, const create_topics_request::topic& t) {
  metadata::create_topic_command out;
  out.name = t.name;
  out.partitions = t.num_partitions;
  out.replication_factor = t.replication_factor;
  for (const auto& a : t.assignments)
    out.assignments.push_back({partition_index{a.partition_index}, nodes(a.broker_ids)});
  for (const auto& c : t.configs)
    out.configs.emplace_back(c.name, c.value);
  out.id = new_topic_id(in.random);
  out.start = placement_start(in);
  return out;
}

void tell_created(controller_scope& in, create_topics_response::topic& out, const metadata::created_topic& made) {
  out.topic_id = made.id;
  out.num_partitions = made.partitions;
  out.replication_factor = made.replication_factor;
  const config::layers layers{&made.configs, in.changes.now().broker_config(in.self), in.changes.now().cluster_config(),
                              &in.settings};
  out.configs.emplace();
  for (auto& s : config::describe_topic(layers))
    out.configs->push_back({s.name, s.value, s.read_only, static_cast<std::int8_t>(s.source), s.sensitive});
}

create_topics_response serve(controller_scope& in, const create_topics_request& r) {
  create_topics_response out;
  in.validate_only = r.validate_only;
  const auto names = count_names(r.topics, [](const auto& t) { return t.name; });
  for (const auto& t : r.topics) {
    auto& result = out.topics.emplace_back();
    result.name = t.name;
    if (names.at(t.name) > 1) {
      refuse(result, error_code::invalid_request, "topic " + t.name + " stands in the request more than once");
      continue;
    }
    auto made = metadata::create_topic(in.changes.now(), in.rules, command_of(in, t));
    if (!made) {
      refuse(result, made.error());
      continue;
    }
    if (auto failed = in.changes.add(std::move(made->records)))
      refuse(result, failed);
    else
      tell_created(in, result, *made);
  }
  return out;
}

void delete_one(controller_scope& in, delete_topics_response::result& result, expected<metadata::records> made) {
  if (!made)
    return refuse(result, made.error());
  if (auto failed = in.changes.add(std::move(*made)))
    refuse(result, failed);
}

delete_topics_response serve(controller_scope& in, const delete_topics_request& r) {
  delete_topics_response out;
  for (const auto& name : r.topic_names) {
    auto& result = out.responses.emplace_back();
    result.name = name;
    delete_one(in, result, metadata::delete_topic(in.changes.now(), in.rules, name));
  }
  for (const auto& t : r.topics) {
    auto& result = out.responses.emplace_back();
    result.name = t.name;
    result.topic_id = t.topic_id;
    if (t.name.has_value() != t.topic_id.is_zero()) {
      refuse(result, error_code::invalid_request, "name a topic by its name or by its id, not by both or neither");
      continue;
    }
    const auto found = t.name ? in.changes.now().find_topic(*t.name) : in.changes.now().find_topic(t.topic_id);
    if (found) {
      result.name = found->name;
      result.topic_id = found->id;
    }
    delete_one(in, result, t.name ? metadata::delete_topic(in.changes.now(), in.rules, *t.name)
                                  : metadata::delete_topic(in.changes.now(), in.rules, t.topic_id));
  }
  return out;
}

create_partitions_response serve(controller_scope& in, const create_partitions_request& r) {
  create_partitions_response out;
  in.validate_only = r.validate_only;
  const auto names = count_names(r.topics, [](const auto& t) { return t.name; });
  for (const auto& t : r.topics) {
    auto& result = out.results.emplace_back();
    result.name = t.name;
    if (names.at(t.name) > 1) {
      refuse(result, error_code::invalid_request, "topic " + t.name + " stands in the request more than once");
      continue;
    }
    metadata::create_partitions_command wish{t.name, t.count, {}, placement_start(in)};
    if (t.assignments) {
      wish.assignments.emplace();
      for (const auto& a : *t.assignments)
        wish.assignments->push_back(nodes(a.broker_ids));
    }
    auto made = metadata::create_partitions(in.changes.now(), wish);
    if (!made)
      refuse(result, made.error());
    else if (auto failed = in.changes.add(std::move(*made)))
      refuse(result, failed);
  }
  return out;
}

// -- settings -----------------------------------------------------------------------------------------------------

/// Both ways of altering settings: `alter` makes the records for one resource of the request.
template <class Response, class Request, class Alter>
Response alter_each(controller_scope& in, const Request& r, Alter alter) {
  Response out;
  in.validate_only = r.validate_only;
  const auto name_of = [](const auto& one) { return std::pair{one.resource_type, one.resource_name}; };
  const auto names = count_names(r.resources, name_of);
  for (const auto& resource : r.resources) {
    auto& result = out.responses.emplace_back();
    result.resource_type = resource.resource_type;
    result.resource_name = resource.resource_name;
    if (names.at(name_of(resource)) > 1) {
      refuse(result, error_code::invalid_request, "Each resource must appear at most once.");
      continue;
    }
    auto of = metadata::config_resource_of(resource.resource_type, resource.resource_name);
    if (!of) {
      refuse(result, of.error());
      continue;
    }
    auto made = alter(*of, resource);
    if (!made)
      refuse(result, made.error());
    else if (auto failed = in.changes.add(std::move(*made)))
      refuse(result, failed);
  }
  return out;
}

alter_configs_response serve(controller_scope& in, const alter_configs_request& r) {
  return alter_each<alter_configs_response>(in, r, [&in](const auto& of, const auto& resource) {
    std::vector<std::pair<std::string, std::optional<std::string>>> wanted;
    for (const auto& c : resource.configs)
      wanted.emplace_back(c.name, c.value);
    return metadata::alter_configs(in.changes.now(), in.rules, of, wanted);
  });
}

incremental_alter_configs_response serve(controller_scope& in, const incremental_alter_configs_request& r) {
  return alter_each<incremental_alter_configs_response>(in, r, [&in](const auto& of, const auto& resource) {
    std::vector<metadata::config_change> changes;
    for (const auto& c : resource.configs)
      changes.push_back({c.name, static_cast<metadata::config_operation>(c.config_operation), c.value});
    return metadata::change_configs(in.changes.now(), in.rules, of, changes);
  });
}

// -- bodies -------------------------------------------------------------------------------------------------------

template <class Response>
expected<byte_slice> encode(const Response& response, std::int16_t version) {
  kafka::writer out;
  response.encode(out, version);
  if (!out.ok())
    return kafka::make_error(kafka::errc::unencodable, std::string{out.failure()});
  return flatten(std::move(out).finish());
}

/// Decodes the body as `Request` and hands it to `serve_it`.
template <class Request, class Serve>
expected<byte_slice> with_request(std::int16_t version, const byte_slice& body, Serve serve_it) {
  kafka::reader in{body};
  Request r;
  r.decode(in, version);
  if (auto problem = kafka::check_read(in, Request::api_name))
    return problem;
  return encode(serve_it(r), version);
}

template <class Visit>
expected<byte_slice> by_api(std::int16_t api_key, std::int16_t version, const byte_slice& body, Visit visit) {
  switch (api_key) {
    case create_topics_request::api_key: return with_request<create_topics_request>(version, body, visit);
    case delete_topics_request::api_key: return with_request<delete_topics_request>(version, body, visit);
    case create_partitions_request::api_key: return with_request<create_partitions_request>(version, body, visit);
    case alter_configs_request::api_key: return with_request<alter_configs_request>(version, body, visit);
    case incremental_alter_configs_request::api_key:
      return with_request<incremental_alter_configs_request>(version, body, visit);
    case kafka::elect_leaders_request::api_key:
      return with_request<kafka::elect_leaders_request>(version, body, visit);
    case kafka::alter_partition_reassignments_request::api_key:
      return with_request<kafka::alter_partition_reassignments_request>(version, body, visit);
    case kafka::list_partition_reassignments_request::api_key:
      return with_request<kafka::list_partition_reassignments_request>(version, body, visit);
    case kafka::update_features_request::api_key:
      return with_request<kafka::update_features_request>(version, body, visit);
    case kafka::unregister_broker_request::api_key:
      return with_request<kafka::unregister_broker_request>(version, body, visit);
    default: break;
  }
  return kafka::make_error(kafka::errc::unknown_api, "api " + std::to_string(api_key) + " is not the controller's");
}

}  // namespace

expected<byte_slice> work_out(controller_scope& in, std::int16_t api_key, std::int16_t version,
                              const byte_slice& body) {
  return by_api(api_key, version, body, [&in](const auto& r) { return serve(in, r); });
}

}  // namespace troupe
