#include "tools/topic.hpp"

#include "tools/admin/topic_changes.hpp"
#include "tools/admin/topic_views.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace troupe::tools {

namespace {

using changer = error (*)(const topic_change&);

/// Adds one of the commands that change topics; returns it and its options for more of them.
std::pair<CLI::App*, std::shared_ptr<topic_change>> offer_change(CLI::App& topic, int& exit_code, const char* name,
                                                                 const char* what, changer change) {
  auto wish = std::make_shared<topic_change>();
  auto* command = topic.add_subcommand(name, what);
  command->add_option("name", wish->names, "Names of the topics")->required();
  wish->admin.offer(*command, false);
  command->callback([wish, name, change, &exit_code] {
    if (auto problem = change(*wish))
      exit_code = complain("topic " + std::string{name}, problem);
  });
  return {command, wish};
}

void offer_view(CLI::App& topic, int& exit_code, const char* name, const char* what, bool takes_names) {
  struct view {
    admin_options admin;
    std::vector<std::string> names;
  };
  auto wish = std::make_shared<view>();
  auto* command = topic.add_subcommand(name, what);
  if (takes_names)
    command->add_option("name", wish->names, "Names of the topics; without any, all");
  wish->admin.offer(*command, true);
  command->callback([wish, name, takes_names, &exit_code] {
    if (auto problem = takes_names ? describe_topics(wish->admin, wish->names) : list_topics(wish->admin))
      exit_code = complain("topic " + std::string{name}, problem);
  });
}

}  // namespace

void offer_topic(CLI::App& app, int& exit_code) {
  auto* topic = app.add_subcommand("topic", "Create, show, change and delete topics");
  topic->require_subcommand(1);
  auto [create, created] = offer_change(*topic, exit_code, "create", "Create topics", create_topics);
  create->add_option("--partitions", created->partitions, "Number of partitions (as num.partitions says)");
  create->add_option("--replication-factor", created->replication_factor,
                     "Copies of each partition (as default.replication.factor says)");
  create->add_option("--config", created->configs, "KEY=VALUE of a setting; may be repeated");
  create->add_flag("--if-not-exists", created->if_absent, "A topic that exists is no error");

  offer_view(*topic, exit_code, "list", "List all topics", false);
  offer_view(*topic, exit_code, "describe", "Show leaders, replicas and settings of topics", true);

  auto [alter, altered] =
      offer_change(*topic, exit_code, "alter", "Change settings, or add partitions", alter_topics);
  alter->add_option("--partitions", altered->partitions, "New number of partitions; it can only grow");
  alter->add_option("--config", altered->configs, "KEY=VALUE of a setting; may be repeated");
  alter->add_option("--delete-config", altered->deleted_configs, "KEY of a setting that goes back to its default");

  offer_change(*topic, exit_code, "delete", "Delete topics with all their records", delete_topics);
}

}  // namespace troupe::tools
