#include "tools/load/options.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

void common_options(CLI::App& command, troupe::load::options& o) {
  command.add_option("-b,--bootstrap", o.bootstrap, "HOST:PORT of the broker")->capture_default_str();
  command.add_option("-t,--topic", o.topic, "An existing topic")->required();
  command.add_option("-n,--count", o.count, "Records");
  command.add_option("-p,--partition", o.partition, "Only this partition");
  command.add_option("--limit", o.limit_seconds, "Seconds after which the run is given up")->capture_default_str();
  command.add_option("-X", o.settings, "key=value for librdkafka, wins over the other options");
}

void producer_options(CLI::App& command, troupe::load::options& o) {
  command.add_option("-s,--size", o.record_bytes, "Bytes of a record's value")->capture_default_str();
  command.add_option("--seconds", o.seconds, "How long to send, where no count is given");
  command.add_option("--acks", o.acks, "0, 1 or all")->capture_default_str();
  command.add_option("--codec", o.codec, "none, gzip, snappy, lz4 or zstd")->capture_default_str();
  command.add_option("--linger-ms", o.linger_ms, "How long a batch waits for more records")->capture_default_str();
  command.add_flag("--idempotence", o.idempotence, "Idempotent producer");
  command.add_option("--seed", o.seed, "Of the values' bytes")->capture_default_str();
}

CLI::App* group_options(CLI::App& app, troupe::load::options& o, const char* name, const char* what) {
  o.seconds = 5;
  auto* groups = app.add_subcommand(name, what);
  common_options(*groups, o);
  groups->add_option("-m,--members", o.members, "Of the group")->capture_default_str()->check(CLI::PositiveNumber);
  groups->add_option("-g,--group", o.group, "Name of the group")->capture_default_str();
  groups->add_option("--partitions", o.partitions, "Of the topic; one a member at least")->required();
  groups->add_option("--spread", o.spread_seconds, "Seconds within which they come")->capture_default_str();
  groups->add_option("--seconds", o.seconds, "How long to commit")->capture_default_str();
  return groups;
}

CLI::App* member_options(CLI::App& app, troupe::load::options& o) {
  auto* members = group_options(app, o, "members", "As groups, without a client library: what is timed is the broker");
  members->add_option("--protocol", o.protocol, "classic or consumer")->capture_default_str()
    ->check(CLI::IsMember({"classic", "consumer"}));
  members->add_option("--leaves", o.leaves, "How often one leaves and another comes")->capture_default_str();
  members->add_flag("!--no-read", o.read_first, "Do not wait for a record of each share");
  return members;
}

CLI::App* transaction_options(CLI::App& app, troupe::load::options& o) {
  o.seconds = 5;
  o.count = 1;
  o.warm_up_seconds = 1;
  auto* transactions = app.add_subcommand("transactions", "Transactions of --count records each, one after the other");
  common_options(*transactions, o);
  producer_options(*transactions, o);
  transactions->add_option("-m,--producers", o.members, "Producers")->capture_default_str()->check(CLI::PositiveNumber);
  transactions->add_option("--warm-up", o.warm_up_seconds, "Seconds left out of the figures")->capture_default_str();
  return transactions;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Load generator for any Kafka-compatible broker, over librdkafka; prints one line of key=value pairs",
               "troupe_load"};
  app.require_subcommand(1);
  troupe::load::options to_produce;
  troupe::load::options to_consume;
  troupe::load::options to_time;
  to_time.linger_ms = 0;

  auto* produce = app.add_subcommand("produce", "Send as fast as the broker takes it");
  common_options(*produce, to_produce);
  producer_options(*produce, to_produce);
  produce->add_option("--batch-bytes", to_produce.batch_bytes, "Size of a full batch")->capture_default_str();

  auto* consume = app.add_subcommand("consume", "Read assigned partitions from their first record on");
  common_options(*consume, to_consume);

  auto* latency = app.add_subcommand("latency", "Send at a fixed rate and time each record until it is consumed");
  common_options(*latency, to_time);
  producer_options(*latency, to_time);
  latency->add_option("-r,--rate", to_time.rate, "Records a second")->capture_default_str()->check(CLI::PositiveNumber);
  latency->add_option("--warm-up", to_time.warm_up_seconds, "Seconds left out of the figures")->capture_default_str();

  troupe::load::options to_wait;
  to_wait.rate = 1200;
  to_wait.acks = "all";
  auto* gaps = app.add_subcommand("gaps", "Send at a fixed rate until stdin ends; `t` there prints the longest pauses");
  common_options(*gaps, to_wait);
  producer_options(*gaps, to_wait);
  gaps->add_option("-r,--rate", to_wait.rate, "Records a second")->capture_default_str()->check(CLI::PositiveNumber);

  troupe::load::options to_join;
  auto* groups = group_options(app, to_join, "groups", "Consumers of one group: time until all have their share, and "
                                                      "commits; each partition needs a record");
  troupe::load::options to_belong;
  auto* members = member_options(app, to_belong);
  troupe::load::options to_commit;
  auto* transactions = transaction_options(app, to_commit);

  CLI11_PARSE(app, argc, argv);
  try {
    if (produce->parsed())
      return troupe::load::produce(to_produce);
    if (consume->parsed())
      return troupe::load::consume(to_consume);
    if (groups->parsed())
      return troupe::load::groups(to_join);
    if (members->parsed())
      return troupe::load::members(to_belong);
    if (transactions->parsed())
      return troupe::load::transactions(to_commit);
    if (gaps->parsed())
      return troupe::load::gaps(to_wait);
    return troupe::load::latency(to_time);
  } catch (const std::exception& why) {
    std::fprintf(stderr, "troupe_load: %s\n", why.what());
    return 2;
  }
}
