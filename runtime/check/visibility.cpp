// What is read and should not be, and what is not read and should be.
#include "runtime/check/checks.hpp"
#include "runtime/check/evidence.hpp"

#include <algorithm>

namespace troupe::check {

namespace {

/// The highest place of `log` that somebody read for certain: of a value at several places the lowest counts.
std::uint32_t highest_read(const observed_log& log) {
  std::uint32_t highest = none;
  for (const auto& w : log.values)
    if (w.reader != no_operation && (highest == none || w.first_place > highest))
      highest = w.first_place;
  return highest;
}

/// The value at `place` that was read.
const written& read_at(const observed_log& log, std::uint32_t place) {
  return *std::find_if(log.values.begin(), log.values.end(),
                       [&](const written& w) { return w.reader != no_operation && w.first_place == place; });
}

std::string in_partition(log_key key) {
  return " in partition " + std::to_string(key.value);
}

}  // namespace

void check_lost_writes(const observed& seen, findings& to) {
  for (const auto& log : seen.logs()) {
    const auto highest = highest_read(log);
    if (highest == none)
      continue;
    for (const auto& w : log.values) {
      if (w.is != fate::committed || w.reader != no_operation || w.last_place == none || w.last_place > highest)
        continue;
      auto* f = to.add(anomaly::lost_write, log.key);
      if (f == nullptr)
        continue;
      const auto& beyond = read_at(log, highest);
      f->text = shown(w.what, w.at) + in_partition(log.key) + " was written, but nobody read it, although "
                + shown(beyond.what, beyond.at) + " was read"
                + evidence(seen, "writer", w.writer, log.key, w.at)
                + evidence(seen, "reader", beyond.reader, log.key, beyond.at);
    }
  }
}

void check_forbidden_reads(const observed& seen, findings& to) {
  for (const auto& log : seen.logs())
    for (const auto& w : log.values) {
      if (w.reader == no_operation || (w.is != fate::failed && w.is != fate::unwritten))
        continue;
      const bool aborted = w.is == fate::failed;
      if (aborted && w.reader == w.writer)
        continue;  // a precommitted read
      auto* f = to.add(aborted ? anomaly::aborted_read : anomaly::unwritten_read, log.key);
      if (f == nullptr)
        continue;
      f->text = shown(w.what, w.at) + in_partition(log.key)
                + (aborted ? " was read, although its writer failed" : " was read, but nobody sent it")
                + evidence(seen, "writer", w.writer, log.key, w.at)
                + evidence(seen, "reader", w.reader, log.key, w.at);
    }
  const auto all = seen.run().operations();
  for (operation_number op = 0; op < all.size(); ++op) {
    if (all[op].kind != operation_kind::transaction)
      continue;
    for (const auto& s : seen.run().steps(all[op]))
      for (const auto& r : seen.run().records(s))
        if (seen.value_of(s, r).writer == op)
          if (auto* f = to.add(anomaly::precommitted_read, s.key))
            f->text = "a transaction read " + shown(r.what, r.at) + in_partition(s.key) + ", which it sent itself"
                      + evidence(seen, "transaction", op, s.key, r.at);
  }
}

void check_unseen(const observed& seen, findings& to) {
  const bool had_final_reads = seen.run().final_reads_from().has_value();
  for (const auto& log : seen.logs())
    for (const auto& w : log.values) {
      const bool read = w.reader != no_operation;
      const bool there = w.is == fate::committed || (had_final_reads && w.is == fate::unknown && read);
      if (!there || (had_final_reads ? w.finally_read : read))
        continue;
      auto* f = to.add(anomaly::unseen, log.key, !had_final_reads);
      if (f == nullptr)
        continue;
      f->text = shown(w.what, w.at) + in_partition(log.key)
                + (!had_final_reads ? " was written, but not read; excused, since there were no final reads"
                   : read           ? " was read once, but no more by the final reads"
                                    : " was written, but not read by the final reads")
                + evidence(seen, "writer", w.writer, log.key, w.at)
                + evidence(seen, "reader", w.reader, log.key, w.at);
    }
}

}  // namespace troupe::check
