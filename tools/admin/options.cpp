#include "tools/admin/options.hpp"

#include "tools/admin/address.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace troupe::tools {

void admin_options::offer(CLI::App& to, bool shows_something) {
  to.add_option("--bootstrap,--bootstrap-server", bootstrap, "HOST:PORT of any node, or several with commas between")
    ->capture_default_str();
  to.add_option("--timeout", timeout_seconds, "Seconds until it gives up")
    ->capture_default_str()
    ->check(CLI::Range(0.001, 86400.0));
  if (shows_something)
    to.add_flag("--json", json, "Print JSON");
}

expected<client> admin_options::connect() const {
  auto nodes = parse_addresses(bootstrap, "--bootstrap");
  if (!nodes)
    return nodes.error();
  const auto timeout = std::chrono::duration<double>{timeout_seconds};
  return client{{std::move(*nodes), std::chrono::duration_cast<std::chrono::milliseconds>(timeout)}};
}

int complain(const std::string& command, const error& why) {
  std::cerr << "troupe " << command << ": " << render(why) << "\n";
  return 1;
}

}  // namespace troupe::tools
