#pragma once

#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// What `troupe serve` was told.
struct serve_options {
  std::string config_file;               ///< empty: none
  std::vector<std::string> assignments;  ///< `key=value` of each --set
  bool verbose = false;

  // Short for settings; `join.hpp` says what they become.
  std::string join;                 ///< addresses of nodes of the cluster to join; empty: none
  std::optional<std::string> data;
  std::optional<std::string> host;
  std::optional<int> id, port, peer_port;
};

/// Runs a node until SIGTERM or SIGINT; the process's exit code.
int serve(const serve_options& options);

}  // namespace troupe::tools
