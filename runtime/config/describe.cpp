#include "runtime/config/describe.hpp"

#include "runtime/config/values.hpp"

#include <algorithm>

namespace troupe::config {

namespace {

bool wanted(key_filter keys, std::string_view key) {
  return keys == nullptr || keys->empty() || std::ranges::find(*keys, key) != keys->end();
}

described_setting entry_for(const setting& row) {
  described_setting entry;
  entry.name = row.key;
  entry.type = row.type;
  entry.sensitive = row.sensitive();
  entry.documentation = row.doc;
  return entry;
}

void show(described_setting& entry, const std::optional<found_value>& found) {
  if (!found)
    return;
  entry.source = found->source;
  if (!entry.sensitive)
    entry.value = found->text;
}

/// Adds every value that one of `names` has, place by place. A default counts only under the first name: the others'
/// default would say nothing that the setting itself does not.
void add_synonyms(described_setting& entry, std::span<const synonym> names, const layers& from) {
  auto add = [&](std::string_view key, const std::string& text, source where) {
    auto& row = *find_broker_setting(key);
    auto value = row.sensitive() ? std::nullopt : std::optional{normalised(row.type, text)};
    entry.synonyms.push_back({std::string{key}, std::move(value), where});
  };
  auto add_all = [&](const value_map* in, source where) {
    for (auto& name : names)
      if (in != nullptr)
        if (auto at = in->find(name.key); at != in->end())
          add(name.key, at->second, where);
  };
  add_all(from.broker, source::dynamic_broker);
  add_all(from.cluster, source::dynamic_default_broker);
  add_all(&from.fixed->given(), source::static_broker);
  if (names.empty())
    return;
  auto& first = names.front();
  if (from.fixed->is_given(first.key)) {
    if (auto& fallback = find_broker_setting(first.key)->fallback)
      add(first.key, std::string{*fallback}, source::default_value);
  } else if (auto text = from.fixed->text(first.key)) {
    add(first.key, *text, source::default_value);
  }
}

described_setting broker_entry(const setting& row, const layers& from) {
  auto entry = entry_for(row);
  entry.read_only = row.scope == scope::fixed;
  show(entry, broker_value(from, row.key));
  synonym self{row.key};
  auto chain = synonyms_of_broker(row.key);
  add_synonyms(entry, chain.empty() ? std::span<const synonym>{&self, 1} : chain, from);
  // What stands in front of the setting's own values belongs to another setting.
  auto own = std::ranges::find(entry.synonyms, entry.name, &described_setting::synonym_value::name);
  entry.synonyms.erase(entry.synonyms.begin(), own);
  return entry;
}

}  // namespace

std::vector<described_setting> describe_topic(const layers& from, key_filter keys) {
  std::vector<described_setting> all;
  for (auto& row : topic_settings()) {
    if (row.effect == effect::hidden || !wanted(keys, row.key))
      continue;
    auto entry = entry_for(row);
    auto found = topic_value(from, row.key);
    show(entry, found);
    if (found && found->source == source::topic)
      entry.synonyms.push_back({std::string{row.key}, entry.value, source::topic});
    add_synonyms(entry, synonyms_of_topic(row.key), from);
    all.push_back(std::move(entry));
  }
  return all;
}

std::vector<described_setting> describe_group(const layers& from, key_filter keys) {
  std::vector<described_setting> all;
  for (auto& row : group_settings()) {
    if (!wanted(keys, row.key))
      continue;
    auto entry = entry_for(row);
    auto found = group_value(from, row.key);
    show(entry, found);
    if (found.source == source::group)
      entry.synonyms.push_back({std::string{row.key}, entry.value, source::group});
    add_synonyms(entry, {&synonyms_of_group(row.key).fallback, 1}, from);
    all.push_back(std::move(entry));
  }
  return all;
}

std::vector<described_setting> describe_broker(const layers& from, key_filter keys) {
  std::vector<described_setting> all;
  for (auto& row : broker_settings())
    if (row.effect != effect::hidden && wanted(keys, row.key))
      all.push_back(broker_entry(row, from));
  return all;
}

std::vector<described_setting> describe_cluster_default(const layers& from, key_filter keys) {
  std::vector<described_setting> all;
  if (from.cluster == nullptr)
    return all;
  for (auto& [key, text] : *from.cluster) {
    auto* row = find_broker_setting(key);
    if (row == nullptr || !wanted(keys, key))
      continue;
    auto entry = entry_for(*row);
    entry.name = key;
    entry.read_only = row->scope == scope::fixed;
    show(entry, found_value{key, normalised(row->type, text), source::dynamic_default_broker});
    entry.synonyms.push_back({key, entry.value, source::dynamic_default_broker});
    all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace troupe::config
