#include "runtime/group/bounds.hpp"
#include "runtime/group/levelling.hpp"

namespace troupe::group {

namespace {

class uniform final : public assignor {
 public:
  std::string_view name() const override { return "uniform"; }

  expected<group_assignment> assign(const assignment_task& task) const override {
    shares all{task};
    hand_out(all);
    if (are_alike(all)) {
      level_alike(all);
    } else {
      level_out(all, bounds::assignor_looks_max);
      give_back(all);
    }
    return all.settle();
  }
};

}  // namespace

std::shared_ptr<const assignor> uniform_assignor() { return std::make_shared<uniform>(); }

}  // namespace troupe::group
