#include "runtime/metadata/elections.hpp"

#include "runtime/metadata/partition_changes.hpp"

#include <map>

namespace troupe::metadata {

namespace {

std::string text_of(const partition_name& which) {
  return "partition " + std::to_string(which.index.value) + " of topic " + which.topic;
}

error no_leader(election_type type, const partition_name& which, const partition& p) {
  if (type == election_type::preferred)
    return make_error(errc::preferred_leader_not_available,
                      text_of(which) + ": broker " + std::to_string(p.replicas.front().value)
                          + " is not in sync or not alive");
  return make_error(errc::eligible_leaders_not_available, text_of(which) + ": none of its replicas is alive");
}

/// Elects for one partition of `t` and adds the record.
error elect(const image& on, const command_rules& rules, const topic& t, const partition_name& which,
            election_type type, records& out) {
  const auto* before = t.find(which.index);
  if (!before)
    return make_error(errc::unknown_partition, text_of(which) + " does not exist");
  const bool preferred = type == election_type::preferred;
  if (preferred ? before->leader == before->replicas.front() : before->leader != no_node)
    return make_error(errc::election_not_needed, text_of(which) + " is led by broker "
                                                   + std::to_string(before->leader.value) + " already");
  const auto how = preferred ? election::preferred : election::unclean;
  const auto after = settle(*before, *before, {on, rules.replication(on, t), how});
  if (after.leader == before->leader)
    return no_leader(type, which, *before);
  out.push_back(partition_change_record(t.id, which.index, *before, after));
  return {};
}

void elect_everywhere(const image& on, const command_rules& rules, election_type type, elections_held& out) {
  for (const auto& t : on.topics_by_name())
    for (std::int32_t i = 0; i < t->partition_count(); ++i) {
      const partition_name which{t->name, partition_index{i}};
      auto refused = elect(on, rules, *t, which, type, out.records);
      if (!is(refused, errc::election_not_needed))
        out.results.push_back({which, std::move(refused)});
    }
}

/// How many partitions prefer a broker, and how many of those are led by another.
struct preference {
  std::int64_t all = 0;
  std::int64_t elsewhere = 0;
};

std::map<node_id, preference> count_preferences(const image& on) {
  std::map<node_id, preference> out;
  for (const auto& t : on.topics_by_name())
    for (const auto& p : t->partitions) {
      auto& count = out[p.replicas.front()];
      ++count.all;
      count.elsewhere += p.leader != p.replicas.front();
    }
  return out;
}

void settle_topic(const image& on, const command_rules& rules, const topic& t, records& out) {
  change_topic(
      on, rules, t, [](const partition& p) { return p.leader == no_node || !p.eligible.empty(); },
      [](const partition&, partition&, change_rules&) {}, out);
}

}  // namespace

records new_epochs(const image& on, node_id leader) {
  records out;
  for (const auto& t : on.topics_by_name())
    for (std::int32_t i = 0; i < t->partition_count(); ++i) {
      const auto& before = t->partitions[static_cast<std::size_t>(i)];
      if (before.leader != leader)
        continue;
      auto after = before;
      after.epoch = leader_epoch{before.epoch.value + 1};
      after.partition_epoch = before.partition_epoch + 1;
      out.push_back(partition_change_record(t->id, partition_index{i}, before, after));
    }
  return out;
}

elections_held elect_leaders(const image& on, const command_rules& rules, election_type type,
                             const std::optional<std::vector<partition_name>>& which) {
  elections_held out;
  if (!which) {
    elect_everywhere(on, rules, type, out);
    return out;
  }
  for (const auto& name : *which) {
    const auto t = on.find_topic(name.topic);
    auto refused = t ? elect(on, rules, *t, name, type, out.records)
                     : make_error(errc::unknown_topic, "topic " + name.topic + " does not exist");
    out.results.push_back({name, std::move(refused)});
  }
  return out;
}

leaders_balanced balance_leaders(const image& on, const command_rules& rules, std::int32_t imbalance_percentage,
                                 std::size_t elections_max) {
  leaders_balanced out;
  const auto counts = count_preferences(on);
  for (const auto& t : on.topics_by_name())
    for (std::int32_t i = 0; i < t->partition_count(); ++i) {
      const auto& before = t->partitions[static_cast<std::size_t>(i)];
      const auto preferred = before.replicas.front();
      const auto& count = counts.at(preferred);
      if (before.leader == preferred || count.elsewhere * 100 <= count.all * imbalance_percentage
          || !holds(before.in_sync, preferred) || !can_lead(on, preferred))
        continue;
      if (out.records.size() == elections_max) {
        out.more = true;
        return out;
      }
      const auto after = settle(before, before, {on, rules.replication(on, *t), election::preferred});
      out.records.push_back(partition_change_record(t->id, partition_index{i}, before, after));
    }
  return out;
}

records settle_partitions(const image& on, const command_rules& rules) {
  records out;
  for (const auto& t : on.topics_by_name())
    settle_topic(on, rules, *t, out);
  return out;
}

records settle_partitions(const image& on, const command_rules& rules, const topic_id& of) {
  records out;
  if (const auto t = on.find_topic(of))
    settle_topic(on, rules, *t, out);
  return out;
}

}  // namespace troupe::metadata
