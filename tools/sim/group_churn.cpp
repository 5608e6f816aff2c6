#include "tools/sim/group_churn.hpp"

#include "runtime/group/placement.hpp"
#include "runtime/kafka/errors.hpp"
#include "runtime/metadata/image.hpp"
#include "runtime/node/context.hpp"
#include "tools/sim/topic_churn.hpp"

#include <algorithm>

namespace troupe::cluster_sim {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t members_least = 2, members_most = 4;  // at most one more than there are partitions
constexpr std::uint64_t churning_share = 3;  // of the groups of the consumer protocol that read what comes and goes
constexpr auto look_pause = 300ms;
constexpr auto patience = 3s;
/// Clocks of machines may run that much too fast.
constexpr auto surely_patient = std::min(group_member::session_timeout, group_member::rebalance_timeout) * 85 / 100.0;

group_kind drawn_kind(sim::prng random) {
  constexpr group_kind all[] = {group_kind::classic, group_kind::consumer, group_kind::mixed};
  return all[random.below(std::size(all))];
}

}  // namespace

group_churn::group_churn(simulated_cluster& cluster, std::vector<std::string>& defects)
  : cluster_(cluster),
    kind_(drawn_kind(cluster.in().stream("kind of group"))),
    oracle_(cluster.in(), defects, [this] { return coordinator(); },
            std::chrono::duration_cast<std::chrono::nanoseconds>(surely_patient)),
    looks_(cluster.in(), "looker") {
  auto random = cluster.in().stream("size of group");
  const auto count = members_least + random.below(members_most - members_least + 1);
  std::vector<std::string> more;
  if (kind_ == group_kind::consumer && random.below(churning_share) == 0)
    more.emplace_back(topic_churn::name);
  for (std::uint64_t i = 1; i <= count; ++i)
    members_.push_back(std::make_unique<group_member>(cluster.in(), "m" + std::to_string(i), cluster.addresses(),
                                                      kind_, more, oracle_));
}

/// Nodes that are behind, or gone, do not make it go back.
group_oracle::seat group_churn::coordinator() {
  for (const auto& [machine, context] : cluster_.running()) {
    const auto view = context->view.get();
    const auto topic = view && view->image ? view->image->find_topic(group::offsets_topic) : nullptr;
    if (!topic)
      continue;
    const auto& p = topic->partitions[static_cast<std::size_t>(
      group::responsible_partition(group_member::group, topic->partition_count()))];
    if (p.epoch.value > coordinator_.epoch)
      coordinator_ = {p.epoch.value,
                      p.leader == metadata::no_node ? std::string{} : simulated_cluster::name_of(p.leader.value)};
  }
  return coordinator_;
}

void group_churn::start() {
  for (const auto& [machine, context] : cluster_.running())
    if (const auto view = context->view.get(); view && view->image)
      if (const auto topic = view->image->find_topic(std::string_view{simulated_cluster::topic}))
        oracle_.knows(topic->id);
  for (auto& m : members_)
    m->start();
}

void group_churn::settle() {
  for (auto& m : members_)
    m->settle();
  look();
}

bool group_churn::are_settled() const {
  const auto generation = members_.front()->generation();
  std::size_t all = 0, least = simulated_cluster::partition_count, most = 0;
  for (const auto& m : members_) {
    if (!m->is_settled() || m->generation() != generation)
      return false;
    const auto count = m->owned().size();
    all += count;
    least = std::min(least, count);
    most = std::max(most, count);
  }
  return all == static_cast<std::size_t>(simulated_cluster::partition_count) && most - least <= 1;
}

bool group_churn::is_settled() const {
  return described_in_ == members_.front()->generation() && are_settled();
}

/// What the coordinator tells of a group that has settled is compared with what its members know.
void group_churn::look() {
  if (is_stopped_ || is_settled())
    return looks_.after(look_pause, [this] {
      if (!is_stopped_)
        look();
    });
  const auto again = [this] { looks_.after(look_pause, [this] { look(); }); };
  const auto at = coordinator();
  if (!are_settled() || at.node.empty())
    return again();
  if (std::ranges::all_of(members_, [](const auto& m) { return m->is_classic(); })) {
    described_in_ = members_.front()->generation();
    return again();
  }
  kafka::consumer_group_describe_request r;
  r.group_ids = {group_member::group};
  looks_.call<kafka::consumer_group_describe_response>({at.node, 9092}, r, 1, patience, [this, again](auto answer) {
    told_ = answer ? wrong_with(*answer) : render(answer.error());
    if (told_.empty())
      described_in_ = answer->groups[0].group_epoch;
    again();
  });
}

/// Empty: nothing.
std::string group_churn::wrong_with(const kafka::consumer_group_describe_response& told) const {
  using described = kafka::consumer_group_describe_response::member;
  const auto& g = told.groups.at(0);
  if (g.error_code != 0)
    return std::string{kafka::name_of(static_cast<kafka::error_code>(g.error_code))};
  if (g.group_state != "Stable")
    return g.group_state + " in epoch " + std::to_string(g.group_epoch);
  if (g.members.size() != members_.size())
    return std::to_string(g.members.size()) + " members";
  for (const auto& m : members_) {
    const auto found = std::ranges::find(g.members, m->id(), &described::member_id);
    if (found == g.members.end())
      return "no member " + m->id();
    group_oracle::partitions owned;
    for (const auto& part : found->assignment.topic_partitions)
      if (part.topic_name == simulated_cluster::topic)
        owned.insert(part.partitions.begin(), part.partitions.end());
    if (owned != m->owned() || found->member_type != (m->is_classic() ? 0 : 1))
      return m->id() + " otherwise";
  }
  return {};
}

void group_churn::stop() {
  is_stopped_ = true;
  for (auto& m : members_)
    m->stop();
}

std::string group_churn::describe() const {
  std::string out = "the coordinator tells of " + (told_.empty() ? "a stable group" : told_);
  for (const auto& m : members_)
    out += "; " + m->describe();
  return out;
}

}  // namespace troupe::cluster_sim
