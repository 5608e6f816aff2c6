#pragma once

#include "runtime/base/error.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/metadata/records.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Features of the whole cluster that clients see in ApiVersions (KIP-584). Pure.
namespace troupe::metadata {

/// A feature that this version knows. Level 0, where it is supported, is the feature switched off.
struct feature_range {
  std::string_view name;
  std::int16_t min_level = 0;
  std::int16_t max_level = 0;
  std::int16_t first_level = 0;  ///< of a new cluster
};

/// All of them, by name. The levels of a new cluster are those of Kafka 4.3.1.
std::span<const feature_range> known_features();

/// The records that finalize the features of a new cluster; none where there are finalized ones already.
records first_features(const image& on);

/// In which direction UpdateFeatures may go; the numbers are Kafka's.
enum class upgrade_type : std::int8_t { upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

/// One wish of UpdateFeatures.
struct feature_update {
  std::string name;
  std::int16_t level = 0;
  upgrade_type how = upgrade_type::upgrade;
};

/// All updates or none. Errors: invalid_update_version, naming the feature, when it is not known, does not have that
/// level, or the level lies in the other direction; invalid_request when a feature is named twice.
expected<records> update_features(const image& on, const std::vector<feature_update>& wishes);

}  // namespace troupe::metadata
