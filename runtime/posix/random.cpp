#include "runtime/posix/random.hpp"

#include "runtime/base/invariant.hpp"

#include <sys/random.h>

namespace troupe::posix {

namespace {

class system_random final : public random_source {
 public:
  std::uint64_t next(random_purpose) override {
    std::uint64_t bits = 0;
    const auto count = ::getrandom(&bits, sizeof bits, 0);
    TROUPE_INVARIANT(count == sizeof bits, "small reads of the system's randomness are never cut short");
    return bits;
  }
};

}  // namespace

std::unique_ptr<random_source> make_random() {
  return std::make_unique<system_random>();
}

}  // namespace troupe::posix
