#include "runtime/check/observed.hpp"

#include "runtime/check/errors.hpp"
#include "runtime/check/text.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace troupe::check {

namespace {

/// The element of the sorted `in` whose number is `what`, or null. Tests number their values and partitions without
/// gaps, so the first guess mostly hits.
template <class Vector, class Number>
auto* find_number(Vector& in, std::int64_t what, Number number_of) {
  using pointer = decltype(in.data());
  if (in.empty())
    return pointer{};
  const auto guess = static_cast<std::uint64_t>(what) - static_cast<std::uint64_t>(number_of(in.front()));
  if (guess < in.size() && number_of(in[guess]) == what)
    return &in[guess];
  const auto found = std::lower_bound(in.begin(), in.end(), what,
                                      [&](const auto& element, std::int64_t n) { return number_of(element) < n; });
  return found != in.end() && number_of(*found) == what ? &*found : pointer{};
}

template <class Logs>
auto* find_log(Logs& logs, log_key key) {
  return find_number(logs, key.value, [](const observed_log& log) { return log.key.value; });
}

template <class Values>
auto* find_value(Values& values, value what) {
  return find_number(values, what.value, [](const written& w) { return w.what.value; });
}

bool earlier_value(const written& a, const written& b) {
  return a.what < b.what;
}

}  // namespace

std::uint32_t observed_log::place_of(offset at) const {
  const auto found = std::lower_bound(order.begin(), order.end(), at, [this](std::uint32_t place, offset wanted) {
    return sightings[place].at < wanted;
  });
  return static_cast<std::uint32_t>(found - order.begin());
}

expected<observed> observed::from(const history& h, bool reads_are_committed) {
  observed o{h, reads_are_committed};
  o.find_logs();
  if (auto failed = o.number_sends())
    return failed;
  o.number_reads();
  o.decide_fates();
  o.collect_sightings();
  for (auto& log : o.logs_)
    o.order_log(log);
  o.place_records();
  return o;
}

void observed::find_logs() {
  std::vector<log_key> keys;
  for (const auto& s : history_->all_steps())
    if (s.key != no_key && (keys.empty() || keys.back() != s.key))
      keys.push_back(s.key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (const auto key : keys)
    logs_.emplace_back().key = key;
  log_of_step_.reserve(history_->all_steps().size());
  for (const auto& s : history_->all_steps())
    log_of_step_.push_back(s.key == no_key ? none : static_cast<std::uint32_t>(find_log(logs_, s.key) - logs_.data()));
}

error observed::number_sends() {
  const auto all = history_->operations();
  for (operation_number op = 0; op < all.size(); ++op)
    for (const auto& s : history_->steps(all[op]))
      if (s.kind == step_kind::send) {
        written w{s.sent};
        w.writer = op;
        logs_[log_of(s)].values.push_back(w);
      }
  for (auto& log : logs_) {
    std::stable_sort(log.values.begin(), log.values.end(), earlier_value);
    const auto twice = std::adjacent_find(log.values.begin(), log.values.end(),
                                          [](const written& a, const written& b) { return a.what == b.what; });
    if (twice != log.values.end())
      return make_error(errc::value_sent_twice,
                        "value " + std::to_string(twice->what.value) + " is sent to partition "
                          + std::to_string(log.key.value) + " twice, so the history cannot be judged:\n  "
                          + to_text(*history_, all[twice->writer]) + "\n  "
                          + to_text(*history_, all[(twice + 1)->writer]));
  }
  return {};
}

void observed::number_reads() {
  // Kept apart until all are found: the look-up goes by what was sent.
  std::vector<std::vector<written>> unsent(logs_.size());
  for (const auto& s : history_->all_steps())
    if (s.kind == step_kind::poll && s.key != no_key)
      for (const auto& r : history_->records(s))
        if (find_value(logs_[log_of(s)].values, r.what) == nullptr)
          unsent[log_of(s)].push_back({r.what});
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (unsent[i].empty())
      continue;
    auto& values = logs_[i].values;
    values.insert(values.end(), unsent[i].begin(), unsent[i].end());
    std::stable_sort(values.begin(), values.end(), earlier_value);
    const auto same = [](const written& a, const written& b) { return a.what == b.what; };
    values.erase(std::unique(values.begin(), values.end(), same), values.end());
  }
  value_of_step_.assign(history_->all_steps().size(), none);
  value_of_record_.assign(history_->all_records().size(), none);
  const auto number = [](const observed_log& log, value what) {
    return static_cast<std::uint32_t>(find_value(log.values, what) - log.values.data());
  };
  for (const auto& s : history_->all_steps()) {
    if (s.kind == step_kind::send)
      value_of_step_[&s - history_->all_steps().data()] = number(logs_[log_of(s)], s.sent);
    for (const auto& r : history_->records(s))
      value_of_record_[&r - history_->all_records().data()] = number(logs_[log_of(s)], r.what);
  }
}

void observed::decide_fates() {
  const auto all = history_->operations();
  const auto final_from = history_->final_reads_from().value_or(never);
  for (operation_number op = 0; op < all.size(); ++op)
    for (const auto& s : history_->steps(all[op]))
      for (const auto& r : history_->records(s)) {
        auto& w = logs_[log_of(s)].values[value_of_record_[&r - history_->all_records().data()]];
        if (w.reader == no_operation || (w.reader == w.writer && op != w.writer))
          w.reader = op;
        w.finally_read = w.finally_read || all[op].invoked >= final_from;
      }
  for (const auto& op : all) {
    const bool atomic = op.kind == operation_kind::transaction;
    const bool seen = atomic && op.result == outcome::info && reads_are_committed_ && was_seen(op);
    for (const auto& s : history_->steps(op))
      if (s.kind == step_kind::send) {
        auto& w = logs_[log_of(s)].values[value_of_step_[&s - history_->all_steps().data()]];
        const bool read = !atomic && w.reader != no_operation && w.reader != w.writer;
        const bool acked = !atomic && s.at != no_offset;
        if (op.result == outcome::fail && !acked)
          w.is = fate::failed;
        else if (op.result == outcome::ok || seen || acked || read)
          w.is = fate::committed;
        else
          w.is = fate::unknown;
      }
  }
}

bool observed::was_seen(const operation& op) const {
  for (const auto& s : history_->steps(op))
    if (s.kind == step_kind::send) {
      const auto& w = value_of(s);
      if (w.reader != no_operation && w.reader != w.writer)
        return true;
    }
  return false;
}

void observed::collect_sightings() {
  for (const auto& s : history_->all_steps()) {
    if (s.kind == step_kind::send && s.at != no_offset) {
      const auto number = value_of_step_[&s - history_->all_steps().data()];
      auto& log = logs_[log_of(s)];
      const bool visible = log.values[number].is == fate::committed;
      log.sightings.push_back({s.at, number, visible});
      if (visible)
        log.values[number].at = s.at;
    }
  }
  for (const auto& s : history_->all_steps())
    for (const auto& r : history_->records(s)) {
      const auto number = value_of_record_[&r - history_->all_records().data()];
      auto& log = logs_[log_of(s)];
      if (log.values[number].at == r.at)
        continue;
      log.sightings.push_back({r.at, number, true});
      log.values[number].at = r.at;
    }
}

void observed::order_log(observed_log& log) {
  // Of twins the visible one comes first and stays.
  std::sort(log.sightings.begin(), log.sightings.end(), [](const sighting& a, const sighting& b) {
    return std::tuple{a.at, a.value_number, !a.visible} < std::tuple{b.at, b.value_number, !b.visible};
  });
  const auto twins = [](const sighting& a, const sighting& b) {
    return a.at == b.at && a.value_number == b.value_number;
  };
  log.sightings.erase(std::unique(log.sightings.begin(), log.sightings.end(), twins), log.sightings.end());
  for (auto& w : log.values)
    w.at = no_offset;
  log.due_before.push_back(0);
  for (std::uint32_t i = 0; i < log.sightings.size(); ++i) {
    const auto& s = log.sightings[i];
    if (!s.visible)
      continue;
    auto& w = log.values[s.value_number];
    if (log.order.empty() || log.sightings[log.order.back()].at != s.at) {
      log.order.push_back(i);
      log.due_before.push_back(log.due_before.back() + (w.is == fate::committed ? 1 : 0));
    }
    w.last_place = static_cast<std::uint32_t>(log.order.size() - 1);
    if (w.at == no_offset) {
      w.at = s.at;
      w.first_place = w.last_place;
    }
  }
}

void observed::place_records() {
  places_.assign(history_->all_records().size(), none);
  for (const auto& s : history_->all_steps())
    for (const auto& r : history_->records(s)) {
      const auto& w = value_of(s, r);
      places_[&r - history_->all_records().data()] = w.at == r.at ? w.first_place : logs_[log_of(s)].place_of(r.at);
    }
}

const written& observed::value_of(const step& s) const {
  return logs_[log_of(s)].values[value_of_step_[&s - history_->all_steps().data()]];
}

const written& observed::value_of(const step& s, const record& r) const {
  return logs_[log_of(s)].values[value_of_record_[&r - history_->all_records().data()]];
}

operation_number observed::witness(log_key key, value what, offset at) const {
  const auto all = history_->operations();
  for (operation_number op = 0; op < all.size(); ++op)
    for (const auto& s : history_->steps(all[op])) {
      if (s.key != key)
        continue;
      if (s.kind == step_kind::send && s.sent == what && s.at == at)
        return op;
      for (const auto& r : history_->records(s))
        if (r == record{at, what})
          return op;
    }
  return no_operation;
}

}  // namespace troupe::check
