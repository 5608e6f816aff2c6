#include "runtime/config/broker_config.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/config/properties.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace troupe::config {

namespace {

/// Without a file nobody asked for the network: we listen where only this machine reaches us.
constexpr std::string_view listeners_without_file = "PLAINTEXT://127.0.0.1:9092";

/// Settings whose defaults are below Kafka's, with the least value that groups may be given.
constexpr std::pair<std::string_view, std::string_view> defaults_below_kafkas[] = {
  {"group.consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms"},
  {"group.consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms"},
};

/// "did you mean …" for a key that no broker setting has.
std::string hint_for(std::string_view key) {
  auto synonyms = synonyms_of_topic(key);
  if (!synonyms.empty())
    return "it is a topic setting; its default for all topics is " + std::string{synonyms.front().key};
  auto near = nearest_key(key, broker_settings());
  return near.empty() ? "no setting has a name like this" : "did you mean " + std::string{near} + "?";
}

}  // namespace

broker_config::broker_config() {
  auto problem = finish();
  TROUPE_INVARIANT(!problem, "the defaults are a valid configuration");
}

expected<broker_config> broker_config::load(const std::optional<named_text>& file,
                                            const std::vector<std::string>& assignments) {
  broker_config result;
  if (file) {
    result.has_file_ = true;
    auto properties = parse_properties(file->text, file->name);
    if (!properties)
      return properties.error();
    for (auto& p : *properties)
      if (auto problem = result.take(p.key, p.value, file->name + ":" + std::to_string(p.line)))
        return problem;
  }
  for (auto& assignment : assignments) {
    auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      return make_error(errc::malformed_line, "--set " + assignment + ": write --set key=value");
    auto key = std::string{trimmed(std::string_view{assignment}.substr(0, equals))};
    if (auto problem = result.take(key, assignment.substr(equals + 1), "--set"))
      return problem;
  }
  if (auto problem = result.finish())
    return problem;
  return result;
}

error broker_config::take(const std::string& key, const std::string& value, const std::string& place) {
  auto* row = find_broker_setting(key);
  if (!row && !is_plugin_key(key))
    return make_error(errc::unknown_key, place + ": unknown setting \"" + key + "\"; " + hint_for(key));
  if (row)
    if (auto problem = check_value(*row, value))
      return with_context(place, problem);
  auto earlier = places_.find(key);
  // A file overridden on the command line is what --set is for; twice in the same place is a slip.
  if (earlier != places_.end() && (place != "--set" || earlier->second == "--set"))
    warnings_.push_back(place + ": " + key + " was already set at " + earlier->second + "; the later value counts");
  given_[key] = value;
  places_[key] = place;
  return {};
}

void broker_config::warn_without_effect() {
  for (auto& [key, value] : given_) {
    auto* row = find_broker_setting(key);
    // Of the settings of one listener, those of its TLS have an effect.
    const bool for_listener = row && row->key != key && !row->key.starts_with("ssl.");
    if (!row || for_listener || row->effect != effect::honoured)
      warnings_.push_back(place_of(key) + ": " + key + " has no effect in this version of Troupe");
  }
}

std::string broker_config::place_of(std::string_view key) const {
  auto at = places_.find(key);
  return at == places_.end() ? "default" : at->second;
}

std::optional<std::string> broker_config::text(std::string_view key) const {
  auto at = given_.find(key);
  if (at != given_.end())
    return at->second;
  if (key == "listeners" && !has_file_)
    return std::string{listeners_without_file};
  auto* row = find_broker_setting(key);
  TROUPE_INVARIANT(row != nullptr, "the setting stands in the table");
  // A file may name Kafka's own default as the least that is allowed: ours follows it.
  for (const auto& [value, least] : defaults_below_kafkas)
    if (const auto bound = given_.find(least); key == value && bound != given_.end())
      return *parse_integer(bound->second) > *parse_integer(*row->fallback) ? bound->second
                                                                            : std::string{*row->fallback};
  return row->fallback ? std::optional{std::string{*row->fallback}} : std::nullopt;
}

std::optional<std::string> broker_config::text_of(const listener& which, std::string_view key) const {
  std::string name = which.name;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto own = given_.find("listener.name." + name + "." + std::string{key});
  return own == given_.end() ? text(key) : std::optional{own->second};
}

std::int64_t broker_config::integer(std::string_view key) const {
  auto value = text(key);
  auto number = value ? parse_integer(*value) : std::nullopt;
  TROUPE_INVARIANT(number.has_value(), "asked as a number: a setting that is one and is not null");
  return *number;
}

double broker_config::real(std::string_view key) const {
  auto value = text(key);
  auto number = value ? parse_real(*value) : std::nullopt;
  TROUPE_INVARIANT(number.has_value(), "asked as a number: a setting that is one and is not null");
  return *number;
}

bool broker_config::flag(std::string_view key) const {
  auto value = text(key);
  auto truth = value ? parse_boolean(*value) : std::nullopt;
  TROUPE_INVARIANT(truth.has_value(), "asked as a boolean: a setting that is one and is not null");
  return *truth;
}

std::vector<std::string> broker_config::list(std::string_view key) const {
  auto value = text(key);
  return value ? split_list(*value) : std::vector<std::string>{};
}

std::chrono::milliseconds broker_config::duration(std::string_view key) const {
  TROUPE_INVARIANT(key.ends_with(".ms"), "asked as a duration: a setting in milliseconds");
  return std::chrono::milliseconds{integer(key)};
}

node_id broker_config::id() const {
  bool old_name = !is_given("node.id") && is_given("broker.id");
  return node_id{static_cast<std::int32_t>(integer(old_name ? "broker.id" : "node.id"))};
}

std::vector<std::string> broker_config::log_dirs() const {
  auto several = list("log.dirs");
  return several.empty() ? list("log.dir") : several;
}

std::int64_t broker_config::max_connections_of(std::string_view host) const {
  auto at = connection_limits_.find(host);
  return at == connection_limits_.end() ? integer("max.connections.per.ip") : at->second;
}

}  // namespace troupe::config
