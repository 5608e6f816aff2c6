#include "test/unit/check/model_log.hpp"

#include <algorithm>

namespace troupe::test {

using check::operation_kind;
using check::outcome;
using check::step_kind;

namespace {

constexpr std::int32_t client_count = 5;
constexpr int records_max = 4;                // of a poll, from one partition
constexpr std::uint32_t half = 500'000;
constexpr std::uint32_t unknown = 100'000;    // of sends and transactions: the client does not hear of the end
constexpr std::uint32_t failing = 100'000;
constexpr std::uint32_t late = 50'000;        // a step in which some late send arrives
constexpr std::uint32_t strike_often = 500'000;  // bugs that seldom have an occasion
constexpr std::uint32_t strike_seldom = 30'000;
constexpr check::value invented{1'000'000};

}  // namespace

model::model(std::uint64_t seed, const workload::list_append_options& options, planted bug)
  : random_(seed, "model"), workload_(options, seed), bug_(bug),
    logs_(static_cast<std::size_t>(options.partition_count)), ends_(logs_.size(), offset{0}) {
  for (std::int32_t id = 0; id < client_count; ++id)
    clients_[check::client_id{id}];
}

check::history model::run(std::size_t operation_count) {
  while (begun_ < operation_count) {
    step(check::client_id{static_cast<std::int32_t>(random_.below(client_count))});
    if (random_.chance(late))
      append_late();
    strike();
  }
  for (auto& [id, c] : clients_)
    while (c.now)
      step(id);
  while (!late_.empty())
    append_late();
  workload_.begin_final_reads(ends_);
  final_ = true;
  now_ += check::instant{1};
  recorder_.final_reads_begin(now_);
  // A broken log may never show what a reader waits for.
  for (auto& [id, c] : clients_)
    for (std::size_t polls = 0; polls < 4 * operation_count && begin(id, c); ++polls)
      while (c.now)
        step(id);
  return recorder_.take();
}

void model::step(check::client_id id) {
  now_ += check::instant{static_cast<std::int64_t>(random_.below(3))};
  auto& c = clients_[id];
  if (!c.now)
    begin(id, c);
  else if (c.next_step < c.now->steps.size())
    take_step(id, c);
  else
    end(id, c);
}

bool model::begin(check::client_id id, client& c) {
  c.now = workload_.next(id);
  if (!c.now)
    return false;
  ++begun_;
  c.next_step = 0;
  c.written.clear();
  c.seen.clear();
  if (c.now->kind == operation_kind::crash) {
    crash(id, c);
    return true;
  }
  c.ticket = recorder_.begin(id, c.now->kind, now_);
  c.positions_before = c.positions;
  draw_end(c);
  if (c.now->kind == operation_kind::assign || c.now->kind == operation_kind::subscribe) {
    std::map<check::log_key, offset> kept;
    for (const auto& s : c.now->steps)
      kept[s.key] = c.positions.try_emplace(s.key, offset{0}).first->second;
    c.positions = kept;
  }
  return true;
}

void model::draw_end(client& c) {
  c.ends = outcome::ok;
  c.takes_effect = true;
  if (c.now->kind != operation_kind::send && c.now->kind != operation_kind::transaction)
    return;
  if (random_.chance(failing)) {
    c.ends = outcome::fail;
    c.takes_effect = false;
  } else if (random_.chance(unknown)) {
    c.ends = outcome::info;
    c.takes_effect = random_.chance(half);
  }
}

void model::take_step(check::client_id id, client& c) {
  const auto s = c.now->steps[c.next_step++];
  switch (s.kind) {
    case step_kind::send: send(id, c, s); break;
    case step_kind::poll: poll(id, c); break;
    case step_kind::name: recorder_.name(c.ticket, s.key); break;
    case step_kind::seek:
      recorder_.seek(c.ticket, s.key, s.at);
      c.positions[s.key] = s.at;
      break;
    case step_kind::rebalance: break;
  }
}

void model::send(check::client_id id, client& c, const workload::wished_step& s) {
  recorder_.send(c.ticket, s.key, s.what);
  const bool atomic = c.now->kind == operation_kind::transaction;
  if (!atomic && !c.takes_effect) {
    if (c.ends == outcome::info && random_.chance(half))
      late_.push_back({id, s.key, s.what});
    return;
  }
  const entry added{s.what, atomic ? state::open : state::committed, id};
  auto& to = logs_[static_cast<std::size_t>(s.key.value)];
  auto at = no_offset;
  if (const auto wrong = place_out_of_order(id, s.key);
      wrong && !atomic && c.ends == outcome::ok && strikes(planted::reorder)) {
    shown_ = true;
    at = *wrong;
    to[at] = added;
  } else {
    at = append(s.key, added);
  }
  c.written.emplace_back(s.key, at);
  if (c.ends == outcome::info && random_.chance(half))
    return;  // the reply is lost
  auto answered = at;
  if (!atomic && to.begin()->first != at && strikes(planted::same_offset)) {
    shown_ = true;
    answered = to.begin()->first;
  }
  recorder_.acked(c.ticket, s.key, s.what, answered);
  if (!atomic)
    told(s.key, at);
}

/// A free offset below one that the client was told before.
std::optional<offset> model::place_out_of_order(check::client_id id, check::log_key key) const {
  const auto& in = logs_[static_cast<std::size_t>(key.value)];
  for (const auto& [told_key, told_at] : acknowledged_) {
    const auto found = in.find(told_at);
    if (told_key == key && found != in.end() && found->second.writer == id && told_at.value > 0
        && !in.contains(told_at + -1))
      return told_at + -1;
  }
  return std::nullopt;
}

offset model::append(check::log_key key, const entry& added) {
  auto& to = logs_[static_cast<std::size_t>(key.value)];
  auto& end = ends_[static_cast<std::size_t>(key.value)];
  const auto place = end + static_cast<std::int64_t>(random_.below(2));
  to[place] = added;
  end = place + 1;
  if (added.is == state::committed && strikes(planted::duplicate)) {
    shown_ = true;
    to[end] = added;
    end = end + 1;
  }
  return place;
}

void model::append_late() {
  if (late_.empty())
    return;
  // In any order, but what one client sent stays in order.
  const auto client = late_[random_.below(late_.size())].client;
  const auto which = std::find_if(late_.begin(), late_.end(), [&](const auto& l) { return l.client == client; });
  append(which->key, {which->what, state::committed, which->client});
  late_.erase(which);
}

offset model::lowest_open(const log& of) const {
  for (const auto& [at, e] : of)
    if (e.is == state::open)
      return at;
  return offset{INT64_MAX};
}

void model::poll(check::client_id id, client& c) {
  recorder_.poll(c.ticket);
  for (auto& [key, position] : c.positions)
    if (random_.chance(half) || final_)
      poll_log(id, c, key, position);
}

void model::poll_log(check::client_id id, client& c, check::log_key key, offset& position) {
  const auto& from = logs_[static_cast<std::size_t>(key.value)];
  const auto stable = lowest_open(from);
  auto next = from.lower_bound(position);
  int left = records_max;
  const auto bring = [&](offset at, check::value what) {
    recorder_.polled(c.ticket, key, {at, what});
    c.seen.emplace_back(key, at);
    position = at + 1;
    --left;
  };
  // In the final reads everybody knows where a client stands.
  if (final_ && next != from.begin() && std::prev(next)->second.is == state::committed && strikes(planted::repeat)) {
    shown_ = true;
    --next;
  }
  for (; left > 0; ++next) {
    if (next == from.end()) {
      position = std::max(position, ends_[static_cast<std::size_t>(key.value)]);
      return;
    }
    const auto& [at, e] = *next;
    if (e.is == state::open && e.writer == id && strikes(planted::show_open)) {
      shown_ = true;
      bring(at, e.what);
    }
    if (at >= stable)
      return;
    if (e.is == state::aborted && e.told_aborted && strikes(planted::show_aborted)) {
      shown_ = true;
      bring(at, e.what);
    }
    if (e.is != state::committed)
      continue;
    const auto after = std::next(next);
    if (left < records_max && after != from.end() && after->first < stable && after->second.is == state::committed
        && strikes(planted::skip)) {
      shown_ = true;
      continue;
    }
    bring(at, e.what);
    if (strikes(planted::invent)) {
      shown_ = true;
      bring(at + 1, invented);
    }
  }
}

void model::settle(client& c, state as) {
  for (const auto& [key, where] : c.written) {
    at(key, where).is = as;
    at(key, where).told_aborted = c.ends == outcome::fail;
    if (c.ends == outcome::ok)
      told(key, where);
  }
  if (c.ends != outcome::ok || c.written.empty() || c.written.front().first == c.written.back().first
      || !strikes(planted::tear_transaction))
    return;
  shown_ = true;
  for (const auto& [key, where] : c.written)
    if (key == c.written.front().first)
      at(key, where).is = state::hidden;
}

void model::end(check::client_id id, client& c) {
  if (c.now->kind == operation_kind::transaction) {
    settle(c, c.takes_effect ? state::committed : state::aborted);
    if (c.ends != outcome::ok && random_.chance(half))
      c.positions = c.positions_before;
  }
  for (const auto& [key, at] : c.seen)
    workload_.polled(key, at);
  if (final_)
    for (const auto& [key, position] : c.positions)
      workload_.reached(id, key, position);
  if (c.ends == outcome::ok)
    for (const auto& [key, at] : c.written)
      workload_.acknowledged(key, at);
  recorder_.end(c.ticket, c.ends, now_);
  c.now.reset();
  // A send that may still be under way belongs to a producer that is given up.
  if (c.ends == outcome::info
      && std::any_of(late_.begin(), late_.end(), [id](const late_send& l) { return l.client == id; })) {
    workload_.crashed(id);
    crash(id, c);
  }
}

void model::crash(check::client_id id, client& c) {
  recorder_.crash(id, now_);
  c = {};
}

bool model::drop_or_swap() {
  const auto [key, at] = acknowledged_[random_.below(acknowledged_.size())];
  auto& in = logs_[static_cast<std::size_t>(key.value)];
  const auto found = in.find(at);
  if (found == in.end() || found->second.is != state::committed)
    return false;
  if (bug_ == planted::drop_acknowledged) {
    found->second.is = state::hidden;
    return true;
  }
  const auto next = std::next(found);
  if (next == in.end() || next->second.is != state::committed)
    return false;
  std::swap(found->second, next->second);
  return true;
}

bool model::strikes(planted bug) {
  const bool rare = bug == planted::show_open || bug == planted::reorder || bug == planted::tear_transaction;
  return bug_ == bug && !shown_ && random_.chance(rare ? strike_often : strike_seldom);
}

void model::strike() {
  if (acknowledged_.empty())
    return;
  if (strikes(planted::drop_acknowledged) || strikes(planted::swap))
    shown_ = drop_or_swap();
  if (!strikes(planted::roll_back))
    return;
  const auto [key, at] = acknowledged_.back();
  auto& in = logs_[static_cast<std::size_t>(key.value)];
  const bool open = std::any_of(in.lower_bound(at), in.end(), [](const auto& e) { return e.second.is == state::open; });
  if (open)
    return;
  in.erase(in.lower_bound(at), in.end());
  ends_[static_cast<std::size_t>(key.value)] = at;
  shown_ = true;
}

}  // namespace troupe::test
