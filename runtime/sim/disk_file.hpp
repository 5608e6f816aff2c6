#pragma once

#include "runtime/sim/disk_state.hpp"

#include <memory>
#include <string>

namespace troupe::sim {

/// An open file of the simulated disk `on`; `path` is the one it was opened by, for messages and faults.
std::shared_ptr<file> make_file(std::shared_ptr<disk_state> on, inode_number number, std::string path,
                                bool is_writable);

}  // namespace troupe::sim
