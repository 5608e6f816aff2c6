#include "runtime/node/epoch_check.hpp"

#include "runtime/node/errors.hpp"

namespace troupe {

error check_epoch(leader_epoch of_sender, leader_epoch ours, const std::string& name) {
  if (of_sender == no_epoch || of_sender == ours)
    return {};
  if (of_sender < ours)
    return make_error(node_errc::fenced_leader_epoch, name + ": leader epoch is " + std::to_string(ours.value));
  return make_error(node_errc::unknown_leader_epoch, name + ": leader epoch is only " + std::to_string(ours.value));
}

}  // namespace troupe
