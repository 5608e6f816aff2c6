#include "tools/sim/transaction_oracle.hpp"

namespace troupe::cluster_sim {

namespace {

constexpr std::size_t defects_max = 20;

}  // namespace

std::string transaction_oracle::begins(const std::string& client) {
  const auto number = ++last_number_[client];
  auto value = client + ":" + std::to_string(number);
  all_[value] = {client, number, {}, fate::unknown};
  return value;
}

void transaction_oracle::writes(const std::string& value, std::int32_t partition) {
  all_.at(value).partitions.insert(partition);
}

void transaction_oracle::ends(const std::string& value, fate told) {
  all_.at(value).told = told;
  committed_ += told == fate::committed;
  aborted_ += told == fate::aborted;
}

void transaction_oracle::wrong(std::string what) {
  if (defects_.size() < defects_max)
    defects_.push_back("transactions: " + std::move(what));
}

void transaction_oracle::is_read(std::int32_t partition, std::int64_t at, const std::string& value) {
  const auto [found, is_new] = read_[partition].emplace(at, value);
  const auto where = "partition " + std::to_string(partition) + " at " + std::to_string(at);
  if (!is_new && found->second != value)
    return wrong(where + ": was " + found->second + " and is " + value);
  const auto of = all_.find(value);
  if (of == all_.end())
    wrong(where + ": nobody wrote " + value);
  else if (of->second.told == fate::aborted)
    wrong(where + ": " + value + " is read, which was aborted");
}

void transaction_oracle::is_lost(std::int32_t partition, std::int64_t at) {
  wrong("partition " + std::to_string(partition) + " was read up to " + std::to_string(at)
        + " and does not reach so far any more");
}

void transaction_oracle::judge() {
  std::map<std::string, std::map<std::int32_t, int>> times;
  for (const auto& [partition, lines] : read_) {
    std::map<std::string, std::uint64_t> last;
    for (const auto& [at, value] : lines) {
      ++times[value][partition];
      const auto of = all_.find(value);
      if (of == all_.end())
        continue;
      if (of->second.number < last[of->second.client])
        wrong(value + " stands behind a later one in partition " + std::to_string(partition));
      last[of->second.client] = of->second.number;
    }
  }
  for (const auto& [value, of] : all_) {
    const auto seen = times.find(value);
    const bool is_seen = seen != times.end();
    if (of.told == fate::committed && !is_seen && !of.partitions.empty())
      wrong(value + " was committed and is lost");
    if (of.told == fate::aborted && is_seen)
      wrong(value + " was aborted and is there");
    if (is_seen)
      for (const auto partition : of.partitions)
        if (const auto count = seen->second[partition]; count != 1)
          wrong(value + (of.told == fate::committed ? ", committed," : ", not known to be committed,") + " is "
                + std::to_string(count) + " times in partition " + std::to_string(partition) + " and elsewhere too");
  }
}

}  // namespace troupe::cluster_sim
