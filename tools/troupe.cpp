#include "tools/check.hpp"
#include "tools/serve.hpp"
#include "tools/sim.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace {

CLI::App* add_sim(CLI::App& app, troupe::tools::sim_options& options) {
  auto* sim = app.add_subcommand("sim", "Run clusters of three nodes in simulated worlds: one seed is one run");
  sim->add_option("--seeds", options.seeds, "A..B, or one seed: then the run itself is shown")
    ->capture_default_str();
  sim->add_option("--minutes", options.minutes, "Virtual minutes in which faults happen (a third)");
  sim->add_option("--faults", options.faults, "Kinds or families: process, disk, clock, network, all, none, crash…")
    ->capture_default_str();
  sim->add_flag("--idle", options.idle, "No clients");
  sim->add_option("--jobs", options.jobs, "Processes side by side (the number of processors)");
  sim->add_option("--out", options.out, "Directory for the plans of failed seeds")->capture_default_str();
  sim->add_option("--replay", options.replay, "Run what such a file tells");
  sim->add_flag("--timeline", options.timeline, "Tell one run as lines that a person can read");
  sim->add_option("--picture", options.picture, "Draw one run into this file, .svg or .html");
  sim->add_flag("--events", options.events, "Print every event of one run");
  sim->add_flag("--mutants", options.mutants, "Plant known bugs, tell which are found (needs a build with them)");
  sim->add_option("--only", options.only, "With --mutants: these, as M01,M07");
  sim->add_option("--seeds-most", options.seeds_most, "With --mutants: how many seeds to try for each");
  return sim;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Troupe: an actor-model broker that every Apache Kafka client can use", "troupe"};
  app.set_version_flag("--version", TROUPE_VERSION);
  app.require_subcommand(1);

  troupe::tools::serve_options serve_options;
  auto* serve = app.add_subcommand("serve", "Run a node until SIGTERM");
  serve->add_option("--config", serve_options.config_file, "Properties file with Kafka's setting names");
  serve->add_option("--set", serve_options.assignments, "key=value; wins over the file; may be repeated");
  serve->add_flag("--verbose", serve_options.verbose, "Also log what only developers want to know");

  troupe::tools::sim_options sim_options;
  const auto* sim = add_sim(app, sim_options);
  troupe::tools::check_options check_options;
  auto* check = app.add_subcommand("check", "Judge what clients saw");
  check->add_option("FILE", check_options.files, "The history, or one file of each client")->required();
  check->add_flag("--duplicates", check_options.duplicates, "Producers were not idempotent and may double records");

  CLI11_PARSE(app, argc, argv);
  if (serve->parsed())
    return troupe::tools::serve(serve_options);
  if (sim->parsed())
    return troupe::tools::sim(sim_options);
  if (check->parsed())
    return troupe::tools::check(check_options);
  return 0;
}
