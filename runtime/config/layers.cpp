#include "runtime/config/layers.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

const std::string* find(const value_map* in, std::string_view key) {
  if (in == nullptr)
    return nullptr;
  auto at = in->find(key);
  return at == in->end() ? nullptr : &at->second;
}

/// A broker value in the unit of the topic setting; a negative one means "none" in every unit.
std::string scaled(const setting& row, const std::string& text, std::int64_t factor) {
  auto plain = normalised(row.type, text);
  if (factor == 1)
    return plain;
  auto number = parse_integer(plain).value_or(0);
  return std::to_string(number < 0 ? -1 : number * factor);
}

std::optional<found_value> first_synonym(const value_map* in, std::string_view topic_key, source where) {
  for (auto& s : synonyms_of_topic(topic_key))
    if (auto* text = find(in, s.key))
      return found_value{std::string{s.key}, scaled(*find_broker_setting(s.key), *text, s.factor), where};
  return std::nullopt;
}

}  // namespace

std::optional<found_value> topic_value(const layers& from, std::string_view key) {
  auto* row = find_topic_setting(key);
  TROUPE_INVARIANT(row != nullptr && from.fixed != nullptr, "asked for a topic setting of the table");
  if (auto* text = find(from.topic, key))
    return found_value{std::string{key}, normalised(row->type, *text), source::topic};
  if (auto found = first_synonym(from.broker, key, source::dynamic_broker))
    return found;
  if (auto found = first_synonym(from.cluster, key, source::dynamic_default_broker))
    return found;
  if (auto found = first_synonym(&from.fixed->given(), key, source::static_broker))
    return found;
  if (!row->fallback)
    return std::nullopt;
  return found_value{std::string{key}, std::string{*row->fallback}, source::default_value};
}

std::optional<found_value> broker_value(const layers& from, std::string_view key) {
  auto* row = find_broker_setting(key);
  TROUPE_INVARIANT(row != nullptr && from.fixed != nullptr, "asked for a broker setting of the table");
  auto found = [&](const std::string& text, source where) {
    return found_value{std::string{key}, normalised(row->type, text), where};
  };
  if (auto* text = find(from.broker, key))
    return found(*text, source::dynamic_broker);
  if (auto* text = find(from.cluster, key))
    return found(*text, source::dynamic_default_broker);
  if (auto* text = find(&from.fixed->given(), key))
    return found(*text, source::static_broker);
  if (key == "node.id" && from.fixed->is_given("broker.id"))
    return found_value{"broker.id", std::to_string(from.fixed->id().value), source::static_broker};
  auto text = from.fixed->text(key);
  return text ? std::optional{found(*text, source::default_value)} : std::nullopt;
}

found_value group_value(const layers& from, std::string_view key) {
  auto* row = find_group_setting(key);
  TROUPE_INVARIANT(row != nullptr, "asked for a setting of groups of the table");
  if (auto* text = find(from.group, key))
    return {std::string{key}, normalised(row->type, *text), source::group};
  auto found = broker_value(from, synonyms_of_group(key).fallback.key);
  TROUPE_INVARIANT(found.has_value(), "the broker settings behind those of groups are not null");
  return *found;
}

std::int64_t group_integer(const layers& from, std::string_view key) {
  auto found = group_value(from, key);
  auto number = parse_integer(found.text).value_or(0);
  if (found.source != source::group)
    return number;
  auto& names = synonyms_of_group(key);
  return std::max(from.fixed->integer(names.lowest), std::min(number, from.fixed->integer(names.highest)));
}

std::int64_t broker_integer(const layers& from, std::string_view key) {
  auto value = broker_value(from, key);
  auto number = value ? parse_integer(value->text) : std::nullopt;
  TROUPE_INVARIANT(number.has_value(), "asked as a number: a setting that is one and is not null");
  return *number;
}

bool broker_flag(const layers& from, std::string_view key) {
  auto value = broker_value(from, key);
  auto truth = value ? parse_boolean(value->text) : std::nullopt;
  TROUPE_INVARIANT(truth.has_value(), "asked as a boolean: a setting that is one and is not null");
  return *truth;
}

}  // namespace troupe::config
