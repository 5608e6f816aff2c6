// Values and offsets belong together one to one.
#include "runtime/check/checks.hpp"
#include "runtime/check/evidence.hpp"

#include <algorithm>
#include <vector>

namespace troupe::check {

namespace {

constexpr std::size_t sightings_named_max = 4;

/// All places where one value, or all values that at one offset, were seen; each with its witness.
std::string witnesses(const observed& seen, const observed_log& log, const std::vector<sighting>& of) {
  std::string out;
  for (std::size_t i = 0; i < std::min(of.size(), sightings_named_max); ++i) {
    const auto what = log.values[of[i].value_number].what;
    out += evidence(seen, shown(what, of[i].at).c_str(), seen.witness(log.key, what, of[i].at), log.key, of[i].at);
  }
  return out;
}

void check_inconsistent(const observed& seen, const observed_log& log, findings& to) {
  for (auto from = log.sightings.begin(); from != log.sightings.end();) {
    const auto end = std::find_if(from, log.sightings.end(), [&](const sighting& s) { return s.at != from->at; });
    if (end - from > 1)
      if (auto* f = to.add(anomaly::inconsistent_offsets, log.key))
        f->text = std::to_string(end - from) + " values at offset " + std::to_string(from->at.value) + " of partition "
                  + std::to_string(log.key.value) + witnesses(seen, log, {from, end});
    from = end;
  }
}

void check_duplicates(const observed& seen, const observed_log& log, findings& to) {
  std::vector<std::uint32_t> several;
  for (std::uint32_t number = 0; number < log.values.size(); ++number)
    if (log.values[number].first_place != log.values[number].last_place)
      several.push_back(number);
  for (const auto number : several) {
    auto* f = to.add(anomaly::duplicate, log.key);
    if (f == nullptr)
      continue;
    std::vector<sighting> of;
    std::copy_if(log.sightings.begin(), log.sightings.end(), std::back_inserter(of),
                 [&](const sighting& s) { return s.visible && s.value_number == number; });
    f->text = "value " + std::to_string(log.values[number].what.value) + " at " + std::to_string(of.size())
              + " offsets of partition " + std::to_string(log.key.value) + witnesses(seen, log, of);
  }
}

}  // namespace

void check_offsets(const observed& seen, findings& to) {
  for (const auto& log : seen.logs()) {
    check_inconsistent(seen, log, to);
    check_duplicates(seen, log, to);
  }
}

}  // namespace troupe::check
