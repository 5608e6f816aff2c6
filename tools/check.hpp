#pragma once

#include <string>
#include <vector>

namespace troupe::tools {

/// What `troupe check` was told.
struct check_options {
  std::vector<std::string> files;  ///< histories in the text form; those of one run may lie in several files
  bool duplicates = false;         ///< producers were not idempotent
};

/// Judges a history and prints what was found; exit code 0 without anomalies, 1 with, 2 when it cannot be judged.
int check(const check_options& options);

}  // namespace troupe::tools
