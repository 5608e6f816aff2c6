#include "runtime/metadata/voters.hpp"

#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/errors.hpp"
#include "runtime/metadata/record_builders.hpp"

#include <algorithm>

namespace troupe::metadata {

namespace {

error check(const voter& v) {
  const auto who = "voter " + std::to_string(v.id.value) + ": ";
  if (v.id.value < 0)
    return make_error(errc::invalid_request, who + "an id must not be negative");
  if (v.directory.is_zero())
    return make_error(errc::invalid_request, who + "no directory id is given");
  if (v.host.empty() || v.port == 0)
    return make_error(errc::invalid_request, who + "no address is given");
  return {};
}

}  // namespace

expected<records> set_voters(const image& on, std::vector<voter> all) {
  if (all.empty())
    return make_error(errc::invalid_request, "the metadata log needs a voter");
  if (all.size() > bounds::voters_max)
    return make_error(errc::policy_violation, std::to_string(all.size()) + " voters, at most "
                                                + std::to_string(bounds::voters_max) + " are possible");
  std::sort(all.begin(), all.end(), [](const voter& a, const voter& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (auto refused = check(all[i]))
      return refused;
    if (i > 0 && all[i].id == all[i - 1].id)
      return make_error(errc::invalid_request, "voter " + std::to_string(all[i].id.value) + " is named twice");
  }
  if (all == on.voters())
    return records{};
  return records{voters_record(all)};
}

}  // namespace troupe::metadata
