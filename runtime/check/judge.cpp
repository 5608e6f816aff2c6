#include "runtime/check/judge.hpp"

#include "runtime/check/text.hpp"

namespace troupe::check {

namespace {

/// Cases of `what` that count.
std::size_t bad_count(const judgement& j, anomaly what) {
  return allowed(what, j.options) ? 0 : j.found.count(what) - j.found.excused_count(what);
}

template <class F>
void for_each_anomaly(F f) {
  for (std::size_t kind = 0; kind < anomaly_count; ++kind)
    f(static_cast<anomaly>(kind));
}

void count_values(const observed& seen, judgement& j) {
  for (const auto& log : seen.logs())
    for (const auto& w : log.values)
      if (w.is == fate::committed)
        ++j.acknowledged_count;
  j.read_count = seen.run().all_records().size();
}

}  // namespace

bool allowed(anomaly what, const judging_options& options) {
  switch (what) {
    // The sends of transactions lie side by side, as nothing isolates writes.
    case anomaly::int_send_skip:
    case anomaly::g0:
    case anomaly::g0_process:
    case anomaly::g0_realtime: return true;
    case anomaly::g1c:
    case anomaly::g1c_process:
    case anomaly::g1c_realtime: return options.write_order_edges || !options.read_committed;
    case anomaly::aborted_read:
    case anomaly::precommitted_read: return !options.read_committed;
    case anomaly::duplicate:
    case anomaly::int_nonmonotonic_send: return !options.idempotent_producers;
    case anomaly::consumed_twice: return !options.exactly_once;
    default: return false;
  }
}

bool judgement::ok() const {
  bool good = true;
  for_each_anomaly([&](anomaly what) { good = good && bad_count(*this, what) == 0; });
  return good;
}

expected<judgement> judge(const history& h, const judging_options& options) {
  auto seen = observed::from(h, options.read_committed);
  if (!seen)
    return seen.error();
  judgement j;
  j.options = options;
  j.operation_count = h.operations().size();
  count_values(*seen, j);
  check_lost_writes(*seen, j.found);
  check_forbidden_reads(*seen, j.found);
  check_unseen(*seen, j.found);
  check_offsets(*seen, j.found);
  check_send_order(*seen, options, j.found);
  check_sends_within(*seen, j.found);
  check_poll_order(*seen, options, j.found);
  check_consumption(*seen, j.found);
  check_cycles(*seen, options, j.found);
  j.worst_lag = realtime_lag(*seen);
  if (j.worst_lag.poll != no_operation)
    j.worst_lag_poll = to_text(h, h.operations()[j.worst_lag.poll]);
  return j;
}

std::string to_text(const judgement& j) {
  std::string out = std::to_string(j.operation_count) + " operations, " + std::to_string(j.acknowledged_count)
                    + " records acknowledged, " + std::to_string(j.read_count) + " read\n";
  for_each_anomaly([&](anomaly what) {
    const auto all = j.found.count(what), bad = bad_count(j, what);
    if (all > 0)
      out += std::string{name_of(what)} + ": " + std::to_string(all)
             + (bad == 0 ? ", allowed" : bad < all ? ", " + std::to_string(all - bad) + " of them allowed" : "") + "\n";
  });
  if (j.worst_lag.poll != no_operation)
    out += "worst lag " + std::to_string(j.worst_lag.worst.count()) + " ns in partition "
           + std::to_string(j.worst_lag.key.value) + ": " + j.worst_lag_poll.substr(0, 200) + "\n";
  for (const auto& f : j.found.kept())
    if (!f.excused && !allowed(f.what, j.options))
      out += "\n" + std::string{name_of(f.what)} + ": " + f.text + "\n";
  return out + (j.ok() ? "no anomaly\n" : "\nanomalies were found\n");
}

}  // namespace troupe::check
