#include "runtime/config/settings.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/config/settings_rows.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace troupe::config {

namespace {

/// Key prefixes whose owner is a plug-in of Kafka's.
constexpr std::string_view plugin_prefixes[] = {"config.providers.", "confluent.", "metrics.jmx.", "metrics.context.",
                                                "rlmm.config.", "rsm.config."};

std::vector<setting> sorted(std::initializer_list<std::span<const setting>> tables) {
  std::vector<setting> all;
  for (auto table : tables)
    all.insert(all.end(), table.begin(), table.end());
  std::ranges::sort(all, {}, &setting::key);
  auto twin = std::ranges::adjacent_find(all, {}, &setting::key);
  TROUPE_INVARIANT(twin == all.end(), "a setting stands in two tables");
  return all;
}

const setting* find(std::span<const setting> table, std::string_view key) {
  auto at = std::ranges::lower_bound(table, key, {}, &setting::key);
  return at != table.end() && at->key == key ? &*at : nullptr;
}

/// `listener.name.<listener>.<key>` → `<key>`; otherwise empty.
std::string_view without_listener(std::string_view key) {
  constexpr std::string_view prefix = "listener.name.";
  if (!key.starts_with(prefix))
    return {};
  auto dot = key.find('.', prefix.size());
  return dot == std::string_view::npos || dot == prefix.size() ? std::string_view{} : key.substr(dot + 1);
}

/// How many letters have to be put in, left out or exchanged; `limit + 1` when it is more than `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size())
    std::swap(a, b);
  if (b.size() - a.size() > limit)
    return limit + 1;
  std::vector<std::size_t> row(a.size() + 1);
  for (std::size_t i = 0; i <= a.size(); ++i)
    row[i] = i;
  for (std::size_t j = 1; j <= b.size(); ++j) {
    auto diagonal = row[0];
    row[0] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      auto above = row[i];
      row[i] = std::min({row[i] + 1, row[i - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[a.size()];
}

}  // namespace

std::span<const setting> broker_settings() {
  using namespace rows;
  static const auto all = sorted({controller(), coordinators(), groups(), log(), network(), node(), replication(),
                                  sasl(), security(), tiering(), transactions()});
  return all;
}

std::span<const setting> topic_settings() {
  static const auto all = sorted({rows::topics()});
  return all;
}

std::span<const setting> group_settings() {
  static const auto all = sorted({rows::one_group()});
  return all;
}

const setting* find_broker_setting(std::string_view key) {
  if (auto* plain = find(broker_settings(), key))
    return plain;
  auto inner = without_listener(key);
  // `listener.name.x.sasl_ssl.…` and the mechanism in front of a SASL key: Kafka writes plain.sasl.jaas.config.
  if (auto dot = inner.find(".sasl."); dot != std::string_view::npos)
    inner = inner.substr(dot + 1);
  return inner.empty() ? nullptr : find(broker_settings(), inner);
}

const setting* find_topic_setting(std::string_view key) {
  return find(topic_settings(), key);
}

const setting* find_group_setting(std::string_view key) {
  return find(group_settings(), key);
}

bool is_plugin_key(std::string_view key) {
  return std::ranges::any_of(plugin_prefixes, [key](auto prefix) { return key.starts_with(prefix); });
}

std::string_view nearest_key(std::string_view key, std::span<const setting> known) {
  constexpr std::size_t key_bytes_max = 256;
  if (key.size() > key_bytes_max)
    return {};
  auto limit = std::max<std::size_t>(2, key.size() / 3);
  std::string_view best;
  for (auto& candidate : known) {
    auto distance = edit_distance(key, candidate.key, limit);
    if (distance <= limit) {
      best = candidate.key;
      if (distance == 0)
        break;
      limit = distance - 1;
    }
  }
  return best;
}

}  // namespace troupe::config
