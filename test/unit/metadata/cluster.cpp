// Runs the scripts about several brokers. What the subject understands, where T-N is partition N of topic T:
//   broker ID…                                    brokers that take part already, with registration epoch 1
//   topic NAME at=ID+ID,ID+ID… [KEY=VALUE…]       a topic with these replicas and settings
//   register ID incarnation=N [directory=N] [clean=EPOCH] [alive]
//   fence ID [epoch=N], unfence ID [epoch=N], stop ID [epoch=N], unregister ID
//   isr T-N ID+ID… [by=ID] [sender=EPOCH] [epochs=N+N…] [epoch=N] [version=N] [recovering|recovered]
//                                                 by, epochs and versions default to what the image says
//   elect preferred|unclean [T-N…], balance PERCENT MAX
//   reassign T-N ID+ID… [same], cancel T-N, moving [T-N…]
//   set RESOURCE KEY VALUE, delete NAME
//   voters ID:DIRECTORY:HOST:PORT…, features, new features, feature NAME LEVEL [TYPE]
// The answer of a command is what its records change, in short form, or the error; they are applied, and the image is
// checked. `show T-N` tells a partition as the image has it.
#include "runtime/metadata/alter_partition.hpp"
#include "runtime/metadata/broker_states.hpp"
#include "runtime/metadata/check_image.hpp"
#include "runtime/metadata/elections.hpp"
#include "runtime/metadata/features.hpp"
#include "runtime/metadata/reassignment.hpp"
#include "runtime/metadata/voters.hpp"
#include "../script.hpp"
#include "shown.hpp"

#include <ctime>

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

partition_name partition_of(const std::string& text) {
  const auto dash = text.rfind('-');
  return {text.substr(0, dash), partition_index{std::stoi(text.substr(dash + 1))}};
}

/// The partitions named from word `from` on; none when there is no such word.
std::optional<std::vector<partition_name>> partitions_of(const words& in, std::size_t from) {
  if (in.size() <= from)
    return std::nullopt;
  std::vector<partition_name> out;
  for (std::size_t i = from; i < in.size(); ++i)
    out.push_back(partition_of(in[i]));
  return out;
}

class cluster {
 public:
  cluster() { rules_.replication = replication_from_configs; }

  std::string run(const std::string& input) {
    const auto in = split(input, ' ');
    const auto verb = verbs().find(in.at(0));
    return verb == verbs().end() ? "no such command" : (this->*verb->second)(in);
  }

 private:
  using handler = std::string (cluster::*)(const words&);

  static const std::map<std::string, handler>& verbs() {
    static const std::map<std::string, handler> all{
      {"broker", &cluster::brokers},       {"topic", &cluster::create},      {"register", &cluster::register_one},
      {"fence", &cluster::fence},          {"unfence", &cluster::unfence},   {"stop", &cluster::stop},
      {"unregister", &cluster::forget},    {"isr", &cluster::alter},         {"elect", &cluster::elect},
      {"balance", &cluster::balance},      {"reassign", &cluster::reassign}, {"cancel", &cluster::cancel},
      {"moving", &cluster::moving},        {"set", &cluster::set},           {"delete", &cluster::remove},
      {"voters", &cluster::vote},          {"features", &cluster::features}, {"new", &cluster::finalize},
      {"feature", &cluster::set_feature},  {"show", &cluster::show}};
    return all;
  }

  std::string commit(const expected<records>& made, bool quietly = false) {
    if (!made)
      return shown(made.error());
    std::string out;
    for (const auto& r : *made)
      out += (out.empty() ? "" : ", ") + shown(*r);
    now_ = applied(now_, *made);
    for (const auto& violation : check_image(*now_, rules_))
      out += " VIOLATION " + violation;
    return quietly ? "ok" : out.empty() ? "nothing" : out;
  }

  static node_id node_in(const words& in) { return node_id{std::stoi(in.at(1))}; }
  std::int64_t epoch_in(const words& in) const { return number(in, "epoch", -1); }

  std::string brokers(const words& in) {
    records made;
    for (std::size_t i = 1; i < in.size(); ++i)
      made.push_back(broker_record(broker_of(std::stoi(in[i]))));
    return commit(made, true);
  }

  std::string create(const words& in) {
    create_topic_command wish;
    wish.name = in.at(1);
    wish.id = id_of(++topics_);
    std::int32_t index = 0;
    for (const auto& replicas : split(option(in, "at"), ','))
      wish.assignments.push_back({partition_index{index++}, nodes(replicas)});
    for (std::size_t i = 2; i < in.size(); ++i)
      if (const auto equals = in[i].find('='); !in[i].starts_with("at="))
        wish.configs.emplace_back(in[i].substr(0, equals), in[i].substr(equals + 1));
    auto made = create_topic(*now_, rules_, wish);
    return made ? commit(made->records, true) : shown(made.error());
  }

  std::string register_one(const words& in) {
    register_broker_command wish;
    wish.id = node_in(in);
    wish.incarnation = id_of(static_cast<std::uint8_t>(number(in, "incarnation", 1)));
    wish.endpoints = {{"PLAINTEXT", "host", 9092, "PLAINTEXT"}};
    wish.directory = id_of(static_cast<std::uint8_t>(number(in, "directory", 200 + wish.id.value)));
    wish.clean_epoch = number(in, "clean", -1);
    wish.previous_alive = has(in, "alive");
    auto made = register_broker(*now_, rules_, wish);
    return made ? commit(made->records) : shown(made.error());
  }

  std::string fence(const words& in) { return commit(fence_broker(*now_, rules_, node_in(in), epoch_in(in))); }
  std::string unfence(const words& in) { return commit(unfence_broker(*now_, rules_, node_in(in), epoch_in(in))); }
  std::string forget(const words& in) { return commit(unregister_broker(*now_, rules_, node_in(in))); }

  std::string stop(const words& in) {
    auto made = begin_shutdown(*now_, rules_, node_in(in), epoch_in(in));
    if (!made)
      return shown(made.error());
    const auto ahead = made->stop_after - now_->applied_index();
    return "leads " + std::to_string(made->leads) + (ahead > 0 ? " after this: " : ": ") + commit(made->records);
  }

  std::string alter(const words& in) {
    const auto name = partition_of(in.at(1));
    const auto t = now_->find_topic(name.topic);
    const auto* p = t ? t->find(name.index) : nullptr;
    const auto now = p ? *p : partition{};
    alter_partition_command wish;
    wish.leader = node_id{number(in, "by", now.leader.value)};
    wish.which = {t ? t->id : id_of(99), name.index};
    wish.epoch = leader_epoch{number(in, "epoch", now.epoch.value)};
    wish.partition_epoch = number(in, "version", now.partition_epoch);
    wish.resigns = has(in, "resigns");
    wish.recovering = has(in, "recovering") || (now.recovering && !has(in, "recovered"));
    const auto registered = [&](node_id id) {
      const auto found = now_->find_broker(id);
      return found ? found->epoch : 1;
    };
    wish.broker_epoch = number(in, "sender", static_cast<std::int32_t>(registered(wish.leader)));
    const auto given = option(in, "epochs") ? split(option(in, "epochs"), '+') : words{};
    for (auto id : in.at(2) == "none" ? std::vector<node_id>{} : nodes(in.at(2))) {
      const auto at = wish.in_sync.size();
      wish.in_sync.push_back({id, at < given.size() ? std::stoi(given[at]) : registered(id)});
    }
    auto made = alter_partition(*now_, rules_, wish);
    if (!made)
      return shown(made.error());
    return commit(made->records) + (made->leader_moved ? "; new leader elected" : "");
  }

  std::string elect(const words& in) {
    const auto held = elect_leaders(*now_, rules_,
                                    in.at(1) == "unclean" ? election_type::unclean : election_type::preferred,
                                    partitions_of(in, 2));
    auto out = commit(held.records);
    for (const auto& result : held.results)
      if (result.refused)
        out += "; " + shown(result.refused);
    return out;
  }

  std::string balance(const words& in) {
    const auto made = balance_leaders(*now_, rules_, std::stoi(in.at(1)), std::stoul(in.at(2)));
    return commit(made.records) + (made.more ? "; there is more" : "");
  }

  std::string reassign(const words& in) {
    const auto target = in.size() > 2 ? nodes(in[2]) : std::vector<node_id>{};
    return commit(alter_reassignment(*now_, rules_, {partition_of(in.at(1)), target, !has(in, "same")}));
  }

  std::string cancel(const words& in) {
    return commit(alter_reassignment(*now_, rules_, {partition_of(in.at(1)), std::nullopt}));
  }

  std::string moving(const words& in) {
    std::string out;
    for (const auto& r : list_reassignments(*now_, partitions_of(in, 1)))
      out += (out.empty() ? "" : ", ") + r.which.topic + "-" + std::to_string(r.which.index.value) + " on "
             + shown(r.now.replicas) + " adding " + shown(r.now.adding) + " removing " + shown(r.now.removing);
    return out.empty() ? "nothing" : out;
  }

  std::string set(const words& in) {
    const bool of_topic = in.at(1).starts_with("topic:");
    return commit(change_configs(*now_, rules_,
                                 {of_topic ? config_resource_type::topic : config_resource_type::cluster_default,
                                  of_topic ? in[1].substr(6) : ""},
                                 {{in.at(2), config_operation::set, in.at(3)}}));
  }

  std::string remove(const words& in) { return commit(delete_topic(*now_, rules_, in.at(1)), true); }

  std::string vote(const words& in) {
    std::vector<voter> all;
    for (std::size_t i = 1; i < in.size(); ++i) {
      const auto part = split(in[i], ':');
      topic_id directory;
      directory.bytes[15] = static_cast<std::uint8_t>(std::stoi(part.at(1)));
      all.push_back({node_id{std::stoi(part[0])}, directory, part.at(2) == "?" ? "" : part[2],
                     static_cast<std::uint16_t>(std::stoi(part.at(3)))});
    }
    auto made = set_voters(*now_, all);
    if (!made || made->empty())
      return commit(made);
    commit(made, true);
    std::string out;
    for (const auto& v : now_->voters())
      out += (out.empty() ? "" : ", ") + std::to_string(v.id.value) + " at " + v.host + ":" + std::to_string(v.port);
    return out;
  }

  std::string features(const words&) {
    std::string out;
    for (const auto& [name, level] : now_->features())
      out += (out.empty() ? "" : ", ") + name + "=" + std::to_string(level);
    return out.empty() ? "none" : out;
  }

  std::string finalize(const words&) { return commit(first_features(*now_)); }

  std::string set_feature(const words& in) {
    const auto how = static_cast<upgrade_type>(in.size() > 3 ? std::stoi(in[3]) : 1);
    return commit(update_features(*now_, {{in.at(1), static_cast<std::int16_t>(std::stoi(in.at(2))), how}}));
  }

  std::string show(const words& in) {
    const auto name = partition_of(in.at(1));
    const auto t = now_->find_topic(name.topic);
    return t && t->find(name.index) ? shown(*t->find(name.index)) : "nothing";
  }

  test_rules table_;
  command_rules rules_{table_};
  image_ptr now_ = empty_image();
  std::uint8_t topics_ = 0;
};

std::string script(const char* name) {
  return std::string{TROUPE_TEST_DIR} + "/" + name;
}

}  // namespace

BOOST_AUTO_TEST_CASE(brokers_come_and_go_as_the_script_says) {
  troupe::test::run_script<cluster>(script("lifecycle.txt"));
}

BOOST_AUTO_TEST_CASE(leaders_change_their_isr_as_the_script_says) {
  troupe::test::run_script<cluster>(script("alter_partition.txt"));
}

BOOST_AUTO_TEST_CASE(elections_are_held_as_the_script_says) {
  troupe::test::run_script<cluster>(script("elections.txt"));
}

BOOST_AUTO_TEST_CASE(partitions_move_as_the_script_says) {
  troupe::test::run_script<cluster>(script("reassignment.txt"));
}

BOOST_AUTO_TEST_CASE(voters_and_features_change_as_the_script_says) {
  troupe::test::run_script<cluster>(script("quorum.txt"));
}

BOOST_AUTO_TEST_CASE(a_broker_of_ten_thousand_partitions_is_fenced_in_milliseconds) {
  test_rules table;
  command_rules rules{table};
  rules.replication = replication_from_configs;
  auto now = applied(empty_image(),
                     {broker_record(broker_of(1)), broker_record(broker_of(2)), broker_record(broker_of(3))});
  create_topic_command wish{"lines", 10'000, 3, {}, {}, id_of(1), 0};
  now = applied(now, create_topic(*now, rules, wish)->records);
  const auto begin = std::clock();
  const auto made = fence_broker(*now, rules, node_id{1}, 1);
  const auto decided = std::clock();
  now = applied(now, *made);
  const auto in_ms = [](std::clock_t from, std::clock_t to) {
    return static_cast<double>(to - from) * 1e3 / CLOCKS_PER_SEC;
  };
  BOOST_TEST_MESSAGE(made->size() << " records in " << in_ms(begin, decided) << " ms, applied in "
                                  << in_ms(decided, std::clock()) << " ms");
  BOOST_TEST(made->size() == 10'001u);
  BOOST_TEST(in_ms(begin, decided) < 1000);
  BOOST_TEST(check_image(*now, rules).empty());
}
