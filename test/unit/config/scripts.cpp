// Runs the scripts of this folder: what a person configures, and what comes of it. A script is a list of claims:
//   == claim                    begins one
//   file LINE, set KEY=VALUE    what the node is told at start
//   topic|group|node|cluster K=V   what was changed while running
//   COMMAND -> ANSWER           loads when needed, and compares
#include "runtime/config/describe.hpp"
#include "runtime/config/rules.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace config = troupe::config;

namespace {

std::string name_of(config::source s) {
  constexpr const char* names[] = {"", "topic", "node", "cluster", "file", "default", "", "", "group"};
  return names[static_cast<int>(s)];
}

class script {
 public:
  void run(const std::string& line, int number) {
    auto arrow = line.find("->");
    auto text = std::string{line, 0, arrow == std::string::npos ? arrow : line.find_last_not_of(' ', arrow - 1) + 1};
    auto space = text.find(' ');
    auto word = text.substr(0, space);
    auto rest = space == std::string::npos ? std::string{} : text.substr(space + 1);
    if (arrow == std::string::npos)
      return tell(word, rest);
    auto wanted = arrow + 3 <= line.size() ? line.substr(arrow + 3) : "";
    BOOST_TEST_CONTEXT("line " << number << ", " << claim_)
      BOOST_TEST(ask(word, rest) == wanted);
  }

 private:
  void tell(const std::string& word, const std::string& rest) {
    if (word == "==") {
      *this = script{};
      claim_ = rest;
    } else if (word == "file") {
      file_ = file_.value_or("") + rest + "\n";
    } else if (word == "set") {
      assignments_.push_back(rest);
    } else {
      auto& map = word == "topic" ? topic_ : word == "group" ? group_ : word == "node" ? node_ : cluster_;
      auto equals = rest.find('=');
      BOOST_REQUIRE_MESSAGE(equals != std::string::npos, "no key=value: " + rest);
      map[rest.substr(0, equals)] = rest.substr(equals + 1);
    }
  }

  troupe::expected<config::broker_config> load() const {
    auto file = file_ ? std::optional{config::named_text{"server.properties", *file_}} : std::nullopt;
    return config::broker_config::load(file, assignments_);
  }

  std::string ask(const std::string& word, const std::string& rest) const {
    auto loaded = load();
    if (!loaded)
      return troupe::render(loaded.error());
    config::layers from{&topic_, &node_, &cluster_, &*loaded, &group_};
    if (word == "load")
      return "ok";
    if (word == "warnings")
      return joined(loaded->warnings());
    if (word == "listeners" || word == "advertised")
      return addresses(word == "listeners" ? loaded->listeners() : loaded->advertised_listeners());
    if (word == "directories")
      return joined(loaded->log_dirs());
    if (word == "id")
      return std::to_string(loaded->id().value);
    if (word == "broker_setting")
      return shown(config::broker_value(from, rest));
    if (word == "topic_setting")
      return shown(config::topic_value(from, rest));
    if (word == "group_setting")
      return shown(config::group_value(from, rest));
    if (word == "group_follows")
      return std::to_string(config::group_integer(from, rest));
    if (word == "judge_group")
      return judged(*loaded);
    std::vector<std::string> keys{rest};
    if (word == "describe_topic")
      return shown(config::describe_topic(from, &keys));
    if (word == "describe_group")
      return shown(config::describe_group(from, &keys));
    if (word == "describe_broker")
      return shown(config::describe_broker(from, &keys));
    if (word == "describe_cluster")
      return shown(config::describe_cluster_default(from, &keys));
    return "no such command: " + word;
  }

  /// What the node says to a group's having the settings that were told.
  std::string judged(const config::broker_config& node) const {
    const config::rules rules{node};
    constexpr auto type = troupe::metadata::config_resource_type::group;
    for (auto& [key, value] : group_)
      if (auto refused = rules.check(type, key, value))
        return troupe::render(refused);
    return troupe::render(rules.check_together(type, group_));
  }

  static std::string joined(const std::vector<std::string>& all) {
    std::string out;
    for (auto& one : all)
      out += (out.empty() ? "" : " | ") + one;
    return out.empty() ? "none" : out;
  }

  static std::string addresses(const std::vector<config::listener>& all) {
    std::vector<std::string> texts;
    for (auto& l : all)
      texts.push_back(to_string(l));
    return joined(texts);
  }

  static std::string shown(const std::optional<config::found_value>& found) {
    return found ? found->text + " from " + name_of(found->source) + " " + found->key : "null";
  }

  static std::string shown(const std::vector<config::described_setting>& entries) {
    std::string out;
    for (auto& e : entries) {
      out += e.value.value_or("null") + " " + name_of(e.source) + (e.read_only ? " read-only" : "");
      out += e.sensitive ? " sensitive" : "";
      for (auto& s : e.synonyms)
        out += ", " + name_of(s.source) + " " + s.name + "=" + s.value.value_or("null");
    }
    return out.empty() ? "nothing" : out;
  }

  std::string claim_;
  std::optional<std::string> file_;
  std::vector<std::string> assignments_;
  config::value_map topic_;
  config::value_map group_;
  config::value_map node_;
  config::value_map cluster_;
};

void run_file(const std::string& name) {
  std::ifstream in{std::string{TROUPE_TEST_DIR} + "/" + name};
  BOOST_REQUIRE_MESSAGE(in, "cannot read " + name);
  script current;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number)
    if (!line.empty() && line[0] != '#')
      current.run(line, number);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_configuration_is_read_checked_and_explained) {
  run_file("load.txt");
}

BOOST_AUTO_TEST_CASE(a_group_follows_its_own_settings_within_what_the_node_allows) {
  run_file("groups.txt");
}

BOOST_AUTO_TEST_CASE(the_nearest_layer_wins_and_the_description_tells_where_a_value_comes_from) {
  run_file("layers.txt");
}
