#include "host/host.hpp"
#include "runtime/config/broker_config.hpp"

#include <iostream>

/// Says what it is set to; with an argument it is that node.
int main(int argc, char**) {
  auto loaded = troupe::config::broker_config::load(std::nullopt, {"node.id=7"});
  if (!loaded)
    return 1;
  std::cout << "node " << loaded->id().value << " on " << to_string(loaded->listeners().front()) << '\n';
  if (argc > 1)
    troupe::host_node(std::move(*loaded));
}
