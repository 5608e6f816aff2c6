#include "runtime/group/coordinator.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/group/refusal.hpp"

#include <algorithm>

namespace troupe::group {

using kafka::error_code;

namespace {

void add(effects& to, effects more) {
  std::ranges::move(more.answers, std::back_inserter(to.answers));
  std::ranges::move(more.batches, std::back_inserter(to.batches));
  std::ranges::move(more.notes, std::back_inserter(to.notes));
}

}  // namespace

coordinator::coordinator(options with, random_source& random, assignor_list assignors)
  : in_{with, &random, std::move(assignors), nullptr} {}

error coordinator::replay(const log_record& record) {
  auto parsed = parse(record);
  if (!parsed)
    return parsed.error();
  apply(std::move(*parsed));
  next_ticket_ = ticket{next_ticket_.value + 1};
  return {};
}

error coordinator::replay_in_transaction(const journal_producer& by, const log_record& record) {
  auto parsed = parse(record);
  if (!parsed)
    return parsed.error();
  if (const auto* offset = std::get_if<offset_commit_record>(&*parsed); offset && offset->value) {
    const auto& key = offset->key;
    find_or_make(key.group, {});
    pend({key.group, key.topic, key.partition, from_record(*offset->value)}, by, next_ticket_);
  }
  next_ticket_ = ticket{next_ticket_.value + 1};
  return {};
}

void coordinator::apply(any_record record) {
  std::visit(
      [&]<class Record>(Record& r) {
        if constexpr (requires { r.key.group_id; })
          apply_to_consumers(r.key.group_id, r);
        else
          apply(r);
      },
      record);
}

void coordinator::apply(const group_record& r) {
  auto* t = r.value ? find_or_make(r.key.group, {}) : find(r.key.group);
  if (!t || (!r.value && as_consumers(*t)))
    return;
  auto members = new_classic(r.key.group, {});
  if (r.value)
    members->replay(*r.value);
  t->members = std::move(members);
  if (!r.value && t->offsets.empty())
    drop(r.key.group);
}

void coordinator::apply(const offset_commit_record& r) {
  const auto& key = r.key;
  if (r.value) {
    find_or_make(key.group, {})->offsets.replay(key.topic, key.partition, from_record(*r.value), next_ticket_);
  } else if (auto* t = find(key.group)) {
    t->offsets.replay(key.topic, key.partition, std::nullopt, next_ticket_);
    if (is_idle(*t) && !t->members->is_recorded())
      drop(key.group);
  }
}

void coordinator::apply(const legacy_offset_record& r) {
  std::optional<committed_offset> value;
  if (r.value) {
    value.emplace();
    value->next = r.value->offset;
    value->metadata = r.value->metadata;
    value->committed_at = from_ms(r.value->commit_timestamp);
  }
  find_or_make(r.key.group, {})->offsets.replay(r.key.topic, r.key.partition, std::move(value), next_ticket_);
}

/// A group is of the protocol of its newest record; one that is taken out is what groups without records are.
template <class Record>
void coordinator::apply_to_consumers(const std::string& group, const Record& record) {
  auto* t = record.value ? find_or_make(group, {}) : find(group);
  if (!t)
    return;
  auto* consumers = as_consumers(*t);
  if (!consumers && !record.value)
    return;
  if constexpr (requires(consumer_state& state) { state.apply(record); }) {
    if (!consumers) {
      t->members = std::make_unique<consumer_group>(group, in_);
      consumers = as_consumers(*t);
    }
    consumers->replay(record);
  }
  if (std::is_same_v<Record, consumer_group_record> && !record.value) {
    t->members = new_classic(group, {});
    if (t->offsets.empty())
      drop(group);
  }
}

effects coordinator::loaded(moment now) {
  effects all;
  for (auto& [id, t] : groups_) {
    outbox out{next_ticket_};
    t->members->loaded(now, out);
    effects e;
    remember_batches(out, t.get(), e);
    reschedule(*t);
    add(all, std::move(e));
  }
  expiry_due_ = now.at + in_.with.offsets_check_interval;
  return all;
}

effects coordinator::committed(ticket of, moment now) {
  auto node = on_their_way_.extract(of);
  TROUPE_INVARIANT(!node.empty(), "a batch is committed that was not made here");
  auto& b = node.mapped();
  settle(of, b, true);
  outbox out{next_ticket_};
  for (auto& one : b.answers)
    out.reply(one.to, std::move(one.body));
  auto* t = b.members_of.empty() ? nullptr : find(b.members_of);
  if (t)
    t->members->committed(of, now, out);
  return finish(out, t, now);
}

effects coordinator::refused(ticket of, error_code why, moment now) {
  auto node = on_their_way_.extract(of);
  TROUPE_INVARIANT(!node.empty(), "a batch is refused that was not made here");
  auto& b = node.mapped();
  settle(of, b, false);
  const auto code = code_for_client(why);
  outbox out{next_ticket_};
  for (auto& one : b.answers)
    out.reply(one.to, with_error(std::move(one.body), code));
  auto* t = b.members_of.empty() ? nullptr : find(b.members_of);
  if (t)
    t->members->refused(of, code, now, out);
  return finish(out, t, now);
}

effects coordinator::close(error_code why) {
  outbox out{next_ticket_};
  for (auto& [of, b] : on_their_way_)
    for (auto& one : b.answers)
      out.reply(one.to, with_error(std::move(one.body), why));
  for (auto& [id, t] : groups_)
    t->members->close(why, out);
  on_their_way_.clear();
  wake_ups_.clear();
  expiry_due_.reset();
  return out.take();
}

effects coordinator::tick(moment now) {
  effects all;
  while (!wake_ups_.empty() && wake_ups_.begin()->first <= now.at) {
    auto* t = find(wake_ups_.begin()->second);
    outbox out{next_ticket_};
    t->members->tick(now, out);
    add(all, finish(out, t, now));
  }
  if (expiry_due_ && *expiry_due_ <= now.at) {
    expiry_due_ = now.at + in_.with.offsets_check_interval;
    outbox out{next_ticket_};
    expire(now, out);
    add(all, finish(out, nullptr, now));
  }
  return all;
}

std::optional<monotonic_time> coordinator::wakes_at() const {
  if (wake_ups_.empty())
    return groups_.empty() ? std::nullopt : expiry_due_;
  return expiry_due_ ? std::min(wake_ups_.begin()->first, *expiry_due_) : wake_ups_.begin()->first;
}

coordinator::tenant* coordinator::find(const std::string& group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

const coordinator::tenant* coordinator::find(const std::string& group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

coordinator::tenant* coordinator::find_or_make(const std::string& group, wall_time now) {
  auto& place = groups_[group];
  if (!place)
    place = std::make_unique<tenant>(tenant{new_classic(group, now), {}, {}});
  return place.get();
}

std::unique_ptr<classic_group> coordinator::new_classic(const std::string& group, wall_time since) const {
  return std::make_unique<classic_group>(group, in_.with, *in_.random, since);
}

consumer_group* coordinator::as_consumers(tenant& t) {
  return dynamic_cast<consumer_group*>(t.members.get());
}

/// The effects of a step that concerned `touched`, whose next deadline may be another one now.
effects coordinator::finish(outbox& out, tenant* touched, moment now) {
  effects e;
  if (touched) {
    settle_migration(*touched, now, out);
    if (const auto at = touched->members->wakes_at(); at && *at <= now.at)  // such as an initial delay of 0
      touched->members->tick(now, out);
    remember_batches(out, touched, e);
    if (is_idle(*touched) && !touched->members->is_recorded())
      drop(std::string{touched->members->id()});
    else
      reschedule(*touched);
  } else {
    remember_batches(out, nullptr, e);
  }
  return e;
}

/// Batches that are not of the coordinator's own making are the touched group's.
void coordinator::remember_batches(outbox& out, const tenant* touched, effects& e) {
  auto held = out.take_held();
  e = out.take();
  for (const auto& made : e.batches) {
    if (!on_their_way_.contains(made.id)) {
      TROUPE_INVARIANT(touched, "a batch of records without a group");
      on_their_way_[made.id].members_of = touched->members->id();
    }
  }
  for (auto& [of, one] : held)
    on_their_way_.at(of).answers.push_back(std::move(one));
}

void coordinator::reschedule(tenant& t) {
  const auto at = t.members->wakes_at();
  if (at == t.wakes_at)
    return;
  if (t.wakes_at)
    wake_ups_.erase({*t.wakes_at, t.members->id()});
  if (at)
    wake_ups_.emplace(*at, t.members->id());
  t.wakes_at = at;
}

void coordinator::drop(const std::string& group) {
  const auto found = groups_.find(group);
  if (found->second->wakes_at)
    wake_ups_.erase({*found->second->wakes_at, group});
  groups_.erase(found);
}

bool coordinator::is_idle(const tenant& t) const {
  return t.members->is_empty() && !t.members->is_in_use() && t.offsets.empty();
}

void coordinator::settle(ticket of, const batch_on_its_way& b, bool is_committed) {
  for (const auto& change : b.offsets) {
    if (b.by) {
      if (is_committed)
        pend(change, *b.by, of);
      continue;
    }
    auto* t = find(change.group);
    if (!t)
      continue;
    t->offsets.settle(change.topic, change.partition, of, is_committed);
    if (is_idle(*t) && !t->members->is_recorded())
      drop(change.group);
  }
  for (const auto& group : b.deletions) {
    auto* t = find(group);
    if (is_committed)
      drop(group);
    else if (t)
      t->members->end_deletion();
  }
}

}  // namespace troupe::group
