#pragma once

#include "log_owner.hpp"

#include <functional>

namespace troupe::storage_test {

/// A storage routine to be crashed at each operation that it makes.
struct scenario {
  log::options how;
  std::function<void(log_owner&)> arrange;  ///< runs whole, after the first start
  std::function<void(log_owner&)> routine;  ///< is cut off
  std::uint64_t seeds = 12;                 ///< power losses of each mode for each cut
  bool crash_in_recovery = true;            ///< a start after the crash is cut off at each of its operations too
};

/// For each operation that the routine makes: the process dies before it; then the process starts again with the system
/// still up, and after power losses of both modes. `judge` says whether every promise is kept.
void crash_everywhere(const scenario& s);

/// Small segments and a dense index, so that a few batches make all kinds of files.
log::options small_segments();

}  // namespace troupe::storage_test
