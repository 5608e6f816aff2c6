// Runs replicas.txt: what the replicas of a partition look like, and which invariants that breaks.
#include "runtime/check/replica_checks.hpp"
#include "test/unit/script.hpp"

#include <algorithm>
#include <optional>
#include <vector>

using namespace troupe;

namespace {

using troupe::test::split;
using troupe::test::words;

/// 0..1/3/h9/p7.0
check::batch_mark batch(const std::string& text) {
  const auto parts = split(text, '/');
  const auto dots = parts.at(0).find("..");
  check::batch_mark b{offset{std::stoll(parts[0])}, offset{std::stoll(parts[0].substr(dots + 2))},
                      leader_epoch{std::stoi(parts.at(1))}};
  for (std::size_t i = 2; i < parts.size(); ++i)
    if (parts[i][0] == 'h') {
      b.hash = std::stoull(parts[i].substr(1));
    } else {
      b.producer = producer_id{std::stoll(parts[i].substr(1))};
      b.producer_epoch = 0;
      b.base_sequence = std::stoi(parts[i].substr(parts[i].find('.') + 1));
    }
  return b;
}

class partition {
 public:
  std::string run(const std::string& input) {
    const auto in = split(input, ' ');
    if (in[0] == "replica")
      return replica(in);
    if (in[0] == "log")
      return shown(check::check_log(at(in[1]), in.size() > 2));
    if (in[0] == "matching")
      return shown(check::check_matching(replicas_));
    if (in[0] == "watermark")
      return shown(check::check_watermark(at(in[1]), replicas_, number(in, "min"), in.back() == "durable"));
    if (in[0] == "converged")
      return shown(check::check_converged(replicas_));
    if (in[0] == "commit")
      return shown(ledger_.commit(at(in[1]), offset{std::stoll(in[2])}));
    if (in[0] == "holds")
      return shown(ledger_.check_holds(at(in[1])));
    if (in[0] == "held")
      return shown(ledger_.check_held_by(replicas_, std::stoul(in[1])));
    if (in[0] == "end")
      return std::to_string(ledger_.end().value);
    return watched(in);
  }

 private:
  std::string watched(const words& in) {
    if (in[0] == "members")
      return shown(check::check_membership(
        {nodes(in[1]), nodes(in[2]), nodes(in[3]), nodes(in[4]), number(in, "min")}));
    const node_id node{std::stoi(in[1])};
    if (in[0] == "appended") {
      const auto before = in.size() > 4 ? std::optional{batch(in[4])} : std::nullopt;
      return shown(matching_.appended(node, batch(in[2]), before ? &*before : nullptr));
    }
    const leader_epoch epoch{static_cast<std::int32_t>(number(in, "epoch"))};
    if (in[0] == "leads")
      return shown(leaders_.leads(node, epoch));
    if (in[0] == "knows")
      return shown(leaders_.knows(node, epoch));
    if (in[0] == "hw")
      return shown(leaders_.watermark(epoch, offset{node.value}));
    leaders_.forget(node);
    return "ok";
  }

  std::string replica(const words& in) {
    check::replica_log log;
    log.node = node_id{std::stoi(in[1])};
    for (const auto& word : in)
      if (word.find("..") != word.npos)
        log.batches.push_back(batch(word));
    log.log_start = offset{static_cast<std::int64_t>(number(in, "start", 0))};
    const auto end = static_cast<std::uint64_t>(log.log_end().value);
    log.high_watermark = offset{static_cast<std::int64_t>(number(in, "hw", end))};
    log.durable_end = offset{static_cast<std::int64_t>(number(in, "durable", end))};
    std::erase_if(replicas_, [&](const auto& r) { return r.node == log.node; });
    replicas_.push_back(log);
    return "ok";
  }

  const check::replica_log& at(const std::string& node) const {
    return *std::find_if(replicas_.begin(), replicas_.end(),
                         [&](const auto& r) { return r.node.value == std::stoi(node); });
  }

  static std::uint64_t number(const words& in, const std::string& name, std::uint64_t otherwise = 0) {
    for (const auto& word : in)
      if (word.starts_with(name + "="))
        return std::stoull(word.substr(name.size() + 1));
    return otherwise;
  }

  static std::vector<node_id> nodes(const std::string& named) {
    std::vector<node_id> out;
    for (const auto& node : split(named.substr(named.find('=') + 1), ','))
      out.emplace_back(std::stoi(node));
    return out;
  }

  static std::string shown(const std::vector<check::violation>& found) {
    std::string out;
    for (const auto& v : found)
      out += (out.empty() ? "" : " | ") + v.text;
    return out.empty() ? "fine" : out;
  }

  static std::string shown(const std::optional<check::violation>& found) {
    return found ? found->text : "fine";
  }

  std::vector<check::replica_log> replicas_;
  check::committed_ledger ledger_;
  check::matching_watch matching_;
  check::leadership_watch leaders_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(replicas_that_break_an_invariant_are_found) {
  test::run_script<partition>(std::string{TROUPE_TEST_DIR} + "/replicas.txt");
}
