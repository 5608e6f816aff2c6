#include "runtime/check/edn.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <tuple>

namespace troupe::check {

namespace {

const char* name_of(operation_kind kind) {
  switch (kind) {
    case operation_kind::send: return ":send";
    case operation_kind::poll: return ":poll";
    case operation_kind::transaction: return ":txn";
    case operation_kind::subscribe: return ":subscribe";
    case operation_kind::crash: return ":crash";
    default: return ":assign";
  }
}

const char* name_of(outcome result) {
  return result == outcome::ok ? ":ok" : result == outcome::fail ? ":fail" : ":info";
}

std::string shown(offset at, value what) {
  return "[" + (at == no_offset ? "nil" : std::to_string(at.value)) + " " + std::to_string(what.value) + "]";
}

/// What one client looks like as processes of Jepsen's.
struct processes {
  std::int64_t current = 0;
  bool busy = false;             ///< `current` has an operation open
  std::vector<log_key> assigned; ///< by the last assign
  bool subscribed = false;
};

class exporter {
 public:
  explicit exporter(const history& h) : history_(h) {
    for (const auto& op : h.operations())
      fresh_ = std::max(fresh_, std::int64_t{op.client.value} + 1);
  }

  std::string run() {
    const auto all = history_.operations();
    for (operation_number op = 0; op < all.size(); ++op) {
      complete_until(all[op].invoked);
      begin(all[op]);
    }
    complete_until(never);
    return "[" + out_ + "]\n";
  }

 private:
  struct running {
    instant completed;
    std::uint64_t order;
    const operation* op;
    std::int64_t process;
    bool operator>(const running& o) const { return std::tie(completed, order) > std::tie(o.completed, o.order); }
  };

  void complete_until(instant now) {
    while (!open_.empty() && open_.top().completed <= now && open_.top().completed != never) {
      const auto done = open_.top();
      open_.pop();
      auto& client = client_of(*done.op);
      const bool crash = done.op->kind == operation_kind::crash;
      entry(crash ? ":info" : name_of(done.op->result), done.process, *done.op, done.completed, true);
      if (client.current == done.process)
        client.busy = false;
      if (done.op->kind == operation_kind::seek)
        go_on_as_another(client, done.completed);
      else if (crash)
        client = {fresh_++, false, {}, false};
      else if (done.op->result == outcome::info && client.current == done.process)
        client.current = fresh_++;  // Jepsen gives up a process that does not know what it did
    }
  }

  void begin(const operation& op) {
    auto& client = client_of(op);
    auto process = client.current;
    if (client.busy)
      process = fresh_++;
    client.busy = true;
    if (op.kind == operation_kind::assign || op.kind == operation_kind::subscribe) {
      client.assigned.clear();
      for (const auto& s : history_.steps(op))
        client.assigned.push_back(s.key);
      client.subscribed = op.kind == operation_kind::subscribe;
    }
    entry(":invoke", process, op, op.invoked, false);
    open_.push({op.completed, begun_++, &op, process});
    if (op.completed == never && process == client.current) {
      client.current = fresh_++;
      client.busy = false;
    }
  }

  /// A seek was told as an assign of what is assigned; as a new process the client may read from anywhere.
  void go_on_as_another(processes& client, instant now) {
    client.current = fresh_++;
    for (const auto* type : {":invoke", ":ok"})
      entry(type, client.current, client.subscribed ? ":subscribe" : ":assign", keys(client.assigned), now);
  }

  processes& client_of(const operation& op) {
    return clients_.try_emplace(op.client, processes{op.client.value, false, {}, false}).first->second;
  }

  void entry(const char* type, std::int64_t process, const operation& op, instant now, bool done) {
    std::string what, rest;
    if (op.kind == operation_kind::crash)
      what = "nil";
    else if (op.kind == operation_kind::seek)
      what = keys(client_of(op).assigned);
    else if (op.kind == operation_kind::assign || op.kind == operation_kind::subscribe)
      what = named(op);
    else
      what = steps(op, done, rest);
    entry(type, process, name_of(op.kind), what, now, rest);
  }

  void entry(const char* type, std::int64_t process, const char* f, const std::string& what, instant now,
             const std::string& rest = {}) {
    out_ += (out_.empty() ? "{:index " : "\n {:index ") + std::to_string(index_++) + ", :type " + type + ", :process "
            + std::to_string(process) + ", :f " + f + ", :value " + what + ", :time " + std::to_string(now.count())
            + rest + "}";
  }

  static std::string keys(const std::vector<log_key>& of) {
    std::string out;
    for (const auto key : of)
      out += (out.empty() ? "" : " ") + std::to_string(key.value);
    return "[" + out + "]";
  }

  std::string named(const operation& op) const {
    std::vector<log_key> of;
    for (const auto& s : history_.steps(op))
      of.push_back(s.key);
    return keys(of);
  }

  /// `rest` gets what stands beside the value.
  std::string steps(const operation& op, bool done, std::string& rest) const {
    std::string out, lost;
    for (const auto& s : history_.steps(op)) {
      if (s.kind == step_kind::rebalance)
        lost += (lost.empty() ? "" : " ") + std::to_string(s.key.value);
      else if (s.kind == step_kind::send)
        out += (out.empty() ? "[:send " : " [:send ") + std::to_string(s.key.value) + " "
               + (done ? shown(s.at, s.sent) : std::to_string(s.sent.value)) + "]";
      else if (!done)
        out += s.continues ? "" : out.empty() ? "[:poll]" : " [:poll]";
      else
        poll(s, out);
    }
    if (done && !lost.empty())
      rest = ", :rebalance-log [{:keys [" + lost + "]}]";
    return "[" + out + "]";
  }

  void poll(const step& s, std::string& out) const {
    if (s.continues)
      out.resize(out.size() - 2);  // the poll before goes on
    else
      out += out.empty() ? "[:poll {" : " [:poll {";
    if (s.key != no_key) {
      out += (s.continues ? " " : "") + std::to_string(s.key.value) + " [";
      for (const auto& r : history_.records(s))
        out += (out.back() == '[' ? "" : " ") + shown(r.at, r.what);
      out += "]";
    }
    out += "}]";
  }

  const history& history_;
  std::map<client_id, processes> clients_;
  std::priority_queue<running, std::vector<running>, std::greater<>> open_;
  std::int64_t fresh_ = 0;
  std::uint64_t begun_ = 0;
  std::size_t index_ = 0;
  std::string out_;
};

}  // namespace

std::string to_edn(const history& h) {
  return exporter{h}.run();
}

}  // namespace troupe::check
