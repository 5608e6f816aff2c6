#include "tools/local/start.hpp"

#include "runtime/posix/process.hpp"
#include "tools/admin/address.hpp"
#include "tools/admin/cluster_state.hpp"
#include "tools/local/node_process.hpp"
#include "tools/local/ports.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>

namespace troupe::tools {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto look_pause = 20ms;
constexpr auto question_max = 2'000ms;
constexpr std::size_t voters_max = 3;  // of what becomes a voter by itself

/// One node that this call has started.
struct begun {
  local_node* node;
  std::uint64_t said_before;
};

client client_of(const local_node& n) { return client{{{n.address()}, question_max}}; }

class starter {
 public:
  starter(local_cluster& c, deadline until)
    : cluster_(c), until_(until), quorum_(std::min(c.nodes.size(), voters_max)) {}

  error run() {
    // Data that somebody took away, of all nodes: there is nothing to join any more.
    if (std::ranges::none_of(cluster_.nodes, [this](const auto& n) { return has_data(n); }))
      cluster_.founded = false;
    if (!cluster_.founded)
      if (auto problem = found())
        return problem;
    for (auto& n : cluster_.nodes)
      if (!runs(cluster_, n))
        if (auto problem = start(n))
          return problem;
    return wait([this] { return look(); });
  }

  /// Ends what was started.
  void undo() {
    for (const auto& b : begun_)
      ask_to_stop(*b.node);
    for (const auto& b : begun_)
      while (runs(cluster_, *b.node) && how_it_ended(*b.node).empty() && clock::now() < until_ + 15s)
        std::this_thread::sleep_for(look_pause);
  }

 private:
  bool has_data(const local_node& n) const {
    return std::filesystem::exists(cluster_.data_of(n) + "/meta.properties");
  }

  error start(local_node& n) {
    if (auto problem = check_ports(n))
      return with_context("node " + std::to_string(n.id), problem);
    const auto said = said_bytes(cluster_, n);
    if (auto problem = start_process(cluster_, n))
      return problem;
    begun_.push_back({&n, said});
    return save_cluster(cluster_);
  }

  /// Node 1 begins the cluster; only when it is there may others look for it.
  error found() {
    auto& first = cluster_.nodes.front();
    if (!runs(cluster_, first))
      if (auto problem = start(first))
        return problem;
    const auto problem = wait([&]() -> error {
      auto by = client_of(first);
      auto told = describe_nodes(by);
      return told ? error{} : told.error();
    });
    if (problem)
      return problem;
    cluster_.founded = true;
    return save_cluster(cluster_);
  }

  /// Asks `missing` until it has nothing to complain of; the last complaint when time is over or a process has ended.
  template <class Claim>
  error wait(Claim missing) {
    while (true) {
      const auto problem = missing();
      if (!problem)
        return {};
      for (const auto& b : begun_)
        if (const auto how = how_it_ended(*b.node); !how.empty())
          return complaint("node " + std::to_string(b.node->id) + " ended at its start (" + how + "); it said:\n"
                           + last_words(cluster_, *b.node, b.said_before));
      if (clock::now() >= until_)
        return with_context("not ready in time, see " + cluster_.directory + "/node-*.log", problem);
      if (posix::stop_signal_came(look_pause))
        return complaint("stopped while it started");
    }
  }

  /// What the cluster lacks.
  error look() {
    for (const auto& n : cluster_.nodes) {
      auto by = client_of(n);
      auto told = describe_nodes(by);
      if (!told)
        return told.error();
      for (const auto& other : cluster_.nodes)
        if (std::ranges::none_of(told->nodes, [&](const auto& m) { return m.id == other.id && !m.fenced; }))
          return complaint("node " + std::to_string(n.id) + " does not count on node " + std::to_string(other.id));
    }
    auto by = client_of(cluster_.nodes.front());
    auto quorum = describe_quorum(by);
    if (!quorum)
      return quorum.error();
    if (*quorum && !quorum_.look(**quorum))
      return complaint("the quorum has " + std::to_string((*quorum)->voters.size()) + " voters, or they lag behind");
    return {};
  }

  local_cluster& cluster_;
  deadline until_;
  quorum_watch quorum_;
  std::vector<begun> begun_;
};

}  // namespace

error start_nodes(local_cluster& c, std::chrono::seconds patience) {
  starter all{c, clock::now() + patience};
  auto problem = all.run();
  if (problem)
    all.undo();
  return problem;
}

}  // namespace troupe::tools
