// A node with an assignor of its own. Arguments are settings: node.id=1 group.consumer.assignors=numbered,uniform …
#include "examples/assignor/numbered.hpp"
#include "host/host.hpp"

#include <iostream>

int main(int argc, char** argv) {
  auto settings = troupe::config::broker_config::load(std::nullopt, {argv + 1, argv + argc});
  if (!settings) {
    std::cerr << troupe::render(settings.error()) << '\n';
    return 2;
  }
  troupe::host_node(std::move(*settings), {.assignors = {numbered_assignor()}});
}
