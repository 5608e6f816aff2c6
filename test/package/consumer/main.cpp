#include "runtime/config/broker_config.hpp"

#include <iostream>

int main() {
  auto loaded = troupe::config::broker_config::load(std::nullopt, {"node.id=7"});
  if (!loaded)
    return 1;
  std::cout << "node " << loaded->id().value << " on " << to_string(loaded->listeners().front()) << '\n';
}
