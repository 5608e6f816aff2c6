#pragma once

#include <string>
#include <vector>

namespace troupe::tools {

/// What `troupe serve` was told.
struct serve_options {
  std::string config_file;               ///< empty: none
  std::vector<std::string> assignments;  ///< `key=value` of each --set
  bool verbose = false;
};

/// Runs a node until SIGTERM or SIGINT; the process's exit code.
int serve(const serve_options& options);

}  // namespace troupe::tools
