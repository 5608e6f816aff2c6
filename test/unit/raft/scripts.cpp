// Runs the scripts of this folder. What the subject understands:
//   voters N N…                  nodes whose first entry makes them the voters; node N: one more, with an empty disk
//   tick N                       the time goes on to when node N wants to be called, and it is
//   A>B, A>B again               B gets the oldest message of A to B; again: and it stays on its way
//   lose A>B                     the oldest message of A to B is lost
//   settle                       all messages are delivered, until there are none
//   run MS                       the time goes on, with every tick in its time and every message delivered at once
//   cut N N…, heal               messages between these nodes and the others are lost
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
#include <sstream>

using namespace troupe;
using namespace troupe::raft;
using namespace troupe::raft::test;

namespace {

using words = std::vector<std::string>;

words split(const std::string& text, char at = ' ') {
  words out;
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, at);)
    if (!word.empty())
      out.push_back(word);
  return out;
}

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
      return deliver(verb, in.size() > 1);
    if (verb == "voters" || verb == "node" || verb == "cut")
      return nodes(verb, in);
    if (verb == "heal")
      return cut_.clear(), "ok";
    if (verb == "settle")
      return settle(), "ok";
    if (verb == "run")
      return run_for(std::chrono::milliseconds{number(in, 1)}), "ok";
    if (verb == "slow")
      return w_.syncs_at_once = false, "ok";
    if (verb == "entries")
      return w_.entries_per_message = number(in, 1), "ok";
    if (verb == "lose")
      return take(in.at(1)) ? "ok" : "no such message";
    return at_node(verb, in, w_.at(static_cast<std::int32_t>(number(in, verb == "add" || verb == "remove"
                                                                            || verb == "move" || verb == "change" ? 3 : 1))));
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
      cut_ = all;
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

  /// The oldest message of `A>B`.
  std::optional<packet> take(const std::string& way, bool stays = false) {
    const auto ends = split(way, '>');
    for (auto p = w_.network.begin(); p != w_.network.end(); ++p)
      if (to_string(p->message.from) == ends.at(0)
          && (to_string(p->message.to) == ends.at(1) || p->message.to == nobody)) {
        auto out = *p;
        if (!stays)
          w_.network.erase(p);
        return out;
      }
    return std::nullopt;
  }

  std::string deliver(const std::string& way, bool stays) {
    const auto p = take(way, stays);
    return p ? w_.deliver(w_.at(std::stoi(split(way, '>').at(1))), *p) : "no such message";
  }

  bool is_cut(node_id node) const { return std::find(cut_.begin(), cut_.end(), node.value) != cut_.end(); }

  void settle() {
    for (int steps = 0; !w_.network.empty(); ++steps) {
      BOOST_REQUIRE_MESSAGE(steps < 10'000, "the network does not come to rest");
      const auto p = w_.network.front();
      w_.network.erase(w_.network.begin());
      for (auto& [node, s] : w_.sites()) {
        const bool is_meant = p.message.to.node == node || (p.message.to == nobody && p.message.from.node != node);
        if (is_meant && s.runs && is_cut(node) == is_cut(p.message.from.node))
          w_.deliver(s, p);
      }
    }
  }

  void run_for(std::chrono::milliseconds time) {
    const auto until = w_.now() + time;
    settle();
    for (;;) {
      site* first = nullptr;
      for (auto& [node, s] : w_.sites())
        if (s.runs && (!first || s.runs->wakes_at() < first->runs->wakes_at()))
          first = &s;
      if (!first || first->runs->wakes_at() > until)
        break;
      w_.pass(first->runs->wakes_at());
      w_.tick(*first);
      settle();
    }
    w_.pass(until);
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
    for (const auto& p : s.runs->view().peers)
      out += (out.empty() ? "" : ", ") + to_string(p.id) + (p.is_voter ? " voter" : " learner") + " has "
             + std::to_string(p.match) + " lags " + std::to_string(p.lag);
    return out;
  }

  world w_;
  std::vector<std::int32_t> cut_;
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
