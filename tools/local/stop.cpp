// How the nodes of a cluster on this machine end.
#include "tools/admin/address.hpp"
#include "tools/local/node_process.hpp"
#include "tools/local/start.hpp"

#include <iostream>
#include <thread>

namespace troupe::tools {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto look_pause = 20ms;

bool await_end(const local_cluster& c, const local_node& n, clock::time_point until) {
  while (runs(c, n)) {
    how_it_ended(n);  // a child is there until somebody asks
    if (clock::now() >= until)
      return false;
    std::this_thread::sleep_for(look_pause);
  }
  return true;
}

}  // namespace

error stop_nodes(const local_cluster& c, std::chrono::seconds patience) {
  const auto until = clock::now() + patience;
  std::string left;
  std::vector<const local_node*> asked;
  for (const auto& n : c.nodes)
    if (runs(c, n)) {
      ask_to_stop(n);
      asked.push_back(&n);
    }
  for (const auto* n : asked) {
    const auto name = "node " + std::to_string(n->id) + " (pid " + std::to_string(n->pid) + ")";
    if (await_end(c, *n, until))
      std::cout << "ended " << name << std::endl;
    else
      left += (left.empty() ? "" : ", ") + name;
  }
  if (!left.empty())
    return complaint("still there after " + std::to_string(patience.count()) + " s: " + left + "; see "
                     + c.directory + "/node-*.log, and end it with kill -9 if need be: what was acknowledged is safe");
  return {};
}

}  // namespace troupe::tools
