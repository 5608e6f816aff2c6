// Thousands of random histories of a cluster: brokers that stop cleanly or not, lose their disks and come back, leaders
// that ask late or without right, reassignments, elections, topics that come and go. After each step all that is
// promised of an image holds, and no committed record is lost but where that is allowed.
#include "kept_records.hpp"
#include "runtime/metadata/alter_partition.hpp"
#include "runtime/metadata/broker_states.hpp"
#include "runtime/metadata/check_image.hpp"
#include "runtime/metadata/elections.hpp"
#include "runtime/metadata/reassignment.hpp"
#include "shown.hpp"

#include <array>
#include <random>

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

/// How a process ended.
enum class fate { clean, power_cut, disk_gone };

/// One broker's machine.
struct machine {
  bool runs = false;
  fate last = fate::clean;
  std::uint8_t directory = 0;
  std::int64_t epoch = -1;       ///< that the running process was given
  std::int64_t clean_epoch = -1; ///< the mark on the disk
};

/// The content of an image, for comparing.
std::vector<std::vector<std::uint8_t>> content_of(const image& all) {
  std::vector<std::vector<std::uint8_t>> out;
  for (const auto& r : dump(all)) {
    const auto bytes = r.to_bytes();
    out.emplace_back(bytes.data(), bytes.data() + bytes.size());
  }
  return out;
}

class history {
 public:
  explicit history(unsigned seed) : random_(seed) {
    rules_.replication = replication_from_configs;
    machines_.resize(3 + random_() % 4);
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      machines_[i].last = fate::disk_gone;
      start(i);
      admit(i);
    }
    create();
  }

  /// One random step; the trouble that it made, empty when there is none.
  std::string step() {
    trouble_.clear();
    may_lose_ = gives_up_ = false;
    const auto broker = pick(machines_.size());
    switch (random_() % 20) {
      case 0: return stop_or_start(broker), trouble_;
      case 1: return judge("fence", fence_broker(*now_, rules_, id_of(broker), -1)), trouble_;
      case 2:
      case 3:
      case 4: return admit(broker), trouble_;
      case 5: return shut_down(broker), trouble_;
      case 6: return random_() % 8 ? trouble_ : (forget(broker), trouble_);
      case 7:
      case 8:
      case 9: return wish_isr(), trouble_;
      case 10: return deliver(), trouble_;
      case 11: return reassign(), trouble_;
      case 12: return hold_elections(), trouble_;
      case 13: return change_topics(), trouble_;
      case 14: return change_settings(), trouble_;
      default: return write(), trouble_;
    }
  }

  std::int64_t committed() const { return committed_; }
  std::int64_t lost() const { return lost_; }

 private:
  std::size_t pick(std::size_t count) { return random_() % count; }
  static node_id id_of(std::size_t broker) { return node_id{static_cast<std::int32_t>(broker + 1)}; }
  machine& machine_of(node_id id) { return machines_[static_cast<std::size_t>(id.value - 1)]; }
  std::int64_t epoch_of(node_id id) const {
    const auto found = now_->find_broker(id);
    return found ? found->epoch : -1;
  }
  /// The process that the controller knows as this broker runs.
  bool is_up(node_id id) { return machine_of(id).runs && machine_of(id).epoch == epoch_of(id); }

  // -- committing -----------------------------------------------------------------------------------------------------

  void judge(const char* what, const expected<records>& made) {
    if (made)
      commit(what, *made);
  }

  void commit(const std::string& what, const records& made) {
    const auto before = now_;
    const entry next{{before->applied_index() + 1, 1}, made};
    const auto after = apply(before, next);
    if (!after)
      return fail(what, render(after.error()));
    now_ = *after;
    const auto content = content_of(*now_);
    const auto twice = foresee(*now_, made);
    if (!twice || content_of(**twice) != content)
      fail(what, "applied twice it is another image (R13)");
    const auto loaded = load_snapshot(now_->applied(), dump(*now_));
    if (!loaded || content_of(**loaded) != content)
      fail(what, "a snapshot holds another image");
    for (const auto& violation : check_image(*now_, rules_))
      fail(what, violation);
    compare(what, *before, *now_);
  }

  void compare(const std::string& what, const image& before, const image& after) {
    for (const auto& [id, b] : before.brokers())
      if (const auto now = after.find_broker(id); now && now->epoch < b->epoch)
        fail(what, "a broker's epoch goes back");
    for (const auto& t : before.topics_by_id())
      if (const auto now = after.find_topic(t->id))
        for (std::int32_t i = 0; i < t->partition_count(); ++i)
          compare(what, {t->id, partition_index{i}}, t->partitions[static_cast<std::size_t>(i)],
                  now->partitions[static_cast<std::size_t>(i)], rules_.replication(after, *now));
  }

  void compare(const std::string& what, const partition_id& which, const partition& before, const partition& after,
               const replication_settings& settings) {
    auto& kept = kept_[which];
    const auto committed = kept.committed;
    for (const auto& why : {check_epochs(before, after),
                            follow(kept, before, after, may_lose_ || settings.unclean_election)})
      if (!why.empty())
        fail(what, why + ": " + shown(before) + " became " + shown(after));
    lost_ += committed - kept.committed;
    const bool had = !before.in_sync.empty() || !before.eligible.empty();
    const bool has = !after.in_sync.empty() || !after.eligible.empty();
    if (had && !has && !gives_up_)
      fail(what, "nobody is left with the records: " + shown(before) + " became " + shown(after));
  }

  void fail(const std::string& what, const std::string& why) { trouble_ += what + ": " + why + "\n"; }

  // -- brokers --------------------------------------------------------------------------------------------------------

  void stop_or_start(std::size_t broker) {
    auto& m = machines_[broker];
    if (!m.runs)
      return start(broker);
    m.runs = false;
    m.last = std::array{fate::clean, fate::power_cut, fate::power_cut, fate::disk_gone}[pick(4)];
    if (random_() % 2)
      start(broker);  // before anybody has noticed
  }

  /// What the disk has when the process starts: the mark of a clean stop, less than before, or nothing.
  void find_disk(machine& m, node_id id) {
    if (m.last == fate::clean)
      m.clean_epoch = m.epoch;
    if (m.last == fate::disk_gone)
      m.directory = ++directories_;
    for (auto& [which, kept] : kept_) {
      const auto t = now_->find_topic(which.topic);
      if (m.last == fate::disk_gone)
        kept.of.erase(id);
      else if (m.last == fate::power_cut && t && !rules_.replication(*now_, *t).synced && kept.of.contains(id))
        kept.of[id] -= std::min<std::int64_t>(kept.of[id], random_() % 3);
    }
  }

  void start(std::size_t broker) {
    auto& m = machines_[broker];
    find_disk(m, id_of(broker));
    register_broker_command wish;
    wish.id = id_of(broker);
    wish.incarnation = id_of_number(++incarnations_);
    wish.directory = metadata::test::id_of(m.directory);
    wish.clean_epoch = m.clean_epoch;
    const auto made = register_broker(*now_, rules_, wish);
    if (!made)
      return fail("register", render(made.error()));
    gives_up_ = true;  // of what was lost meanwhile
    m.runs = true;
    m.epoch = made->epoch;
    m.clean_epoch = -1;
    commit("register " + std::to_string(broker + 1), made->records);
  }

  void admit(std::size_t broker) {
    if (is_up(id_of(broker)))
      judge("unfence", unfence_broker(*now_, rules_, id_of(broker), machines_[broker].epoch));
  }

  void shut_down(std::size_t broker) {
    if (!is_up(id_of(broker)))
      return;
    const auto made = begin_shutdown(*now_, rules_, id_of(broker), machines_[broker].epoch);
    if (!made)
      return fail("shut down", render(made.error()));
    commit("shut down", made->records);
  }

  void forget(std::size_t broker) {
    gives_up_ = true;
    machines_[broker].runs = false;
    judge("unregister", unregister_broker(*now_, rules_, id_of(broker)));
  }

  // -- leaders --------------------------------------------------------------------------------------------------------

  /// A random partition; none when there is no topic.
  std::optional<partition_id> some_partition() {
    if (now_->topic_count() == 0)
      return std::nullopt;
    auto at = now_->topics_by_id().begin();
    for (auto n = pick(now_->topic_count()); n > 0; --n)
      ++at;
    return partition_id{(*at)->id, partition_index{static_cast<std::int32_t>(pick((*at)->partitions.size()))}};
  }

  partition_name name_of(const partition_id& which) { return {now_->find_topic(which.topic)->name, which.index}; }

  /// A leader makes a wish, which arrives now or later; what it takes for in sync has all records by then. Or somebody
  /// else wishes something that is not to be had.
  void wish_isr() {
    const auto which = some_partition();
    if (!which)
      return;
    const auto& p = *now_->find_partition(*which);
    const bool rightful = p.leader != no_node && is_up(p.leader) && random_() % 8;
    alter_partition_command wish;
    wish.leader = rightful ? p.leader : p.replicas[pick(p.replicas.size())];
    wish.broker_epoch = machine_of(wish.leader).epoch;
    wish.which = *which;
    wish.epoch = leader_epoch{p.epoch.value - static_cast<std::int32_t>(rightful ? 0 : random_() % 2)};
    wish.partition_epoch = p.partition_epoch;
    for (auto id : p.replicas)
      if (id == wish.leader || random_() % 3)
        wish.in_sync.push_back({id, machine_of(id).epoch});
    wish.recovering = p.recovering && random_() % 2;
    if (rightful) {
      std::erase_if(wish.in_sync, [this](const in_sync_replica& r) { return !is_up(r.id); });
      for (const auto& r : wish.in_sync)
        kept_[*which].of[r.id] = kept_[*which].committed;
    } else if (wish.leader == p.leader) {
      return;  // it would be right after all
    }
    underway_.push_back(std::move(wish));
    if (random_() % 3)
      deliver();
  }

  void deliver() {
    if (underway_.empty())
      return;
    const auto at = underway_.begin() + static_cast<std::ptrdiff_t>(pick(underway_.size()));
    const auto wish = *at;
    if (random_() % 4)
      underway_.erase(at);  // or it arrives twice
    const auto made = alter_partition(*now_, rules_, wish);
    if (!made)
      return;
    if (made->now != *now_->find_partition(wish.which) && made->records.empty())
      fail("alter partition", "a change without a record");
    commit("alter partition", made->records);
  }

  /// Commits a record where a leader can: the ISR is large enough, and it and whom the leader has asked to be in it are
  /// there.
  void write() {
    const auto which = some_partition();
    if (!which)
      return;
    const auto& p = *now_->find_partition(*which);
    const auto settings = rules_.replication(*now_, *now_->find_topic(which->topic));
    std::set<node_id> members(p.in_sync.begin(), p.in_sync.end());
    for (const auto& wish : underway_)
      if (wish.which == *which && wish.epoch == p.epoch && wish.partition_epoch == p.partition_epoch)
        for (const auto& r : wish.in_sync) {
          if (machine_of(r.id).epoch != r.broker_epoch)
            return;
          members.insert(r.id);
        }
    const auto up = [this](node_id id) { return is_up(id); };
    if (p.leader == no_node || p.in_sync.size() < min_in_sync(settings, p)
        || !std::all_of(members.begin(), members.end(), up))
      return;
    kept_[*which].write(members);
    ++committed_;
  }

  // -- clients --------------------------------------------------------------------------------------------------------

  std::vector<node_id> some_brokers() {
    std::vector<node_id> out;
    for (std::size_t i = 0; i < machines_.size(); ++i)
      if (random_() % 2)
        out.push_back(id_of(i));
    std::shuffle(out.begin(), out.end(), random_);
    return out;
  }

  void reassign() {
    const auto which = some_partition();
    if (!which)
      return;
    reassignment_command wish{name_of(*which), some_brokers(), random_() % 4 != 0};
    if (random_() % 3 == 0)
      wish.target.reset();
    judge("reassign", alter_reassignment(*now_, rules_, wish));
  }

  void hold_elections() {
    const auto which = some_partition();
    const auto kind = random_() % 6;
    if (kind == 0) {
      may_lose_ = true;
      commit("unclean election", elect_leaders(*now_, rules_, election_type::unclean, std::nullopt).records);
    } else if (kind < 3) {
      commit("balance", balance_leaders(*now_, rules_, 10, 1 + pick(5)).records);
    } else if (which) {
      commit("preferred election",
             elect_leaders(*now_, rules_, election_type::preferred, std::vector{name_of(*which)}).records);
    }
  }

  void create() {
    create_topic_command wish;
    wish.name = "topic-" + std::to_string(++topics_);
    wish.id = id_of_number(topics_);
    wish.partitions = static_cast<std::int32_t>(1 + random_() % 3);
    wish.replication_factor = static_cast<std::int16_t>(1 + random_() % 3);
    wish.start = random_();
    wish.configs = {{"min.insync.replicas", std::to_string(1 + random_() % 3)},
                    {"durability", random_() % 2 ? "fsync" : "replicated"},
                    {"unclean.leader.election.enable", random_() % 5 ? "false" : "true"}};
    if (const auto made = create_topic(*now_, rules_, wish))
      commit("create", made->records);
  }

  void change_topics() {
    const auto which = some_partition();
    if (!which || random_() % 3 == 0)
      return now_->topic_count() < 4 ? create() : void();
    const auto t = now_->find_topic(which->topic);
    if (random_() % 2)
      return judge("grow", create_partitions(*now_, {t->name, t->partition_count() + 1, std::nullopt, 0}));
    judge("delete", delete_topic(*now_, rules_, t->id));
  }

  void change_settings() {
    const auto which = some_partition();
    if (!which)
      return;
    const bool minimum = random_() % 3;
    judge("set", change_configs(*now_, rules_, {config_resource_type::topic, name_of(*which).topic},
                                {{minimum ? "min.insync.replicas" : "unclean.leader.election.enable",
                                  config_operation::set,
                                  minimum         ? std::to_string(1 + random_() % 3)
                                  : random_() % 4 ? "false"
                                                  : "true"}}));
  }

  std::mt19937 random_;
  test_rules table_;
  command_rules rules_{table_};
  image_ptr now_ = empty_image();
  std::vector<machine> machines_;
  std::map<partition_id, kept_records> kept_;
  std::vector<alter_partition_command> underway_;
  std::string trouble_;
  bool may_lose_ = false;  ///< this step may elect a leader that misses records
  bool gives_up_ = false;  ///< this step may leave nobody with all records
  std::uint8_t directories_ = 0;
  std::uint32_t incarnations_ = 1000;
  std::uint32_t topics_ = 0;
  std::int64_t committed_ = 0;
  std::int64_t lost_ = 0;
};

}  // namespace

// A sanitized build is twenty times slower, and looks for other mistakes than those that only rare histories show.
#ifdef __SANITIZE_ADDRESS__
constexpr unsigned histories = 200;
#else
constexpr unsigned histories = 4'000;
#endif

BOOST_AUTO_TEST_CASE(committed_records_outlive_whatever_happens_to_brokers_and_partitions) {
  std::int64_t committed = 0;
  std::int64_t lost = 0;
  for (unsigned seed = 1; seed <= histories; ++seed) {
    history one{seed};
    for (int i = 0; i < 100; ++i)
      if (const auto trouble = one.step(); !trouble.empty()) {
        BOOST_TEST(trouble.empty(), "seed " << seed << ", step " << i << ": " << trouble);
        return;
      }
    committed += one.committed();
    lost += one.lost();
  }
  BOOST_TEST_MESSAGE(committed << " records committed, " << lost << " given up in elections that were allowed to");
  BOOST_TEST(committed > 7 * histories);
}
