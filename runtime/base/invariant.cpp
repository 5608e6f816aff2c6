#include "runtime/base/invariant.hpp"

#include <stdexcept>
#include <string>

namespace troupe {

void invariant_broken(std::string_view condition, std::string_view why, const char* file, int line) {
  throw std::logic_error{"invariant broken: " + std::string{why} + " (" + std::string{condition} + ") at " + file + ":"
                         + std::to_string(line)};
}

}  // namespace troupe
