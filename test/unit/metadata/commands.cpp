// Runs the command scripts of this folder. What the subject understands:
//   broker ID [rack=R] [fenced]                   a broker that is there already
//   register ID incarnation=N [rack=R] [fenced] [alive]
//   create NAME [partitions=N] [factor=N] [start=N] [at=INDEX:ID+ID,INDEX:ID…] [KEY=VALUE…] [KEY] [dry]
//   grow NAME COUNT [at=ID+ID,ID+ID…] [start=N]
//   delete NAME, delete #N                        by name, by the number of the topic's id
//   set|remove|append|subtract RESOURCE KEY [VALUE]     a resource is topic:NAME, broker:ID, group:NAME
//                                                 or cluster
//   replace RESOURCE [KEY=VALUE…]
//   ids NODE [epoch=N]
//   rules KEY=VALUE                               deletion=off, partitions=N, factor=N
// The answer of a command is the records it makes, in short form, or the error; the records are applied. `show NAME`
// tells a topic as the image has it.
#include "../script.hpp"
#include "runtime/metadata/bounds.hpp"
#include "runtime/metadata/diff.hpp"
#include "shown.hpp"

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

class cluster {
 public:
  std::string run(const std::string& input) {
    const auto in = split(input, ' ');
    const auto& verb = in.at(0);
    if (verb == "broker")
      return commit(records{broker_record(broker_of(std::stoi(in.at(1)), option(in, "rack"), has(in, "fenced")))},
                    true);
    if (verb == "register")
      return register_one(in);
    if (verb == "create")
      return create(in);
    if (verb == "grow")
      return grow(in);
    if (verb == "delete")
      return commit(in.at(1)[0] == '#'
                        ? delete_topic(*now_, rules_, id_of(static_cast<std::uint8_t>(std::stoi(in[1].substr(1)))))
                        : delete_topic(*now_, rules_, in[1]));
    if (verb == "replace")
      return replace(in);
    if (verb == "ids")
      return ids(in);
    if (verb == "rules")
      return set_rule(in.at(1));
    if (verb == "show")
      return show(in.at(1));
    return change(in);
  }

 private:
  std::string commit(const expected<records>& made, bool quietly = false) {
    if (!made)
      return shown(made.error());
    std::string out;
    for (const auto& r : *made)
      out += (out.empty() ? "" : ", ") + shown(*r);
    now_ = applied(now_, *made);
    return quietly ? "ok" : out.empty() ? "nothing" : out;
  }

  std::string register_one(const words& in) {
    register_broker_command wish;
    wish.id = node_id{std::stoi(in.at(1))};
    wish.incarnation = id_of(static_cast<std::uint8_t>(number(in, "incarnation", 1)));
    wish.endpoints = {{"PLAINTEXT", "host", 9092, "PLAINTEXT"}};
    if (const auto* rack = option(in, "rack"))
      wish.rack = rack;
    wish.fenced = has(in, "fenced");
    wish.previous_alive = has(in, "alive");
    auto done = register_broker(*now_, rules_, wish);
    return commit(done ? expected<records>{done->records} : done.error());
  }

  std::string create(const words& in) {
    create_topic_command wish;
    wish.name = in.at(1) == "''" ? "" : in[1].starts_with("x*") ? std::string(std::stoul(in[1].substr(2)), 'x') : in[1];
    wish.id = id_of(++topics_);
    for (std::size_t i = 2; i < in.size(); ++i) {
      const auto equals = in[i].find('=');
      const auto key = in[i].substr(0, equals);
      const auto value = equals == std::string::npos ? std::optional<std::string>{} : in[i].substr(equals + 1);
      if (key == "partitions")
        wish.partitions = std::stoi(*value);
      else if (key == "factor")
        wish.replication_factor = static_cast<std::int16_t>(std::stoi(*value));
      else if (key == "start")
        wish.start = static_cast<std::uint32_t>(std::stoul(*value));
      else if (key == "at")
        for (const auto& part : split(*value, ',')) {
          const auto colon = part.find(':');
          wish.assignments.push_back(
              {partition_index{std::stoi(part.substr(0, colon))}, nodes(part.substr(colon + 1))});
        }
      else if (key != "dry")
        wish.configs.emplace_back(key, value);
    }
    auto done = create_topic(*now_, rules_, wish);
    if (done && has(in, "dry"))
      return std::to_string(done->partitions) + " partitions on " + std::to_string(done->replication_factor) + " each";
    return commit(done ? expected<records>{done->records} : done.error());
  }

  std::string grow(const words& in) {
    create_partitions_command wish{in.at(1), std::stoi(in.at(2)), std::nullopt,
                                   static_cast<std::uint32_t>(number(in, "start", 0))};
    if (const auto* at = option(in, "at")) {
      wish.assignments.emplace();
      for (const auto& part : split(at, ','))
        wish.assignments->push_back(part == "nobody" ? std::vector<node_id>{} : nodes(part));
    }
    return commit(create_partitions(*now_, wish));
  }

  static config_resource resource(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos)
      return {config_resource_type::cluster_default, {}};
    static const std::map<char, config_resource_type> types{
      {'t', config_resource_type::topic}, {'b', config_resource_type::broker}, {'g', config_resource_type::group}};
    const auto name = text.substr(colon + 1);
    return {types.at(text[0]), name.starts_with("x*") ? std::string(std::stoul(name.substr(2)), 'x') : name};
  }

  std::string replace(const words& in) {
    std::vector<std::pair<std::string, std::optional<std::string>>> wanted;
    for (std::size_t i = 2; i < in.size(); ++i) {
      const auto equals = in[i].find('=');
      wanted.emplace_back(in[i].substr(0, equals),
                          equals == std::string::npos ? std::optional<std::string>{} : in[i].substr(equals + 1));
    }
    return commit(alter_configs(*now_, rules_, resource(in.at(1)), wanted));
  }

  std::string change(const words& in) {
    static const std::map<std::string, config_operation> operations{
      {"set", config_operation::set}, {"remove", config_operation::remove}, {"append", config_operation::append},
      {"subtract", config_operation::subtract}, {"twist", static_cast<config_operation>(9)}};
    const auto operation = operations.find(in.at(0));
    if (operation == operations.end())
      return "no such command";
    std::vector<config_change> changes;
    for (std::size_t i = 2; i < in.size(); i += 2) {
      const auto value = i + 1 < in.size() ? std::optional{in[i + 1] == "''" ? "" : in[i + 1]} : std::nullopt;
      changes.push_back({in[i], operation->second, value});
    }
    return commit(change_configs(*now_, rules_, resource(in.at(1)), changes));
  }

  std::string ids(const words& in) {
    auto done = grant_producer_ids(*now_, node_id{std::stoi(in.at(1))}, number(in, "epoch", -1));
    if (!done)
      return shown(done.error());
    commit(done->records);
    return std::to_string(done->first.value) + " and " + std::to_string(done->count - 1) + " more";
  }

  std::string set_rule(const std::string& rule) {
    const auto value = rule.substr(rule.find('=') + 1);
    if (rule.starts_with("deletion"))
      rules_.topic_deletion_enabled = value == "on";
    else if (rule.starts_with("partitions"))
      rules_.default_partitions = std::stoi(value);
    else
      rules_.default_replication_factor = static_cast<std::int16_t>(std::stoi(value));
    return "ok";
  }

  std::string show(const std::string& name) const {
    const auto t = now_->find_topic(name);
    if (!t)
      return "nothing";
    std::string out;
    for (const auto& p : t->partitions)
      out += (out.empty() ? "" : ", ") + shown(p.replicas) + " led by " + std::to_string(p.leader.value) + " in sync "
             + shown(p.in_sync);
    for (const auto& [key, value] : t->configs)
      out += ", " + key + "=" + value;
    return out;
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

BOOST_AUTO_TEST_CASE(topics_are_created_grown_and_deleted_as_the_script_says) {
  troupe::test::run_script<cluster>(script("topics.txt"));
}

BOOST_AUTO_TEST_CASE(replicas_are_placed_as_the_script_says) {
  troupe::test::run_script<cluster>(script("placement.txt"));
}

BOOST_AUTO_TEST_CASE(settings_change_as_the_script_says) {
  troupe::test::run_script<cluster>(script("configs.txt"));
}

BOOST_AUTO_TEST_CASE(brokers_register_and_get_producer_ids_as_the_script_says) {
  troupe::test::run_script<cluster>(script("brokers.txt"));
}

BOOST_AUTO_TEST_CASE(resources_are_named_by_kafka_s_numbers) {
  BOOST_TEST((config_resource_of(2, "lines")->type == config_resource_type::topic));
  BOOST_TEST((config_resource_of(4, "12")->type == config_resource_type::broker));
  BOOST_TEST((config_resource_of(4, "")->type == config_resource_type::cluster_default));
  BOOST_TEST((config_resource_of(32, "readers")->type == config_resource_type::group));
  for (const auto& [type, name] :
       std::vector<std::pair<int, std::string>>{{4, "x"}, {4, "-1"}, {4, "99999999999"}, {8, "1"}, {0, ""}})
    BOOST_TEST(is(config_resource_of(static_cast<std::int8_t>(type), name).error(), errc::invalid_request));
}

BOOST_AUTO_TEST_CASE(producer_ids_end_with_an_error) {
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  const auto now = applied(empty_image(), {broker_record(broker_of(1)), producer_ids_record(last - 5, node_id{1}, 1)});
  BOOST_TEST(is(grant_producer_ids(*now, node_id{1}, -1).error(), errc::producer_ids_exhausted));
}

BOOST_AUTO_TEST_CASE(as_many_groups_as_the_limit_says_have_settings_and_all_of_them_can_change) {
  test_rules table;
  const command_rules rules{table};
  records all;
  for (std::size_t i = 0; i < bounds::configured_groups_max; ++i)
    all.push_back(group_config_record("group-" + std::to_string(i), "min", "1"));
  const auto full = applied(empty_image(), all);
  BOOST_TEST(full->group_configs().size() == bounds::configured_groups_max);
  const auto set = [&](const image& on, const char* group) {
    return change_configs(on, rules, {config_resource_type::group, group}, {{"min", config_operation::set, "2"}});
  };
  BOOST_TEST(is(set(*full, "one-more").error(), errc::policy_violation));
  BOOST_TEST(is(alter_configs(*full, rules, {config_resource_type::group, "one-more"}, {{"min", "2"}}).error(),
                errc::policy_violation));
  BOOST_TEST(set(*full, "group-7")->size() == 1u);
  const auto freed = applied(full, {group_config_record("group-7", "min", std::nullopt)});
  BOOST_TEST(set(*freed, "one-more")->size() == 1u);
  BOOST_TEST((difference(*full, *freed).group_configs == std::vector<std::string>{"group-7"}));
}

BOOST_AUTO_TEST_CASE(limits_are_reached_and_named) {
  test_rules table;
  const command_rules rules{table};
  const auto now = applied(empty_image(), {broker_record(broker_of(1))});
  create_topic_command wish{"lines", 10'000, 1, {}, {}, id_of(1), 0};
  auto all = create_topic(*now, rules, wish);
  BOOST_REQUIRE(all);
  BOOST_TEST(applied(now, all->records)->partition_count() == 10'000);
  ++wish.partitions;
  BOOST_TEST(is(create_topic(*now, rules, wish).error(), errc::policy_violation));
  wish.partitions = 1;
  wish.configs.emplace_back("retention.ms", std::string(40'000, '1'));
  BOOST_TEST(is(create_topic(*now, rules, wish).error(), errc::policy_violation));
  wish.configs.assign(1'001, {"retention.ms", "1"});
  BOOST_TEST(is(create_topic(*now, rules, wish).error(), errc::policy_violation));
  register_broker_command other{node_id{2}, id_of(9), std::vector<broker_endpoint>(65), std::nullopt};
  BOOST_TEST(is(register_broker(*now, rules, other).error(), errc::policy_violation));
}
