#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// A number that means one thing: two different tags do not mix, and arithmetic is spelled out through `value`.
template <class Tag, class Rep>
struct strong {
  using rep = Rep;
  Rep value{};

  constexpr strong() = default;
  constexpr explicit strong(Rep v) : value(v) {}
  constexpr auto operator<=>(const strong&) const = default;
};

/// A record's position in a partition. Dense at append; gaps only after compaction.
using offset = strong<struct offset_tag, std::int64_t>;
/// Counts the leaders of one partition (KIP-101). -1 means unknown.
using leader_epoch = strong<struct leader_epoch_tag, std::int32_t>;
/// `node.id` of a node.
using node_id = strong<struct node_id_tag, std::int32_t>;
/// Number of a partition inside its topic, from 0.
using partition_index = strong<struct partition_index_tag, std::int32_t>;
/// Identity of an idempotent or transactional producer (KIP-98).
using producer_id = strong<struct producer_id_tag, std::int64_t>;

constexpr offset no_offset{-1};
constexpr leader_epoch no_epoch{-1};
constexpr producer_id no_producer_id{-1};

constexpr offset operator+(offset at, std::int64_t n) { return offset{at.value + n}; }
constexpr std::int64_t operator-(offset a, offset b) { return a.value - b.value; }

/// 128 random bits that name a topic for ever (KIP-516), so that a re-created topic is another one. All zero: none.
struct topic_id {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const topic_id&) const = default;
  bool is_zero() const { return *this == topic_id{}; }
};

/// URL-safe base64 without padding, as Kafka prints its ids.
std::string to_string(const topic_id& id);
/// Reads what `to_string` prints; none for other texts.
std::optional<topic_id> parse_topic_id(std::string_view text);

/// One partition of one topic.
struct partition_id {
  topic_id topic;
  partition_index index;
  auto operator<=>(const partition_id&) const = default;
};

}  // namespace troupe

template <class Tag, class Rep>
struct std::hash<troupe::strong<Tag, Rep>> {
  std::size_t operator()(const troupe::strong<Tag, Rep>& v) const noexcept { return std::hash<Rep>{}(v.value); }
};

template <>
struct std::hash<troupe::topic_id> {
  std::size_t operator()(const troupe::topic_id& id) const noexcept {
    std::uint64_t h = 1469598103934665603ULL;
    for (auto b : id.bytes)
      h = (h ^ b) * 1099511628211ULL;
    return h;
  }
};

template <>
struct std::hash<troupe::partition_id> {
  std::size_t operator()(const troupe::partition_id& id) const noexcept {
    return std::hash<troupe::topic_id>{}(id.topic) * 31 + static_cast<std::size_t>(id.index.value);
  }
};
