// Each client reads on where it stopped, without going back and without leaving out.
#include "runtime/check/checks.hpp"
#include "runtime/check/evidence.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::check {

namespace {

/// Where a client's next poll of one log may begin: places in the log's order. More than one, when an operation whose
/// end is not a commit has polled: some clients go back then and some go on.
struct position {
  std::uint32_t lowest = 0;
  std::uint32_t highest = 0;
  operation_number by = no_operation;  ///< the operation that left it there
};

/// What one operation read of one log.
struct passage {
  std::uint32_t last = none;  ///< place of the last record
  bool rebalanced = false;    ///< the group moved the log during the operation: anything may come next
};

class reader {
 public:
  reader(const observed& seen, bool subscriptions_rebalance, findings& to)
    : seen_(seen), subscriptions_rebalance_(subscriptions_rebalance), to_(to) {}

  void see(operation_number number) {
    const auto& op = seen_.run().operations()[number];
    switch (op.kind) {
      case operation_kind::send: break;
      case operation_kind::poll:
      case operation_kind::transaction: polls(number, op); break;
      case operation_kind::assign:
      case operation_kind::subscribe: names(op); break;
      case operation_kind::seek: seeks(number, op); break;
      case operation_kind::crash:
        positions_.clear();
        subscribed_ = false;
        break;
    }
  }

 private:
  void names(const operation& op) {
    if (op.result == outcome::fail)
      return;
    const auto named = seen_.run().steps(op);
    std::erase_if(positions_, [&](const auto& known) {
      return std::none_of(named.begin(), named.end(), [&](const step& s) { return seen_.log_of(s) == known.first; });
    });
    if (op.result == outcome::info)
      positions_.clear();
    subscribed_ = op.kind == operation_kind::subscribe;
  }

  void seeks(operation_number number, const operation& op) {
    if (op.result == outcome::fail)
      return;
    for (const auto& s : seen_.run().steps(op)) {
      const auto place = seen_.logs()[seen_.log_of(s)].place_of(s.at);
      if (op.result == outcome::ok)
        positions_[seen_.log_of(s)] = {place, place, number};
      else
        positions_.erase(seen_.log_of(s));
    }
  }

  void polls(operation_number number, const operation& op) {
    passages_.clear();
    for (const auto& s : seen_.run().steps(op)) {
      if (s.kind == step_kind::rebalance) {
        positions_.erase(seen_.log_of(s));
        passages_[seen_.log_of(s)] = {none, true};
      }
      if (s.kind != step_kind::poll || s.record_count == 0)
        continue;
      auto& through = passages_[seen_.log_of(s)];
      for (const auto& r : seen_.run().records(s)) {
        const auto place = seen_.place_of(r);
        if (through.last != none && !through.rebalanced)
          within(number, s, through.last, r, place);
        else if (through.last == none)
          between(number, s, r, place);
        through.last = place;
      }
    }
    for (const auto& [log, through] : passages_)
      if (through.last != none)
        go_on(log, through, op.result, number);
  }

  void go_on(std::uint32_t log, const passage& through, outcome result, operation_number number) {
    if (result == outcome::ok) {
      positions_[log] = {through.last + 1, through.last + 1, number};
      return;
    }
    const auto known = positions_.find(log);
    if (known != positions_.end()) {
      known->second.highest = std::max(known->second.highest, through.last + 1);
      known->second.lowest = std::min(known->second.lowest, through.last + 1);
    }
  }

  void between(operation_number number, const step& s, const record& r, std::uint32_t place) {
    const auto known = positions_.find(seen_.log_of(s));
    if (known == positions_.end())
      return;
    const auto& log = seen_.logs()[seen_.log_of(s)];
    const auto& before = known->second;
    const bool skips = place > before.highest && log.due(before.highest, place) > 0;
    if (place >= before.lowest && !skips)
      return;
    const bool excused = subscribed_ && subscriptions_rebalance_;
    auto* f = to_.add(skips ? anomaly::poll_skip : anomaly::nonmonotonic_poll, s.key, excused);
    if (f == nullptr)
      return;
    f->text = "client " + std::to_string(seen_.run().operations()[number].client.value) + " polled "
              + shown(r.what, r.at) + " of partition " + std::to_string(s.key.value)
              + (skips ? " and left out " + shown_due(log, before.highest, place) : " and so went back")
              + (excused ? "; excused, since it subscribed" : "")
              + evidence(seen_, "before", before.by, s.key, stood_at(log, before))
              + evidence(seen_, "after ", number, s.key, r.at);
  }

  /// The offset at which a client had stopped.
  static offset stood_at(const observed_log& log, const position& before) {
    return before.lowest == 0 ? offset{0} : log.at_place(before.lowest - 1).at;
  }

  void within(operation_number number, const step& s, std::uint32_t last, const record& r, std::uint32_t place) {
    const auto& log = seen_.logs()[seen_.log_of(s)];
    const bool back = place <= last;
    if (!back && log.due(last + 1, place) == 0)
      return;
    auto* f = to_.add(back ? anomaly::int_nonmonotonic_poll : anomaly::int_poll_skip, s.key);
    if (f == nullptr)
      return;
    f->text = "one operation polled " + shown(r.what, r.at) + " of partition " + std::to_string(s.key.value)
              + (back ? " after " + shown(log.value_at(last).what, log.at_place(last).at)
                      : " and left out " + shown_due(log, last + 1, place))
              + evidence(seen_, "operation", number, s.key, r.at);
  }

  const observed& seen_;
  bool subscriptions_rebalance_;
  findings& to_;
  bool subscribed_ = false;
  std::unordered_map<std::uint32_t, position> positions_;  // by log
  std::unordered_map<std::uint32_t, passage> passages_;    // of the operation at hand
};

}  // namespace

void check_poll_order(const observed& seen, const judging_options& options, findings& to) {
  std::unordered_map<client_id, reader> readers;
  for (operation_number op = 0; op < seen.run().operations().size(); ++op) {
    const auto client = seen.run().operations()[op].client;
    readers.try_emplace(client, seen, options.subscriptions_rebalance, to).first->second.see(op);
  }
}

void check_consumption(const observed& seen, findings& to) {
  std::unordered_map<client_id, bool> subscribed;
  std::vector<std::vector<operation_number>> consumer;  // by log and value
  for (const auto& log : seen.logs())
    consumer.emplace_back(log.values.size(), no_operation);
  const auto all = seen.run().operations();
  for (operation_number op = 0; op < all.size(); ++op) {
    if (all[op].kind == operation_kind::subscribe)
      subscribed[all[op].client] = true;
    if (all[op].kind == operation_kind::assign || all[op].kind == operation_kind::crash)
      subscribed[all[op].client] = false;
    if (all[op].kind != operation_kind::transaction || all[op].result != outcome::ok || !subscribed[all[op].client])
      continue;
    for (const auto& s : seen.run().steps(all[op]))
      for (const auto& r : seen.run().records(s)) {
        const auto log = seen.log_of(s);
        const auto number = &seen.value_of(s, r) - seen.logs()[log].values.data();
        const auto before = std::exchange(consumer[log][number], op);
        if (before == no_operation || before == op)
          continue;
        if (auto* f = to.add(anomaly::consumed_twice, s.key))
          f->text = "two committed transactions consumed " + shown(r.what, r.at) + " of partition "
                    + std::to_string(s.key.value) + evidence(seen, "first ", before, s.key, r.at)
                    + evidence(seen, "second", op, s.key, r.at);
      }
  }
}

}  // namespace troupe::check
