// DescribeConfigs and ListConfigResources.
#include "actors/api/handler.hpp"
#include "runtime/config/describe.hpp"
#include "runtime/metadata/image.hpp"
#include "schema/kafka/describe_configs.hpp"
#include "schema/kafka/list_config_resources.hpp"

#include <algorithm>

namespace troupe::api {

namespace {

using kafka::describe_configs_request;
using kafka::describe_configs_response;

enum class resource_type : std::int8_t { topic = 2, broker = 4, group = 32 };

describe_configs_response::config told(config::described_setting&& s, const describe_configs_request& r) {
  describe_configs_response::config out;
  out.name = std::move(s.name);
  out.value = std::move(s.value);
  out.read_only = s.read_only;
  out.config_source = static_cast<std::int8_t>(s.source);
  out.is_sensitive = s.sensitive;
  out.config_type = static_cast<std::int8_t>(s.type);
  if (r.include_synonyms)
    for (auto& synonym : s.synonyms)
      out.synonyms.push_back(
          {std::move(synonym.name), std::move(synonym.value), static_cast<std::int8_t>(synonym.source)});
  if (r.include_documentation)
    out.documentation = std::string{s.documentation};
  return out;
}

void refuse(describe_configs_response::result& out, kafka::error_code code, std::string_view why) {
  out.error_code = static_cast<std::int16_t>(code);
  out.error_message = std::string{why};
}

/// The settings of one resource; an error stands in `out` and then there are none.
std::vector<config::described_setting> describe_one(session_port& in, const cluster_view& view,
                                                    const describe_configs_request::resource& asked,
                                                    describe_configs_response::result& out) {
  const auto& image = *view.image;
  const auto self = in.context().self;
  config::layers from{nullptr, image.broker_config(self), image.cluster_config(), &in.context().settings};
  const config::key_filter keys = asked.configuration_keys ? &*asked.configuration_keys : nullptr;
  switch (static_cast<resource_type>(asked.resource_type)) {
    case resource_type::topic: {
      const auto topic = image.find_topic(asked.resource_name);
      if (!topic) {
        refuse(out, kafka::error_code::unknown_topic_or_partition, "topic " + asked.resource_name + " does not exist");
        return {};
      }
      from.topic = &topic->configs;
      return config::describe_topic(from, keys);
    }
    case resource_type::broker:
      if (asked.resource_name.empty())
        return config::describe_cluster_default(from, keys);
      if (asked.resource_name == std::to_string(self.value))
        return config::describe_broker(from, keys);
      refuse(out, kafka::error_code::invalid_request,
             "this is broker " + std::to_string(self.value) + ", not " + asked.resource_name
                 + "; ask that one, or name \"\"");
      return {};
    case resource_type::group:
      if (asked.resource_name.empty()) {
        refuse(out, kafka::error_code::invalid_request, "Group name must not be empty");
        return {};
      }
      from.group = image.group_config(asked.resource_name);
      return config::describe_group(from, keys);
    default: break;
  }
  refuse(out, kafka::error_code::invalid_request,
         "resource type " + std::to_string(asked.resource_type)
             + " has no settings here: 2 are topics, 4 brokers, 32 groups");
  return {};
}

void add_resource(kafka::list_config_resources_response& out, std::string name, resource_type type) {
  auto& resource = out.config_resources.emplace_back();
  resource.resource_name = std::move(name);
  resource.resource_type = static_cast<std::int8_t>(type);
}

}  // namespace

void describe_configs(session_port& in, const call& what, kafka::reader& body) {
  describe_configs_request r;
  if (!in.decode(what, body, r))
    return;
  const auto view = in.view();
  describe_configs_response out;
  for (const auto& asked : r.resources) {
    auto& result = out.results.emplace_back();
    result.resource_type = asked.resource_type;
    result.resource_name = asked.resource_name;
    for (auto& s : describe_one(in, *view, asked, result))
      result.configs.push_back(told(std::move(s), r));
  }
  in.reply(what, out);
}

/// Topics, brokers, and the groups that have settings of their own, as Kafka does. Version 0 knows client metrics
/// only.
void list_config_resources(session_port& in, const call& what, kafka::reader& body) {
  kafka::list_config_resources_request r;
  if (!in.decode(what, body, r))
    return;
  kafka::list_config_resources_response out;
  const auto view = in.view();
  const auto wanted = [&](resource_type type) {
    return what.version >= 1 && (r.resource_types.empty() || std::find(r.resource_types.begin(), r.resource_types.end(),
                                                                       static_cast<std::int8_t>(type))
                                                                != r.resource_types.end());
  };
  if (wanted(resource_type::topic))
    for (const auto& topic : view->image->topics_by_name())
      add_resource(out, topic->name, resource_type::topic);
  if (wanted(resource_type::broker))
    for (const auto& [id, broker] : view->image->brokers())
      add_resource(out, std::to_string(id.value), resource_type::broker);
  if (wanted(resource_type::group))
    for (const auto& group : view->image->group_configs())
      add_resource(out, group->group, resource_type::group);
  in.reply(what, out);
}

}  // namespace troupe::api
