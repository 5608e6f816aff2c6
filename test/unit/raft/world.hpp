#pragma once

#include "runtime/raft/participant.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Members of a quorum with disks and a network, all in memory: what scripts drive line by line and random runs by
/// chance. Whatever must hold of a quorum is checked at every step; `broken` is thrown where it does not.
namespace troupe::raft::test {

using namespace std::chrono_literals;

constexpr auto election_timeout = 1'000ms;
constexpr auto heartbeat_interval = 100ms;

/// Thrown when a promise of the quorum does not hold.
class broken : public std::logic_error {
  using std::logic_error::logic_error;
};

/// An entry as it lies in a journal. `chain` tells it and all entries before it from any others.
struct stored {
  std::int64_t term = 0;
  std::int64_t command = 0;  ///< 0: without records
  std::optional<voter_set> voters;
  std::uint64_t chain = 0;
};

/// The state after some entry: that is, which entries led there, and who votes.
struct image {
  entry_id at;
  voter_set voters;
  std::uint64_t chain = 0;
};

/// A message on its way, with its bulk.
struct packet {
  raft::message message;
  std::vector<stored> entries;
  std::string piece;
};

/// One node: what is on its disk, and what runs. Indices on disk are those of the log.
struct site {
  member id;

  metadata::quorum_state vote;
  image snapshot;
  image older_snapshot;
  std::int64_t first_index = 1;
  std::vector<stored> entries;
  std::int64_t durable = 0;

  std::unique_ptr<participant> runs;  ///< null after a crash
  monotonic_time leads_since{};
  std::map<member, monotonic_time> heard_at;
  image applied;
  std::string pieces;

  std::int64_t last_index() const { return first_index + static_cast<std::int64_t>(entries.size()) - 1; }
  const stored& entry(std::int64_t index) const { return entries.at(static_cast<std::size_t>(index - first_index)); }
  bool has(std::int64_t index) const { return index >= first_index && index <= last_index(); }
  std::uint64_t chain_at(std::int64_t index) const;
};

/// All nodes, and the network between them.
class world {
 public:
  explicit world(std::uint64_t seed = 0) : seed_(seed) {}

  /// Nodes whose disks hold the same first entry, which makes `voters` of them the voters.
  void found(const std::vector<std::int32_t>& voters);
  /// A node with an empty disk.
  site& add_node(std::int32_t node);
  voter voter_of(const member& id) const;

  site& at(std::int32_t node) { return sites_.at(node_id{node}); }
  std::map<node_id, site>& sites() { return sites_; }
  monotonic_time now() const { return now_; }
  void pass(monotonic_time to) { now_ = std::max(now_, to); }

  // What can happen to a node. The text tells what it did, when `tells` is set; empty: nothing.
  std::string tick(site& s);
  std::string deliver(site& s, const packet& p);
  /// The disk has synced what was written up to `index`.
  std::string sync(site& s, std::int64_t index);
  std::string lost(site& s, node_id node);
  std::string propose(site& s, std::int64_t command);
  std::string propose_voters(site& s, const voter_set& voters);
  std::string transfer(site& s);
  /// Takes a snapshot of what is applied, and drops what the one before makes superfluous; with `all` also what this
  /// one does. False when nothing new is applied.
  bool compact(site& s, bool all);
  /// Everything in memory is gone, and what was written but not synced except for `kept` entries.
  void crash(site& s, std::int64_t kept = 0);
  void start(site& s);
  /// The disk is empty, and formatted anew.
  void wipe(site& s);

  /// Delivers all messages, in their order, until there are none; those over a cut are lost.
  void settle();
  /// Time goes on, with every tick in its time and every message delivered at once.
  void run_for(std::chrono::milliseconds time);
  /// The running node that wants to be called next; null when none runs.
  site* next_to_tick();
  bool is_cut(node_id from, node_id to) const {
    return cut.contains(from) != cut.contains(to) || muted.contains({from, to});
  }

  /// Nodes that messages from and to the others do not reach.
  std::set<node_id> cut;
  /// (from, to): messages that do not get through, whereas those the other way do.
  std::set<std::pair<node_id, node_id>> muted;
  /// Messages that were sent and not delivered yet, oldest first.
  std::vector<packet> network;

  // How the world behaves.
  bool tells = false;
  bool syncs_at_once = true;
  std::int64_t entries_per_message = 1'000;
  std::size_t piece_bytes = 8;
  /// Asked before each thing that effects ask for: true crashes the node there and then.
  std::function<bool()> crashes_now = [] { return false; };

  /// Entries that are committed, from index 1 on.
  const std::vector<stored>& committed() const { return committed_; }

 private:
  /// What effects are about: the message that came in, or what was proposed.
  struct cause {
    const packet* in = nullptr;
    std::int64_t command = 0;
    const voter_set* voters = nullptr;
  };
  std::string carry_out(site& s, effects e, const cause& why);
  std::string carry_out(site& s, expected<effects> e, const cause& why);
  bool write(site& s, const effects& e, const cause& why);
  bool dispatch(site& s, effects& e);
  void append(site& s, std::int64_t index, stored e);
  void apply(site& s, std::int64_t to);
  std::string install(site& s, entry_id at);
  bool post(const site& s, packet p);
  packet fill(site& s, const append_order& order);
  packet fill(const site& s, const snapshot_order& order) const;

  void check_new_leader(site& s, const view& now);
  void check_quorum(const site& s) const;
  void check_commit(const site& s, std::int64_t index);
  void check_message(const site& s, const message& m);
  [[noreturn]] void fail(const site& s, const std::string& what) const;

  std::uint64_t seed_;
  std::uint64_t formats_ = 0;
  monotonic_time now_{1h};
  std::map<node_id, site> sites_;
  std::map<member, std::int64_t> had_;  ///< of disks that are lost: what was durable
  std::vector<stored> committed_;
  std::vector<std::int64_t> committed_in_;  ///< the term in which it happened, which may be later than the entry's
  std::map<std::int64_t, member> leaders_;
  std::map<std::pair<member, std::int64_t>, member> votes_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> chains_;  ///< of (index, term)
};

/// Short forms, as scripts have them.
std::string text_of(entry_id at);
std::string text_of(const message& m, std::size_t entry_count = 0, std::size_t piece_bytes = 0);
std::string text_of(const effects& e, const view& now);
std::string text_of(const voter_set& voters);

}  // namespace troupe::raft::test
