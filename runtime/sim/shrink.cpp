#include "runtime/sim/shrink.hpp"

#include <algorithm>

namespace troupe::sim {

fault_plan shrink(fault_plan failing, const std::function<bool(const fault_plan&)>& fails, std::size_t runs_most) {
  std::size_t parts = 2;
  while (!failing.empty() && runs_most > 0) {
    parts = std::min(parts, failing.size());
    bool is_smaller = false;
    for (std::size_t part = 0; part < parts && runs_most > 0 && !is_smaller; ++part) {
      const auto from = static_cast<std::ptrdiff_t>(failing.size() * part / parts);
      const auto to = static_cast<std::ptrdiff_t>(failing.size() * (part + 1) / parts);
      auto rest = failing;
      rest.erase(rest.begin() + from, rest.begin() + to);
      --runs_most;
      if (!fails(rest))
        continue;
      failing = std::move(rest);
      is_smaller = true;
    }
    if (is_smaller)
      parts = std::max<std::size_t>(2, parts - 1);
    else if (parts == failing.size())
      break;
    else
      parts *= 2;
  }
  return failing;
}

}  // namespace troupe::sim
