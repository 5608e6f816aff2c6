#include "runtime/check/graph.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <utility>

namespace troupe::check {

namespace {

constexpr std::size_t cycle_search_work_max = 20'000'000;
constexpr std::size_t shortest_steps = 2;
constexpr std::uint32_t unvisited = 0;

/// Tarjan's algorithm with a stack of its own, as histories are longer than call stacks are deep.
class component_search {
 public:
  explicit component_search(const graph& g) : g_(g), index_(g.node_count(), unvisited), low_(g.node_count()) {}

  std::vector<std::vector<std::uint32_t>> run() {
    for (std::uint32_t node = 0; node < g_.node_count(); ++node)
      if (index_[node] == unvisited)
        visit(node);
    return std::move(found_);
  }

 private:
  static constexpr std::uint32_t finished = UINT32_MAX;

  struct frame {
    std::uint32_t node;
    std::uint32_t next_edge;
  };

  void enter(std::uint32_t node) {
    index_[node] = low_[node] = ++count_;
    open_.push_back(node);
    path_.push_back({node, 0});
  }

  void visit(std::uint32_t root) {
    enter(root);
    while (!path_.empty()) {
      auto& top = path_.back();
      const auto node = top.node;
      if (top.next_edge == g_.edges(node).size()) {
        path_.pop_back();
        leave(node);
        continue;
      }
      const auto to = g_.edges(node)[top.next_edge++].to;
      if (index_[to] == unvisited)
        enter(to);
      else if (index_[to] != finished)
        low_[node] = std::min(low_[node], index_[to]);
    }
  }

  void leave(std::uint32_t node) {
    if (!path_.empty())
      low_[path_.back().node] = std::min(low_[path_.back().node], low_[node]);
    if (low_[node] != index_[node])
      return;
    std::vector<std::uint32_t> members;
    for (bool last = false; !last; open_.pop_back()) {
      last = open_.back() == node;
      index_[open_.back()] = finished;
      members.push_back(open_.back());
    }
    if (members.size() > 1)
      found_.push_back(std::move(members));
  }

  const graph& g_;
  std::vector<std::uint32_t> index_, low_;
  std::vector<std::uint32_t> open_;
  std::vector<frame> path_;
  std::uint32_t count_ = 0;
  std::vector<std::vector<std::uint32_t>> found_;
};

/// Shortest ways inside one component.
class cycle_search {
 public:
  cycle_search(const graph& g, const std::vector<std::uint32_t>& component) : g_(g) {
    for (const auto node : component)
      reached_.emplace(node, arrival{});
  }

  /// The nodes to which an edge leads back: each cycle goes through one of them.
  std::vector<std::uint32_t> led_back_to() const {
    std::vector<std::uint32_t> out;
    for (const auto& [node, how] : reached_)
      for (const auto& e : g_.edges(node))
        if (e.why != dependency::realtime && e.why != dependency::passing && e.to < node && reached_.contains(e.to))
          out.push_back(e.to);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  /// The shortest cycle through `start`, empty when none is shorter than `shorter_than` steps.
  std::vector<hop> through(std::uint32_t start, std::size_t shorter_than) {
    for (auto& [node, how] : reached_)
      how = {};
    work_ += reached_.size();
    std::deque<std::pair<std::uint32_t, std::size_t>> next{{start, 0}};
    while (!next.empty()) {
      const auto [node, steps] = next.front();
      next.pop_front();
      if (steps >= shorter_than)
        return {};
      if (node == start && reached_[start].steps != far)
        return way_back(start);
      for (const auto& e : g_.edges(node)) {
        ++work_;
        const auto how = reached_.find(e.to);
        const auto cost = steps + (e.why == dependency::passing ? 0 : 1);
        if (how == reached_.end() || how->second.steps <= cost)
          continue;
        how->second = {cost, node, e.why};
        if (cost == steps)
          next.emplace_front(e.to, cost);
        else
          next.emplace_back(e.to, cost);
      }
    }
    return {};
  }

  /// Nodes and edges looked at so far.
  std::size_t work() const { return work_; }

 private:
  static constexpr std::size_t far = SIZE_MAX;

  struct arrival {
    std::size_t steps = far;
    std::uint32_t from = 0;
    dependency why{};
  };

  std::vector<hop> way_back(std::uint32_t start) {
    std::vector<hop> cycle;
    auto node = start;
    do {
      const auto& how = reached_[node];
      cycle.push_back({how.from, how.why});
      node = how.from;
    } while (node != start);
    std::reverse(cycle.begin(), cycle.end());
    return cycle;
  }

  const graph& g_;
  std::unordered_map<std::uint32_t, arrival> reached_;
  std::size_t work_ = 0;
};

std::size_t steps_of(const std::vector<hop>& cycle) {
  return static_cast<std::size_t>(
    std::count_if(cycle.begin(), cycle.end(), [](const hop& h) { return h.why != dependency::passing; }));
}

}  // namespace

void graph::seal() {
  for (const auto& l : links_)
    ++first_[l.from + 1];
  for (std::size_t node = 1; node < first_.size(); ++node)
    first_[node] += first_[node - 1];
  edges_.resize(links_.size());
  auto next = first_;
  for (const auto& l : links_)
    edges_[next[l.from]++] = l.rest;
  links_ = {};
}

std::vector<std::vector<std::uint32_t>> cyclic_components(const graph& g) {
  return component_search{g}.run();
}

std::vector<hop> short_cycle(const graph& g, const std::vector<std::uint32_t>& component) {
  cycle_search search{g, component};
  std::vector<hop> best;
  std::size_t best_steps = SIZE_MAX;
  for (const auto start : search.led_back_to()) {
    if (auto found = search.through(start, best_steps); !found.empty()) {
      best_steps = steps_of(found);
      best = std::move(found);
    }
    if (best_steps <= shortest_steps || (search.work() > cycle_search_work_max && !best.empty()))
      break;
  }
  return best;
}

}  // namespace troupe::check
