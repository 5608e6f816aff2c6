#include "runtime/base/mutation.hpp"
#include "runtime/group/coordinator.hpp"

#include <algorithm>
#include <cctype>

// What is deleted: groups by request, offsets by age or with their topics.
namespace troupe::group {

using kafka::error_code;

namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, [](unsigned char c) { return std::tolower(c); },
                            [](unsigned char c) { return std::tolower(c); });
}

bool is_among(const std::vector<std::string>& words, std::string_view word) {
  return words.empty() || std::ranges::any_of(words, [&](const auto& one) { return same_word(one, word); });
}

}  // namespace

effects coordinator::delete_groups(const caller& who, const kafka::delete_groups_request& r) {
  outbox out{next_ticket_};
  kafka::delete_groups_response body;
  change_set changes;
  for (const auto& group : std::set<std::string>{r.groups_names.begin(), r.groups_names.end()}) {
    auto& result = body.results.emplace_back();
    result.group_id = group;
    auto* t = find(group);
    if (!t || t->members->is_dead())
      result.error_code = kafka::code_of(error_code::group_id_not_found);
    else if (!t->members->is_empty())
      result.error_code = kafka::code_of(error_code::non_empty_group);
    else {
      t->offsets.for_each_known([&](const std::string& topic, std::int32_t partition) {
        set_offset(changes, group, topic, partition, std::nullopt);
      });
      delete_group(*t, changes);
    }
  }
  if (changes.records.empty())
    out.reply(who.id, std::move(body));
  else
    out.reply_after(append(std::move(changes), out), who.id, std::move(body));
  effects e;
  remember_batches(out, nullptr, e);
  return e;
}

kafka::describe_groups_response::group coordinator::describe(const std::string& group, std::int16_t version) const {
  constexpr std::int16_t not_found_version = 6;
  if (const auto* t = find(group))
    return t->members->description(version);
  kafka::describe_groups_response::group none;
  none.group_id = group;
  none.group_state = name_of(group_state::dead);
  if (version >= not_found_version) {
    none.error_code = kafka::code_of(error_code::group_id_not_found);
    none.error_message = "Group " + group + " not found.";
  }
  return none;
}

kafka::consumer_group_describe_response::group coordinator::describe_consumers(const std::string& group) const {
  if (const auto* t = find(group))
    return t->members->consumer_description();
  kafka::consumer_group_describe_response::group none;
  none.group_id = group;
  none.error_code = kafka::code_of(error_code::group_id_not_found);
  none.error_message = "Group " + group + " not found.";
  return none;
}

std::vector<kafka::list_groups_response::group> coordinator::list(const kafka::list_groups_request& filter) const {
  std::vector<kafka::list_groups_response::group> out;
  for (const auto& [id, t] : groups_) {
    auto one = t->members->listing();
    if (is_among(filter.states_filter, one.group_state) && is_among(filter.types_filter, one.group_type))
      out.push_back(std::move(one));
  }
  return out;
}

effects coordinator::topics_deleted(const std::set<std::string>& topics) {
  outbox out{next_ticket_};
  change_set changes;
  for (const auto& [id, t] : groups_) {
    t->offsets.for_each_known([&, group = id](const std::string& topic, std::int32_t partition) {
      if (topics.contains(topic))
        set_offset(changes, group, topic, partition, std::nullopt);
    });
    append_if_full(changes, out);
  }
  if (!changes.records.empty())
    append(std::move(changes), out);
  effects e;
  remember_batches(out, nullptr, e);
  return e;
}

void coordinator::expire(moment now, outbox& out) {
  change_set changes;
  for (const auto& [id, t] : groups_) {
    if (t->members->is_dead())
      continue;
    const bool are_all_gone = expire_offsets(*t, now.wall, changes, out);
    if (are_all_gone && t->members->is_empty() && !t->members->is_in_use()) {
      delete_group(*t, changes);
      out.note("group " + id + ": is deleted, for it has neither members nor offsets");
    }
    append_if_full(changes, out);
  }
  if (!changes.records.empty())
    append(std::move(changes), out);
}

/// Offsets live as long as somebody may come back for them: from when the group got empty, or when they were committed
/// if there never was a group, or the group reads other topics now (KIP-211). While it rebalances, nothing is known of
/// that and nothing expires. True when no offset is left.
bool coordinator::expire_offsets(const tenant& t, wall_time now, change_set& changes, outbox& out) {
  const auto& members = *t.members;
  const bool is_rebalancing = !members.knows_readers();
  if (is_rebalancing && !mutation("M32"))
    return t.offsets.empty();
  std::size_t count = 0;
  t.offsets.for_each([&](const std::string& topic, std::int32_t partition, const committed_offset& offset) {
    const auto since = members.unread_since().value_or(offset.committed_at);
    const bool is_over = offset.expires ? now >= *offset.expires : now - since >= in_.with.offsets_retention;
    const bool is_read = members.is_subscribed_to(topic) && !(is_rebalancing && mutation("M32"));
    if (!is_over || is_read || t.offsets.is_changing(topic, partition))
      return;
    set_offset(changes, members.id(), topic, partition, std::nullopt);
    ++count;
  });
  if (count > 0)
    out.note("group " + members.id() + ": " + std::to_string(count) + " offsets have expired");
  return count == t.offsets.entry_count();  // what is on its way counts as well
}

void coordinator::append_if_full(change_set& changes, outbox& out) {
  if (changes.records.size() >= bounds::tombstones_per_batch)
    append(std::exchange(changes, {}), out);
}

/// The group itself; its offsets are in the changes already.
void coordinator::delete_group(tenant& t, change_set& changes) {
  std::ranges::move(t.members->tombstones(), std::back_inserter(changes.records));
  changes.deletions.push_back(t.members->id());
  t.members->begin_deletion();
}

}  // namespace troupe::group
