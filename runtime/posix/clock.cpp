#include "runtime/posix/clock.hpp"

namespace troupe::posix {

namespace {

class system_clocks final : public clock {
 public:
  monotonic_time monotonic_now() override { return std::chrono::steady_clock::now(); }
  wall_time wall_now() override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace

std::unique_ptr<clock> make_clock() {
  return std::make_unique<system_clocks>();
}

}  // namespace troupe::posix
