#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

/// Every API that the broker serves. What is not in the table is neither advertised nor answered.
namespace troupe::kafka {

/// Kinds of things that rights are given on; the numbers are the protocol's.
enum class resource : std::int8_t { topic = 2, group, cluster, transactional_id, delegation_token, user };

/// What may be done to them; the numbers are the protocol's and bits of `…_authorized_operations` fields.
enum class operation : std::int8_t {
  all = 2,
  read,
  write,
  create,
  remove,
  alter,
  describe,
  cluster_action,
  describe_configs,
  alter_configs,
  idempotent_write,
  create_tokens,
  describe_tokens,
  two_phase_commit,
};

/// When a right is demanded.
enum class demand : std::uint8_t {
  always,             ///< for each resource of the kind that the request names
  if_consumer,        ///< the request comes from a client, not from a replica
  if_follower,        ///< the request comes from a replica
  if_transactional,   ///< the request names a transactional id
  unless_transactional,
  if_named,           ///< the request may name resources of several kinds, this among them
  if_creating,        ///< answering would create the topic
  or_instead,         ///< is enough in place of the right before it
};

/// What one must be allowed to do, on what, and when that matters.
struct right {
  resource on;
  operation to;
  demand when = demand::always;
};

/// The rights that a request needs. There is no empty rule: an API that needs none says so with `open_to_all`.
class rights_rule {
 public:
  static constexpr std::size_t rights_max = 4;

  /// The rights that are all needed, apart from what `demand` says.
  consteval rights_rule(std::initializer_list<right> rights) : count_(rights.size()) {
    if (count_ == 0 || count_ > rights_max)
      throw "a rule names one to four rights";
    std::size_t i = 0;
    for (const auto& each : rights)
      rights_[i++] = each;
  }
  /// For requests that come before the login.
  static consteval rights_rule open_to_all() { return rights_rule{}; }

  /// True when not even a login is needed.
  bool is_open_to_all() const { return count_ == 0; }
  /// Empty only when open to all.
  std::span<const right> rights() const { return {rights_.data(), count_}; }

 private:
  consteval rights_rule() = default;

  std::array<right, rights_max> rights_{};
  std::size_t count_ = 0;
};

/// Key of the API that a client asks before it knows any version.
constexpr std::int16_t api_versions_key = 18;

/// What the broker knows of an API apart from its fields.
struct api {
  std::int16_t key;
  std::string_view name;            ///< as in `schema/kafka`
  std::int16_t min_version;         ///< versions that are answered
  std::int16_t max_version;
  std::int16_t advertised_min;      ///< lowest version that ApiVersions tells
  std::int16_t flexible_from;       ///< first version with compact lengths and tagged fields
  rights_rule rights;
  bool changes_metadata;            ///< later requests of the connection wait until it is done

  /// True for versions that are answered, which are fewer than advertised for Produce.
  bool serves(std::int16_t version) const { return version >= min_version && version <= max_version; }
  /// Version of the header in front of a request of this version.
  std::int16_t request_header_version(std::int16_t version) const { return version >= flexible_from ? 2 : 1; }
  /// The answer to ApiVersions keeps header 0 in all versions: its reader may not know which version it gets (KIP-511).
  std::int16_t response_header_version(std::int16_t version) const {
    return key != api_versions_key && version >= flexible_from ? 1 : 0;
  }
};

/// All served APIs by ascending key.
std::span<const api> served_apis();

/// The API of this key; null when it is not served.
const api* find_api(std::int16_t key);

}  // namespace troupe::kafka
