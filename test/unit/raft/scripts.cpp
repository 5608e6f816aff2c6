// Runs the scripts of this folder. What the subject understands:
//   voters N N…                  nodes whose first entry makes them the voters; node N: one more, with an empty disk
//   tick N                       the time goes on to when node N wants to be called, and it is
//   A>B, A>B again, A>B last     B gets the oldest message of A to B; again: and it stays on its way; last: the newest
//   lose A>B, lose all           the oldest message of A to B is lost, or all that are on their way
//   settle                       all messages are delivered, until there are none
//   run MS                       the time goes on, with every tick in its time and every message delivered at once
//   cut N N…, mute A>B, heal     messages between these nodes and the others, or of A to B, are lost
//   lost N M                     node N is told that its link to M broke
//   propose N, add M at N, remove M at N, move M at N, change N+N… at N, transfer N
//   slow, sync N [INDEX]         from now on nothing is durable before it is said to be
//   crash N [KEPT], start N, wipe N, compact N [all]
//   entries COUNT                at most so many go into one message
//   show N, log N, peers N       what node N thinks of itself; its entries as index/term; what it knows of others
// The effect is what the node does, in the order of `effects`; `-` where it does nothing.
#include "../script.hpp"
#include "world.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::raft;
using namespace troupe::raft::test;

namespace {

using troupe::test::split;
using troupe::test::words;

class quorum {
 public:
  quorum() { w_.tells = true; }

  std::string run(const std::string& input) {
    const auto in = split(input);
    try {
      const auto text = run(in);
      return text.empty() ? "-" : text;
    } catch (const std::logic_error& e) {
      const std::string what = e.what();
      return what.substr(0, what.find(" ("));
    }
  }

 private:
  std::string run(const words& in) {
    const auto& verb = in.at(0);
    if (verb.find('>') != std::string::npos)
      return deliver(verb, in.size() > 1 ? in[1] : "");
    if (verb == "voters" || verb == "node" || verb == "cut")
      return nodes(verb, in);
    if (verb == "heal")
      return w_.cut.clear(), w_.muted.clear(), "ok";
    if (verb == "settle")
      return w_.settle(), "ok";
    if (verb == "run")
      return w_.run_for(std::chrono::milliseconds{number(in, 1)}), "ok";
    if (verb == "mute") {
      const auto ends = split(in.at(1), '>');
      w_.muted.insert({node_id{std::stoi(ends.at(0))}, node_id{std::stoi(ends.at(1))}});
      return "ok";
    }
    if (verb == "slow")
      return w_.syncs_at_once = false, "ok";
    if (verb == "entries")
      return w_.entries_per_message = number(in, 1), "ok";
    if (verb == "lose" && in.at(1) == "all")
      return w_.network.clear(), "ok";
    if (verb == "lose")
      return take(in.at(1)) ? "ok" : "no such message";
    const bool is_change = verb == "add" || verb == "remove" || verb == "move" || verb == "change";
    return at_node(verb, in, w_.at(static_cast<std::int32_t>(number(in, is_change ? 3 : 1))));
  }

  std::string nodes(const std::string& verb, const words& in) {
    std::vector<std::int32_t> all;
    for (std::size_t i = 1; i < in.size(); ++i)
      all.push_back(static_cast<std::int32_t>(number(in, i)));
    if (verb == "voters")
      w_.found(all);
    else if (verb == "node")
      w_.add_node(all.at(0));
    else
      for (const auto node : all)
        w_.cut.insert(node_id{node});
    return "ok";
  }

  std::string at_node(const std::string& verb, const words& in, site& s) {
    if (verb == "tick") {
      w_.pass(s.runs->wakes_at());
      return w_.tick(s);
    }
    if (verb == "propose")
      return w_.propose(s, ++command_);
    if (verb == "transfer")
      return w_.transfer(s);
    if (verb == "lost")
      return w_.lost(s, node_id{static_cast<std::int32_t>(number(in, 2))});
    if (verb == "sync")
      return w_.sync(s, in.size() > 2 ? number(in, 2) : s.last_index());
    if (verb == "add" || verb == "remove" || verb == "move" || verb == "change")
      return w_.propose_voters(s, wished(verb, in.at(1), s.runs->view().voters));
    if (verb == "compact")
      return w_.compact(s, in.size() > 2) ? "ok" : "nothing to do";
    if (verb == "crash")
      return w_.crash(s, in.size() > 2 ? number(in, 2) : 0), "ok";
    if (verb == "start")
      return w_.start(s), "ok";
    if (verb == "wipe")
      return w_.wipe(s), "ok";
    return verb == "show" ? show(s) : verb == "log" ? log(s) : peers(s);
  }

  static std::int64_t number(const words& in, std::size_t at) { return std::stoll(in.at(at)); }

  voter_set wished(const std::string& verb, const std::string& what, voter_set now) {
    if (verb == "change")
      now.clear();
    for (const auto& word : split(what, '+')) {
      const node_id node{std::stoi(word)};
      if (verb == "remove")
        std::erase_if(now, [&](const voter& v) { return v.id.node == node; });
      else if (verb == "move")
        std::find_if(now.begin(), now.end(), [&](const voter& v) { return v.id.node == node; })->port = 9094;
      else
        now.push_back(w_.voter_of(w_.at(node.value).id));
    }
    return now;
  }

  /// A message of `A>B`, mostly the oldest.
  std::optional<packet> take(const std::string& way, const std::string& how = "") {
    const auto ends = split(way, '>');
    auto found = w_.network.end();
    for (auto p = w_.network.begin(); p != w_.network.end(); ++p)
      if (to_string(p->message.from) == ends.at(0)
          && (to_string(p->message.to) == ends.at(1) || p->message.to == nobody)
          && (found == w_.network.end() || how == "last"))
        found = p;
    if (found == w_.network.end())
      return std::nullopt;
    auto out = *found;
    if (how != "again")
      w_.network.erase(found);
    return out;
  }

  std::string deliver(const std::string& way, const std::string& how) {
    const auto p = take(way, how);
    return p ? w_.deliver(w_.at(std::stoi(split(way, '>').at(1))), *p) : "no such message";
  }

  static std::string show(const site& s) {
    if (!s.runs)
      return "down";
    const auto v = s.runs->view();
    const std::string names[] = {v.is_voter ? "follower" : "learner", "prospective", "candidate", "leader"};
    return names[static_cast<int>(v.role)] + (v.is_active ? " (active)" : "") + " term " + std::to_string(v.term)
           + " of " + to_string(v.leader) + " log " + text_of(v.last) + " commit " + std::to_string(v.commit)
           + " voters " + text_of(v.voters);
  }

  static std::string log(const site& s) {
    auto out = s.first_index > 1 ? "snapshot " + text_of(s.snapshot.at) : std::string{};
    for (auto i = s.first_index; i <= s.last_index(); ++i)
      out += (out.empty() ? "" : " ") + text_of(entry_id{i, s.entry(i).term});
    return out;
  }

  std::string peers(const site& s) const {
    std::string out;
    const auto tell = [&](const view::peer& p, const char* kind) {
      out += (out.empty() ? "" : ", ") + to_string(p.id) + kind + " has " + std::to_string(p.match) + " lags "
             + std::to_string(p.lag);
    };
    const auto seat = s.runs->view();
    for (const auto& p : seat.peers)
      tell(p, p.is_voter ? " voter" : " learner");
    for (const auto& p : seat.silent)
      tell(p, " silent");
    return out;
  }

  world w_;
  std::int64_t command_ = 0;
};

void run_file(const std::string& name) {
  troupe::test::run_script<quorum>(std::string{TROUPE_TEST_DIR} + "/" + name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(elections) { run_file("elections.txt"); }
BOOST_AUTO_TEST_CASE(replication) { run_file("replication.txt"); }
BOOST_AUTO_TEST_CASE(durability) { run_file("durability.txt"); }
BOOST_AUTO_TEST_CASE(voters) { run_file("voters.txt"); }
BOOST_AUTO_TEST_CASE(learners) { run_file("learners.txt"); }
BOOST_AUTO_TEST_CASE(snapshots) { run_file("snapshots.txt"); }
