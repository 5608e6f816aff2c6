// Operations that depend on each other in a circle.
//
// There are no edges from a reader to the writer of the next record: a poll may always bring less than there is, so
// that it never shows that a record was not yet there.
#include "runtime/check/checks.hpp"
#include "runtime/check/evidence.hpp"
#include "runtime/check/graph.hpp"

#include <algorithm>

namespace troupe::check {

namespace {

/// Which dependencies a search looks at.
struct edge_choice {
  bool write_write = false;
  bool write_read = false;
  bool process = false;
  bool realtime = false;
};

bool touches_logs(const operation& op) {
  return op.kind <= operation_kind::transaction;
}

/// Makes the graph of a history: a node for each operation, then a moment for each end of one.
class graph_builder {
 public:
  explicit graph_builder(const observed& seen) : seen_(seen), all_(seen.run().operations()) {
    for (operation_number op = 0; op < all_.size(); ++op)
      if (touches_logs(all_[op]) && all_[op].result != outcome::info)
        ended_.push_back(op);
    std::stable_sort(ended_.begin(), ended_.end(), [this](auto a, auto b) {
      return all_[a].completed < all_[b].completed;
    });
  }

  graph build(const edge_choice& with) const {
    graph g{all_.size() + (with.realtime ? ended_.size() : 0)};
    if (with.write_write)
      link_writers(g);
    if (with.write_read)
      link_readers(g);
    if (with.process)
      link_clients(g);
    if (with.realtime)
      link_moments(g);
    g.seal();
    return g;
  }

 private:
  void link_writers(graph& g) const {
    for (const auto& log : seen_.logs()) {
      auto last = no_operation;
      for (std::uint32_t place = 0; place < log.order.size(); ++place) {
        const auto& w = log.value_at(place);
        if (w.writer == no_operation || w.writer == last)
          continue;
        if (last != no_operation)
          g.link(last, w.writer, dependency::write_write);
        last = w.writer;
      }
    }
  }

  void link_readers(graph& g) const {
    for (operation_number op = 0; op < all_.size(); ++op) {
      auto last = no_operation;
      for (const auto& s : seen_.run().steps(all_[op]))
        for (const auto& r : seen_.run().records(s)) {
          const auto writer = seen_.value_of(s, r).writer;
          if (writer == no_operation || writer == op || writer == last)
            continue;
          g.link(writer, op, dependency::write_read);
          last = writer;
        }
    }
  }

  void link_clients(graph& g) const {
    std::vector<operation_number> by_client;
    for (operation_number op = 0; op < all_.size(); ++op)
      if (touches_logs(all_[op]))
        by_client.push_back(op);
    std::stable_sort(by_client.begin(), by_client.end(), [this](auto a, auto b) {
      return all_[a].client < all_[b].client;
    });
    for (std::size_t i = 1; i < by_client.size(); ++i) {
      const auto& a = all_[by_client[i - 1]];
      const auto& b = all_[by_client[i]];
      // What an unknown operation does it may do later than the next one.
      if (a.client == b.client && a.result != outcome::info && a.completed <= b.invoked)
        g.link(by_client[i - 1], by_client[i], dependency::process);
    }
  }

  void link_moments(graph& g) const {
    const auto first_moment = static_cast<std::uint32_t>(all_.size());
    for (std::uint32_t i = 0; i < ended_.size(); ++i) {
      g.link(ended_[i], first_moment + i, dependency::realtime);
      if (i > 0)
        g.link(first_moment + i - 1, first_moment + i, dependency::passing);
    }
    std::uint32_t passed = 0;
    for (operation_number op = 0; op < all_.size(); ++op) {
      while (passed < ended_.size() && all_[ended_[passed]].completed < all_[op].invoked)
        ++passed;
      if (touches_logs(all_[op]) && passed > 0)
        g.link(first_moment + passed - 1, op, dependency::passing);
    }
  }

  const observed& seen_;
  std::span<const operation> all_;
  std::vector<operation_number> ended_;  // by the time of their end
};

/// A record because of which `to` depends on `from`.
struct reason {
  log_key key = no_key;
  value what;
  offset at = no_offset;
};

reason reason_of(const observed& seen, operation_number from, operation_number to, dependency why) {
  const auto all = seen.run().operations();
  if (why == dependency::write_read)
    for (const auto& s : seen.run().steps(all[to]))
      for (const auto& r : seen.run().records(s))
        if (seen.value_of(s, r).writer == from)
          return {s.key, r.what, r.at};
  if (why == dependency::write_write)
    for (const auto& s : seen.run().steps(all[from])) {
      if (s.kind != step_kind::send || seen.value_of(s).first_place == none)
        continue;
      const auto& log = seen.logs()[seen.log_of(s)];
      auto next = seen.value_of(s).first_place + 1;
      while (next < log.order.size() && log.value_at(next).writer == no_operation)
        ++next;
      if (next < log.order.size() && log.value_at(next).writer == to)
        return {s.key, s.sent, seen.offset_of(s)};
    }
  return {};
}

std::string shown_dependency(const reason& because, dependency why) {
  const auto named = because.key == no_key ? std::string{}
                                           : " " + shown(because.what, because.at) + " of partition "
                                               + std::to_string(because.key.value);
  switch (why) {
    case dependency::write_write: return "wrote" + named + " before what was written by";
    case dependency::write_read: return "wrote" + named + ", which was read by";
    case dependency::process: return "came before the same client's";
    default: return "had ended before the beginning of";
  }
}

std::string shown_cycle(const observed& seen, std::vector<hop> cycle) {
  const auto is_moment = [&](const hop& h) { return h.node >= seen.run().operations().size(); };
  std::erase_if(cycle, is_moment);
  std::vector<reason> reasons;
  for (std::size_t i = 0; i < cycle.size(); ++i)
    reasons.push_back(reason_of(seen, cycle[i].node, cycle[(i + 1) % cycle.size()].node, cycle[i].why));
  std::string out = "operations that depend on each other in a circle:";
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const auto& shown_for = reasons[i].key != no_key ? reasons[i] : reasons[(i + cycle.size() - 1) % cycle.size()];
    out += evidence(seen, "", cycle[i].node, shown_for.key, shown_for.at) + "\n    "
           + shown_dependency(reasons[i], cycle[i].why);
  }
  return out + " the first";
}

bool has(const std::vector<hop>& cycle, dependency why) {
  return std::any_of(cycle.begin(), cycle.end(), [why](const hop& h) { return h.why == why; });
}

/// Adds what plain, process and realtime edges show beyond each other, as the three anomalies `plain` and the next two.
/// Cycles without a `needed` edge belong to another family.
void check_family(const observed& seen, const graph_builder& graphs, edge_choice with, dependency needed, anomaly plain,
                  findings& to) {
  const auto search = [&](dependency beyond, int variant) {
    const auto g = graphs.build(with);
    for (const auto& component : cyclic_components(g)) {
      const auto cycle = short_cycle(g, component);
      if (!has(cycle, needed) || (variant > 0 && !has(cycle, beyond)))
        continue;  // told already
      if (auto* f = to.add(static_cast<anomaly>(static_cast<int>(plain) + variant), no_key))
        f->text = shown_cycle(seen, cycle);
    }
  };
  auto widest = with;
  widest.process = widest.realtime = true;
  if (cyclic_components(graphs.build(widest)).empty())
    return;
  search(dependency::passing, 0);
  with.process = true;
  search(dependency::process, 1);
  with.realtime = true;
  search(dependency::realtime, 2);
}

}  // namespace

void check_cycles(const observed& seen, const judging_options& options, findings& to) {
  const graph_builder graphs{seen};
  if (options.write_order_edges)
    check_family(seen, graphs, {.write_write = true}, dependency::write_write, anomaly::g0, to);
  check_family(seen, graphs, {.write_write = options.write_order_edges, .write_read = true}, dependency::write_read,
               anomaly::g1c, to);
}

}  // namespace troupe::check
