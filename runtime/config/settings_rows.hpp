#pragma once

#include "runtime/config/settings.hpp"

#include <optional>
#include <span>
#include <string_view>

/// The words that the tables of `settings_*.cpp` are written in. A row is: key, type, default, allowed values, how it
/// can be changed on a running node, what this release does with it, and a sentence for a person.
namespace troupe::config::rows {

using enum value_type;
using enum scope;
using enum effect;

/// A setting whose default is null.
constexpr std::nullopt_t none = std::nullopt;
/// Any value of the type.
constexpr allowed_values any{};
/// Any value but an empty one.
constexpr allowed_values something{.non_empty = true};

/// A number from `low` on.
constexpr allowed_values at_least(double low) { return {.low = low}; }
/// A number from `low` on, or `other`.
constexpr allowed_values at_least_or(double low, double other) { return {.low = low, .exception = other}; }
/// A number from `low` to `high`, both included.
constexpr allowed_values between(double low, double high) { return {.low = low, .high = high}; }
/// A number from `low` to `high`, or `other`.
constexpr allowed_values between_or(double low, double high, double other) {
  return {.low = low, .high = high, .exception = other};
}
/// One of the words, which a bar separates; for a list, each entry has to be one.
constexpr allowed_values one_of(std::string_view words) { return {.words = words}; }
/// As `one_of`, upper and lower case being equal.
constexpr allowed_values any_case(std::string_view words) { return {.words = words, .ignore_case = true}; }

// One table each; see the file of the same name.
std::span<const setting> controller();    ///< controllers and the metadata log
std::span<const setting> coordinators();  ///< topics of the coordinators
std::span<const setting> groups();        ///< groups of consumers
std::span<const setting> log();           ///< segments, retention, compaction, compression
std::span<const setting> network();       ///< listeners, connections, requests
std::span<const setting> node();          ///< the node, topics, metrics
std::span<const setting> one_group();     ///< settings of one group
std::span<const setting> replication();   ///< between nodes
std::span<const setting> sasl();          ///< logins
std::span<const setting> security();      ///< TLS, authorization, tokens
std::span<const setting> tiering();       ///< tiered storage
std::span<const setting> topics();        ///< settings of a topic
std::span<const setting> transactions();  ///< transactions

}  // namespace troupe::config::rows
