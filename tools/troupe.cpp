#include "tools/check.hpp"
#include "tools/serve.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

int main(int argc, char** argv) {
  CLI::App app{"Troupe: an actor-model broker that every Apache Kafka client can use", "troupe"};
  app.set_version_flag("--version", TROUPE_VERSION);
  app.require_subcommand(1);

  troupe::tools::serve_options serve_options;
  auto* serve = app.add_subcommand("serve", "Run a node until SIGTERM");
  serve->add_option("--config", serve_options.config_file, "Properties file with Kafka's setting names");
  serve->add_option("--set", serve_options.assignments, "key=value; wins over the file; may be repeated");
  serve->add_flag("--verbose", serve_options.verbose, "Also log what only developers want to know");

  troupe::tools::check_options check_options;
  auto* check = app.add_subcommand("check", "Judge what clients saw");
  check->add_option("FILE", check_options.files, "The history, or one file of each client")->required();
  check->add_flag("--duplicates", check_options.duplicates, "Producers were not idempotent and may double records");

  CLI11_PARSE(app, argc, argv);
  if (serve->parsed())
    return troupe::tools::serve(serve_options);
  if (check->parsed())
    return troupe::tools::check(check_options);
  return 0;
}
