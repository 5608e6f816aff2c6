#include "runtime/metadata/check_image.hpp"

#include "runtime/metadata/partition_change.hpp"

#include <algorithm>
#include <set>

namespace troupe::metadata {

namespace {

using nodes = std::vector<node_id>;

std::string text_of(const nodes& all) {
  std::string out;
  for (auto id : all)
    out += (out.empty() ? "" : "+") + std::to_string(id.value);
  return "{" + out + "}";
}

bool is_part(const nodes& of, const nodes& whole) {
  return without(of, whole).empty();
}

bool overlap(const nodes& a, const nodes& b) {
  return std::any_of(a.begin(), a.end(), [&b](node_id id) { return holds(b, id); });
}

bool has_twice(const nodes& all) {
  return std::set<node_id>(all.begin(), all.end()).size() != all.size();
}

/// Collects the violations of one partition.
class partition_check {
 public:
  partition_check(const image& of, std::string name, const partition& p, std::vector<std::string>& out)
      : of_(of), name_(std::move(name)), p_(p), out_(out) {}

  void run() {
    check_sets();
    check_members();
    check_leader();
    check_reassignment();
    want(p_.epoch.value >= 0 && p_.partition_epoch >= p_.epoch.value, "its epochs are out of order");
  }

  void check_minimum(const replication_settings& settings) {
    want(p_.eligible.empty() || p_.in_sync.size() < min_in_sync(settings, p_),
         "an ELR beside an ISR that is large enough");
  }

 private:
  void want(bool holds_true, const char* otherwise) {
    if (!holds_true)
      out_.push_back(name_ + ": " + otherwise + " (replicas " + text_of(p_.replicas) + ", ISR " + text_of(p_.in_sync)
                     + ", ELR " + text_of(p_.eligible) + ", last known " + text_of(p_.last_known) + ", adding "
                     + text_of(p_.adding) + ", removing " + text_of(p_.removing) + ", leader "
                     + std::to_string(p_.leader.value) + ")");
  }

  void check_sets() {
    want(!p_.replicas.empty(), "no replicas");
    for (const auto* set : {&p_.replicas, &p_.in_sync, &p_.eligible, &p_.last_known, &p_.adding, &p_.removing}) {
      want(!has_twice(*set), "a node stands twice in a list");
      want(is_part(*set, p_.replicas), "a node that is no replica");
    }
    want(!overlap(p_.in_sync, p_.eligible), "a node in both ISR and ELR");
  }

  void check_members() {
    for (auto id : p_.in_sync) {
      const auto holder = of_.find_broker(id);
      want(holder != nullptr, "a node in the ISR that is not registered");
      want(!holder || !holder->fenced, "a fenced node in the ISR");
    }
    want(p_.last_known.size() <= 1, "more than one last known leader");
    want(!p_.recovering || p_.in_sync.size() <= 1, "more than one in sync while the leader recovers");
  }

  void check_leader() {
    if (p_.leader != no_node) {
      want(holds(p_.in_sync, p_.leader), "a leader outside the ISR");
      want(p_.last_known.empty(), "a last known leader beside a leader");
      return;
    }
    want(p_.in_sync.empty(), "nobody leads although somebody is in sync");
    want(std::none_of(p_.eligible.begin(), p_.eligible.end(), [this](node_id id) { return can_lead(of_, id); }),
         "nobody leads although a member of the ELR can");
  }

  void check_reassignment() {
    want(!overlap(p_.adding, p_.removing), "a node that is both added and removed");
    const auto target = without(p_.replicas, p_.removing);
    want(!target.empty(), "a reassignment to nobody");
    const bool moving = !p_.adding.empty() || !p_.removing.empty();
    want(!moving || p_.recovering || !is_part(target, p_.in_sync), "a reassignment that is done, but not ended");
  }

  const image& of_;
  std::string name_;
  const partition& p_;
  std::vector<std::string>& out_;
};

void check_brokers(const image& of, std::vector<std::string>& out) {
  std::set<topic_id> directories;
  for (const auto& [id, b] : of.brokers()) {
    if (b->id != id || b->epoch < 0)
      out.push_back("broker " + std::to_string(id.value) + ": registered as " + std::to_string(b->id.value)
                    + " with epoch " + std::to_string(b->epoch));
    if (!b->directory.is_zero() && !directories.insert(b->directory).second)
      out.push_back("broker " + std::to_string(id.value) + ": its directory is also another's");
  }
  for (std::size_t i = 1; i < of.voters().size(); ++i)
    if (of.voters()[i - 1].id >= of.voters()[i].id)
      out.push_back("voter " + std::to_string(of.voters()[i].id.value) + ": out of order, or twice");
}

std::vector<std::string> check(const image& of, const command_rules* rules) {
  std::vector<std::string> out;
  check_brokers(of, out);
  std::int64_t partitions = 0;
  for (const auto& t : of.topics_by_name()) {
    partitions += t->partition_count();
    if (of.find_topic(t->id) != t)
      out.push_back("topic " + t->name + ": its id leads elsewhere");
    for (std::int32_t i = 0; i < t->partition_count(); ++i) {
      partition_check one{of, t->name + "-" + std::to_string(i), t->partitions[static_cast<std::size_t>(i)], out};
      one.run();
      if (rules)
        one.check_minimum(rules->replication(of, *t));
    }
  }
  if (partitions != of.partition_count() || of.topics_by_id().size() != of.topic_count())
    out.push_back("the counts of topics or partitions are wrong");
  return out;
}

}  // namespace

std::vector<std::string> check_image(const image& of) {
  return check(of, nullptr);
}

std::vector<std::string> check_image(const image& of, const command_rules& rules) {
  return check(of, &rules);
}

}  // namespace troupe::metadata
