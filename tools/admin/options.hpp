#pragma once

#include "tools/admin/client.hpp"

#include <string>

namespace CLI {
class App;
}

namespace troupe::tools {

/// What every command that asks a running cluster is told.
struct admin_options {
  std::string bootstrap = "127.0.0.1:9092";
  double timeout_seconds = 10;
  bool json = false;

  /// Adds --bootstrap, --timeout and, where there is something to show, --json to a command.
  void offer(CLI::App& to, bool shows_something);
  /// A client of that cluster, or what is wrong with the addresses.
  expected<client> connect() const;
};

/// Prints `why` on stderr behind the command's name; the process's exit code for it.
int complain(const std::string& command, const error& why);

}  // namespace troupe::tools
