#include "runtime/transaction/coordinator.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/transaction/bounds.hpp"

#include <utility>

namespace troupe::transaction {

using kafka::error_code;

namespace {

constexpr auto retry_pause = std::chrono::milliseconds{100};
constexpr auto wait_most = std::chrono::milliseconds{100};  // for the end of the transaction before
constexpr std::size_t waiting_most = 100;                   // of one id

}  // namespace

coordinator::coordinator(options with) : options_(with) {}

coordinator::entry* coordinator::find(const std::string& id) {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

const coordinator::entry* coordinator::find(const std::string& id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

// -- the log ----------------------------------------------------------------------------------------------------------

error coordinator::replay(const journal_record& record) {
  auto r = read(record);
  if (!r)
    return r.error();
  if (!*r)
    return {};
  if ((*r)->what)
    all_[(*r)->id].now = std::move(*(*r)->what);
  else
    all_.erase((*r)->id);
  return {};
}

/// A transaction that was open gets what is left of its time, by the wall clocks of this node and the one before.
effects coordinator::loaded(moment now) {
  effects out;
  for (auto& [id, e] : all_) {
    if (is_preparing(e.now.at)) {
      send_markers(id, e, out);
      complete_if_marked(id, e, now, out);
    }
    if (e.now.at != status::ongoing)
      continue;
    const auto left = e.now.started.value_or(now.wall) + e.now.timeout - now.wall;
    timeouts_.arm(id, now.at + std::clamp<wall_time::duration>(left, wall_time::duration{0}, e.now.timeout));
  }
  expiry_due_ = now.at + options_.id_check_interval;
  return out;
}

void coordinator::append(const std::string& id, state next, outcome then, effects& out) {
  auto& e = all_.at(id);
  TROUPE_INVARIANT(!e.is_changing(), "an id has one change on its way at a time");
  out.batches.push_back({next_ticket_, {to_record(id, &next)}});
  e.next = std::move(next);
  on_their_way_[next_ticket_] = {{id}, std::move(then)};
  next_ticket_ = ticket{next_ticket_.value + 1};
}

effects coordinator::committed(ticket of, moment now) {
  effects out;
  settle(of, error_code::none, now, out);
  return out;
}

effects coordinator::refused(ticket of, error_code why, moment now) {
  effects out;
  settle(of, why, now, out);
  return out;
}

void coordinator::settle(ticket of, error_code code, moment now, effects& out) {
  auto settled = on_their_way_.extract(of);
  TROUPE_INVARIANT(settled, "a batch is settled once");
  for (const auto& id : settled.mapped().ids) {
    auto& e = all_.at(id);
    if (code == error_code::none) {
      apply(id, e, now, out);
      continue;
    }
    e.next.reset();
    e.is_leaving = false;
    if (e.now.epoch == no_epoch_given)
      all_.erase(id);  // was to be its first record
    else if (e.now.at == status::ongoing)
      timeouts_.arm(id, now.at + retry_pause);  // in case it was that its time is over
  }
  if (settled.mapped().then)
    settled.mapped().then(code, out);
  for (const auto& id : settled.mapped().ids)
    if (const auto* e = find(id); e && !e->is_ending() && !e->is_changing())
      go_on_waiting(id, error_code::none, out);
  go_on_with_ids(out);
}

/// Markers are mostly there in a moment: clients that are told to come again do so much later.
bool coordinator::may_wait(const std::string& id, entry& e, outcome then, moment now) {
  if (!e.is_ending() || e.waiting.size() >= waiting_most)
    return false;
  e.waiting.push_back(std::move(then));
  waits_.emplace_back(now.at + wait_most, id);
  return true;
}

void coordinator::go_on_waiting(const std::string& id, error_code code, effects& out) {
  if (auto* e = find(id))
    for (const auto& then : std::exchange(e->waiting, {}))
      then(code, out);
}

/// The state that was on its way is the one that counts.
void coordinator::apply(const std::string& id, entry& e, moment now, effects& out) {
  if (e.is_leaving) {
    all_.erase(id);
    return;
  }
  const auto was = std::exchange(e.now, std::move(*e.next));
  e.next.reset();
  if (e.now.at == status::ongoing && was.at != status::ongoing)
    timeouts_.arm(id, now.at + e.now.timeout);
  else if (e.now.at != status::ongoing)
    timeouts_.disarm(id);
  if (is_preparing(e.now.at))
    send_markers(id, e, out);
}

effects coordinator::close(error_code why) {
  effects out;
  for (auto& [of, b] : std::exchange(on_their_way_, {}))
    if (b.then)
      b.then(why, out);
  for (auto& then : std::exchange(waiting_for_ids_, {}))
    then(why, out);
  for (const auto& [until, id] : std::exchange(waits_, {}))
    go_on_waiting(id, why, out);
  out.batches.clear();
  out.markers.clear();
  return out;
}

// -- markers ----------------------------------------------------------------------------------------------------------

void coordinator::send_markers(const std::string& id, const entry& e, effects& out) const {
  if (!e.now.partitions.empty())
    out.markers.push_back({id, e.now.producer, e.now.epoch, e.now.at == status::prepare_commit, e.now.client_version,
                           e.now.partitions});
}

effects coordinator::marked(const std::string& id, producer_id producer, std::int16_t epoch,
                            const std::vector<participant>& partitions, moment now) {
  effects out;
  auto* e = find(id);
  if (!e || e->now.producer != producer || e->now.epoch != epoch || !is_preparing(e->now.at))
    return out;
  for (const auto& p : partitions)
    e->now.partitions.erase(p);
  complete_if_marked(id, *e, now, out);
  return out;
}

/// Every partition has its marker: the transaction is over. Tried again when the journal refuses it.
void coordinator::complete_if_marked(const std::string& id, entry& e, moment now, effects& out) {
  if (!is_preparing(e.now.at) || !e.now.partitions.empty() || e.is_changing())
    return;
  auto next = e.now;
  next.at = e.now.at == status::prepare_commit ? status::complete_commit : status::complete_abort;
  next.updated = now.wall;
  if (next.bumps_epochs() && next.next != no_producer_id) {
    next.previous = std::exchange(next.producer, std::exchange(next.next, no_producer_id));
    next.last_epoch = std::exchange(next.epoch, std::int16_t{0});
  }
  append(id, std::move(next), [this, id, now](error_code code, effects&) {
    if (code != error_code::none)
      timeouts_.arm(id, now.at + retry_pause);
  }, out);
}

// -- time -------------------------------------------------------------------------------------------------------------

effects coordinator::tick(moment now) {
  effects out;
  while (const auto id = timeouts_.take_due(now.at)) {
    auto* e = find(*id);
    if (!e)
      continue;
    complete_if_marked(*id, *e, now, out);
    if (e->now.at != status::ongoing)
      continue;
    if (e->is_changing()) {
      timeouts_.arm(*id, now.at + retry_pause);
      continue;
    }
    out.notes.push_back("the transaction of " + *id + " was open for longer than its "
                        + std::to_string(e->now.timeout.count()) + " ms and is aborted");
    fence(*id, *e, {}, now, out);
  }
  for (; !waits_.empty() && waits_.front().first <= now.at; waits_.pop_front())
    go_on_waiting(waits_.front().second, error_code::concurrent_transactions, out);
  if (expiry_due_ && *expiry_due_ <= now.at) {
    expiry_due_ = now.at + options_.id_check_interval;
    expire_ids(now, out);
  }
  return out;
}

void coordinator::expire_ids(moment now, effects& out) {
  std::vector<std::string> ids;
  std::vector<journal_record> records;
  const auto append_gathered = [&] {
    if (ids.empty())
      return;
    out.notes.push_back(std::to_string(ids.size()) + " transactional ids expire");
    out.batches.push_back({next_ticket_, std::exchange(records, {})});
    on_their_way_[next_ticket_] = {std::exchange(ids, {}), {}};
    next_ticket_ = ticket{next_ticket_.value + 1};
  };
  for (auto& [id, e] : all_) {
    const bool is_over = e.now.at != status::ongoing && !is_preparing(e.now.at);
    if (!is_over || e.is_changing() || e.now.updated + options_.id_expiration > now.wall)
      continue;
    e.is_leaving = true;
    ids.push_back(id);
    records.push_back(to_record(id, nullptr));
    if (ids.size() == bounds::expired_ids_per_batch)
      append_gathered();
  }
  append_gathered();
}

std::optional<monotonic_time> coordinator::wakes_at() const {
  auto due = timeouts_.next();
  if (expiry_due_ && (!due || *expiry_due_ < *due))
    due = expiry_due_;
  if (!waits_.empty() && (!due || waits_.front().first < *due))
    due = waits_.front().first;
  return due;
}

// -- administration ---------------------------------------------------------------------------------------------------

kafka::describe_transactions_response::transaction_state coordinator::describe(const std::string& id) const {
  kafka::describe_transactions_response::transaction_state out;
  out.transactional_id = id;
  const auto* e = find(id);
  if (id.empty() || !e || e->now.epoch == no_epoch_given) {
    out.error_code = kafka::code_of(id.empty() ? error_code::invalid_request : error_code::transactional_id_not_found);
    return out;
  }
  out.transaction_state = name_of(e->now.at);
  out.transaction_timeout_ms = static_cast<std::int32_t>(e->now.timeout.count());
  out.transaction_start_time_ms = e->now.started ? to_ms(*e->now.started) : -1;
  out.producer_id = e->now.producer.value;
  out.producer_epoch = e->now.epoch;
  for (const auto& p : e->now.partitions) {
    if (out.topics.empty() || out.topics.back().topic != p.topic)
      out.topics.emplace_back().topic = p.topic;
    out.topics.back().partitions.push_back(p.partition);
  }
  return out;
}

}  // namespace troupe::transaction
