#include "tools/check.hpp"
#include "tools/cluster.hpp"
#include "tools/serve.hpp"
#include "tools/sim.hpp"
#include "tools/topic.hpp"
#include "tools/up.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace {

using namespace troupe::tools;

void offer_serve(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<serve_options>();
  auto* serve = app.add_subcommand("serve", "Run a node until SIGTERM");
  serve->add_option("--config", options->config_file, "Properties file with Kafka's setting names");
  serve->add_option("--set", options->assignments, "key=value; wins over the file; may be repeated");
  serve->add_option("--join", options->join, "HOST:PORT of any node of the cluster to join, or several");
  serve->add_option("--data", options->data, "Directory for its data: log.dirs");
  serve->add_option("--id", options->id, "Its number: node.id (with --join: the next that is free)")
    ->check(CLI::Range(0, 2147483647));
  serve->add_option("--host", options->host, "Address of this machine to listen on (127.0.0.1)");
  serve->add_option("--port", options->port, "For clients (9092; 0: any)")->check(CLI::Range(0, 65535));
  serve->add_option("--peer-port", options->peer_port, "For other nodes (with --join: 100 above --port; 0: any)")
    ->check(CLI::Range(0, 65535));
  serve->add_flag("--verbose", options->verbose, "Also log what only developers want to know");
  serve->callback([options, &exit_code] { exit_code = troupe::tools::serve(*options); });
}

void offer_sim(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<sim_options>();
  auto& given = *options;
  auto* sim = app.add_subcommand("sim", "Run clusters in simulated worlds: one seed is one run");
  sim->add_option("--seeds", given.seeds, "A..B, or one seed: then the run itself is shown")
    ->capture_default_str();
  sim->add_option("--minutes", given.minutes, "Virtual minutes in which faults happen (a third)");
  sim->add_option("--faults", given.faults, "Kinds or families: process, disk, clock, network, all, none, crash…")
    ->capture_default_str();
  sim->add_option("--nodes", given.nodes, "1, 3 or 5 (drawn by each seed)");
  sim->add_flag("--idle", given.idle, "No clients");
  sim->add_option("--jobs", given.jobs, "Processes side by side (the number of processors)");
  sim->add_option("--out", given.out, "Directory for the plans of failed seeds")->capture_default_str();
  sim->add_option("--replay", given.replay, "Run what such a file tells");
  sim->add_flag("--timeline", given.timeline, "Tell one run as lines that a person can read");
  sim->add_option("--picture", given.picture, "Draw one run into this file, .svg or .html");
  sim->add_flag("--events", given.events, "Print every event of one run");
  sim->add_flag("--mutants", given.mutants, "Plant known bugs, tell which are found (needs a build with them)");
  sim->add_option("--only", given.only, "With --mutants: these, as M01,M07");
  sim->add_option("--seeds-most", given.seeds_most, "With --mutants: how many seeds to try for each");
  sim->callback([options, &exit_code] { exit_code = troupe::tools::sim(*options); });
}

void offer_check(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<check_options>();
  auto* check = app.add_subcommand("check", "Judge what clients saw");
  check->add_option("FILE", options->files, "The history, or one file of each client")->required();
  check->add_flag("--duplicates", options->duplicates, "Producers were not idempotent and may double records");
  check->callback([options, &exit_code] { exit_code = troupe::tools::check(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Troupe: an actor-model broker that every Apache Kafka client can use", "troupe"};
  app.set_version_flag("--version", TROUPE_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  offer_serve(app, exit_code);
  offer_up(app, exit_code);
  offer_down(app, exit_code);
  offer_topic(app, exit_code);
  offer_cluster(app, exit_code);
  offer_sim(app, exit_code);
  offer_check(app, exit_code);
  CLI11_PARSE(app, argc, argv);
  return exit_code;
}
