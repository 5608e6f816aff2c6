#include "runtime/metadata/features.hpp"

#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace troupe::metadata {

namespace {

// The ELR and the format of the metadata log are not optional here: their first level is the only one.
constexpr std::array<feature_range, 6> table{{
  {"eligible.leader.replicas.version", 1, 1, 1},
  {"group.version", 0, 1, 1},
  {"metadata.version", 30, 30, 30},
  {"share.version", 0, 1, 1},
  {"streams.version", 0, 1, 1},
  {"transaction.version", 0, 2, 2},
}};

error refuse(const feature_update& wish, const std::string& why) {
  return make_error(errc::invalid_update_version,
                    "feature " + wish.name + " cannot be set to level " + std::to_string(wish.level) + ": " + why);
}

error check(const image& on, const feature_update& wish) {
  if (wish.how < upgrade_type::upgrade || wish.how > upgrade_type::unsafe_downgrade)
    return refuse(wish, "upgrade type " + std::to_string(static_cast<int>(wish.how)) + " is not known");
  if (wish.level < 0)
    return refuse(wish, "a level must not be negative");
  const auto known = std::find_if(table.begin(), table.end(), [&](const auto& f) { return f.name == wish.name; });
  if (known == table.end())
    return refuse(wish, "it is not known here");
  if (wish.level < known->min_level || wish.level > known->max_level)
    return refuse(wish, "levels " + std::to_string(known->min_level) + " to " + std::to_string(known->max_level)
                          + " are supported");
  const auto now = on.feature(wish.name);
  if (wish.level < now && wish.how == upgrade_type::upgrade)
    return refuse(wish, "it has level " + std::to_string(now) + "; ask for a downgrade to go back");
  if (wish.level > now && wish.how != upgrade_type::upgrade)
    return refuse(wish, "it has level " + std::to_string(now) + ", so that this would not be a downgrade");
  return {};
}

}  // namespace

std::span<const feature_range> known_features() {
  return table;
}

records first_features(const image& on) {
  records out;
  if (on.features().empty())
    for (const auto& f : table)
      out.push_back(feature_record(std::string{f.name}, f.first_level));
  return out;
}

expected<records> update_features(const image& on, const std::vector<feature_update>& wishes) {
  records out;
  std::set<std::string_view> seen;
  for (const auto& wish : wishes) {
    if (!seen.insert(wish.name).second)
      return make_error(errc::invalid_request, "feature " + wish.name + " is named twice");
    if (auto refused = check(on, wish))
      return refused;
    if (wish.level != on.feature(wish.name))
      out.push_back(feature_record(wish.name, wish.level));
  }
  return out;
}

}  // namespace troupe::metadata
