#include "runtime/group/consumer_group.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

// The group's steps, its members' time, and what the coordinator asks of any group.
namespace troupe::group {

using kafka::error_code;

namespace {

kafka::consumer_group_heartbeat_response empty_answer(const kafka::consumer_group_heartbeat_request&) { return {}; }
kafka::join_group_response empty_answer(const kafka::join_group_request&) {
  return join_refused(error_code::none, "");
}
kafka::sync_group_response empty_answer(const kafka::sync_group_request&) { return {}; }
kafka::heartbeat_response empty_answer(const kafka::heartbeat_request&) { return {}; }
kafka::leave_group_response empty_answer(const kafka::leave_group_request&) { return {}; }

}  // namespace

consumer_group::consumer_group(std::string id, const surroundings& in) : id_(std::move(id)), in_(&in) {}

consumer_group::consumer_group(std::unique_ptr<classic_group> former, const surroundings& in)
  : id_(former->id()), in_(&in), former_(std::move(former)) {}

consumer_group::~consumer_group() = default;

void consumer_group::consumer_heartbeat(const caller& who, kafka::consumer_group_heartbeat_request r, moment now,
                                        outbox& out) {
  enqueue({who, std::move(r)}, now, out);
}

void consumer_group::join(const caller& who, const kafka::join_group_request& r, moment now, outbox& out) {
  enqueue({who, r}, now, out);
}

void consumer_group::sync(const caller& who, const kafka::sync_group_request& r, moment now, outbox& out) {
  enqueue({who, r}, now, out);
}

void consumer_group::heartbeat(const caller& who, const kafka::heartbeat_request& r, moment now, outbox& out) {
  enqueue({who, r}, now, out);
}

void consumer_group::leave(const caller& who, const kafka::leave_group_request& r, moment now, outbox& out) {
  enqueue({who, r}, now, out);
}

void consumer_group::enqueue(member_turn turn, moment now, outbox& out) {
  if (is_dead_)
    return turn_away(turn, error_code::coordinator_not_available, out);
  waiting_.push_back(std::move(turn));
  run(now, out);
}

void consumer_group::turn_away(const member_turn& turn, error_code why, outbox& out) {
  std::visit(
      [&](const auto& request) {
        auto body = empty_answer(request);
        body.error_code = kafka::code_of(why);
        out.reply(turn.who.id, std::move(body));
      },
      turn.request);
}

// -- steps ------------------------------------------------------------------------------------------------------------

void consumer_group::run(moment now, outbox& out) {
  while (!write_ && !has_become_) {
    step s{.now = now, .records = {}, .answers = {}, .guests = {}, .notes = {}};
    fence_overdue(s);
    while (!waiting_.empty() && s.bytes < bounds::consumer_batch_bytes && !successor_) {
      auto turn = std::move(waiting_.front());
      waiting_.pop_front();
      std::visit([&](auto& r) { take(s, turn.who, std::move(r)); }, turn.request);
    }
    if (!successor_ && s.has_losses && !state_.all().empty() && would_be_classic_without(nullptr))
      successor_ = to_classic(s);
    if (!successor_) {
      catch_up(s);
      for (const auto& g : s.guests)
        welcome(s, g);
    }
    finish(s, out);
    if (waiting_.empty())
      return;
  }
}

/// Answers go out with the step's batch, or at once when it changes nothing.
void consumer_group::finish(step& s, outbox& out) {
  for (auto& line : s.notes)
    out.note("group " + id_ + ": " + std::move(line));
  if (s.records.empty()) {
    before_.reset();
    for (auto& one : s.answers)
      out.reply(one.to, std::move(one.body));
    if (former_)  // whoever wanted another protocol was refused
      successor_ = std::move(former_);
    has_become_ = successor_ != nullptr;
    return;
  }
  write_ = out.append(std::move(s.records));
  for (auto& one : s.answers)
    out.reply_after(*write_, one.to, std::move(one.body));
}

void consumer_group::committed(ticket of, moment now, outbox& out) {
  TROUPE_INVARIANT(write_ == of, "a batch is committed that the group does not wait for");
  write_.reset();
  before_.reset();
  former_.reset();
  if (successor_)
    has_become_ = true;
  else
    run(now, out);
}

void consumer_group::refused(ticket of, error_code why, moment now, outbox& out) {
  TROUPE_INVARIANT(write_ == of, "a batch is refused that the group does not wait for");
  out.note("group " + id_ + ": its records were refused: " + std::string{name_of(why)});
  write_.reset();
  state_ = std::move(*before_);
  before_.reset();
  subscriptions_.reset();
  successor_.reset();
  seen_.reset();
  if (former_) {
    successor_ = std::move(former_);
    has_become_ = true;
    return;
  }
  arm_all(now);
  run(now, out);
}

std::unique_ptr<classic_group> consumer_group::take_successor() {
  return has_become_ ? std::move(successor_) : nullptr;
}

template <class Record>
void consumer_group::put(step& s, const Record& record) {
  if (!before_)
    before_ = state_;
  s.records.push_back(to_log(record, 0));
  s.bytes += s.records.back().size();
  state_.apply(record);
  subscriptions_.reset();
}

template void consumer_group::put(step&, const consumer_group_record&);
template void consumer_group::put(step&, const consumer_member_record&);
template void consumer_group::put(step&, const target_epoch_record&);
template void consumer_group::put(step&, const target_member_record&);
template void consumer_group::put(step&, const current_assignment_record&);
template void consumer_group::put(step&, const regular_expression_record&);

template <class Body>
void consumer_group::reply(step& s, const caller& who, Body body) {
  s.answers.push_back({who.id, std::move(body)});
}

template void consumer_group::reply(step&, const caller&, kafka::consumer_group_heartbeat_response);
template void consumer_group::reply(step&, const caller&, kafka::join_group_response);
template void consumer_group::reply(step&, const caller&, kafka::sync_group_response);
template void consumer_group::reply(step&, const caller&, kafka::heartbeat_response);
template void consumer_group::reply(step&, const caller&, kafka::leave_group_response);

// -- members ----------------------------------------------------------------------------------------------------------

bool consumer_group::is_full(const std::string& member) const {
  return state_.all().size() >= in_->with.consumers_max && (member.empty() || !state_.find(member));
}

const std::set<std::string>& consumer_group::subscriptions() const {
  if (!subscriptions_)
    subscriptions_ = state_.subscriptions();
  return *subscriptions_;
}

/// Takes a member out with all that it has.
void consumer_group::remove(step& s, const std::string& member) {
  const auto id = member;  // may be the member's own
  put(s, current_assignment_record{{id_, id}, std::nullopt});
  put(s, target_member_record{{id_, id}, std::nullopt});
  put(s, consumer_member_record{{id_, id}, std::nullopt});
  for (auto* timer : {&sessions_, &revocations_, &joins_, &syncs_})
    timer->disarm(id);
  s.is_changed = true;
  s.has_losses = true;
}

/// A static member that is back under a new id has the place of its former self.
consumer_member consumer_group::replaced(step& s, const consumer_member& old, const std::string& id) {
  auto next = old;
  const auto target = state_.target(old.id);
  s.notes.push_back("static member " + *old.instance + " is back: " + id + " takes the place of " + old.id);
  next.id = id;
  next.epoch = next.previous_epoch = 0;
  const bool was_changed = s.is_changed, had_losses = s.has_losses;
  remove(s, old.id);
  s.is_changed = was_changed;
  s.has_losses = had_losses;
  put(s, subscription_record(id_, next));
  put(s, target_record(id_, id, target));
  put(s, assignment_record(id_, next));
  return next;
}

/// Writes down what has changed of what the member says of itself.
void consumer_group::update(step& s, const consumer_member& known, consumer_member next) {
  const bool is_new = !state_.find(next.id);
  if (!is_new && next == known)
    return;
  if (is_new || next.topics != known.topics || next.pattern != known.pattern || next.assignor != known.assignor
      || next.rack != known.rack)
    s.is_changed = true;
  put(s, subscription_record(id_, next));
}

// -- time -------------------------------------------------------------------------------------------------------------

std::chrono::milliseconds consumer_group::session_of(const consumer_member& member) const {
  if (member.classic)
    return member.classic->session_timeout;
  const auto own = in_->facts ? in_->facts->settings_of(id_).session_timeout : std::nullopt;
  return own.value_or(in_->with.consumer_session_timeout);
}

void consumer_group::fence_overdue(step& s) {
  const auto fence = [&](deadlines& timer, const char* why) {
    while (const auto due = timer.take_due(s.now.at)) {
      if (!state_.find(*due))
        continue;
      s.notes.push_back("member " + *due + " " + why + " and is out");
      remove(s, *due);
    }
  };
  fence(sessions_, "was silent for too long");
  fence(revocations_, "did not give up its partitions in time");
  fence(joins_, "did not join again in time");
  fence(syncs_, "did not ask for its assignment in time");
}

void consumer_group::arm_all(moment now) {
  for (const auto& [id, member] : state_.all()) {
    if (!sessions_.is_armed(id))
      sessions_.arm(id, now.at + session_of(*member));
    if (member->progress == member_progress::unrevoked && !member->classic && !revocations_.is_armed(id))
      revocations_.arm(id, now.at + member->rebalance_timeout);
  }
}

void consumer_group::tick(moment now, outbox& out) {
  if (assignment_due_ && *assignment_due_ <= now.at)
    assignment_due_.reset();
  run(now, out);
}

/// While a batch is on its way, what is due waits for it.
std::optional<monotonic_time> consumer_group::wakes_at() const {
  if (write_ || is_dead_)
    return std::nullopt;
  auto first = assignment_due_;
  for (const auto* timer : {&sessions_, &revocations_, &joins_, &syncs_})
    if (const auto at = timer->next(); at && (!first || *at < *first))
      first = at;
  return first;
}

// -- life as a tenant of a log ----------------------------------------------------------------------------------------

void consumer_group::loaded(moment now, outbox&) {
  arm_all(now);
}

void consumer_group::close(error_code why, outbox& out) {
  for (const auto& turn : std::exchange(waiting_, {}))
    turn_away(turn, why, out);
  if (former_)
    former_->close(why, out);
  is_dead_ = true;
}

void consumer_group::begin_deletion() {
  TROUPE_INVARIANT(is_empty(), "a group with members is deleted");
  is_dead_ = true;
}

void consumer_group::end_deletion() {
  TROUPE_INVARIANT(is_dead_, "a deletion is taken back that was not begun");
  is_dead_ = false;
}

}  // namespace troupe::group
