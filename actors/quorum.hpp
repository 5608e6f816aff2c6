#pragma once

#include "actors/peers.hpp"
#include "runtime/metadata/apply.hpp"
#include "runtime/metadata/journal.hpp"
#include "runtime/raft/participant.hpp"
#include "runtime/raft/wire.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

class node_context;

/// This node's seat in the metadata quorum: carries out what Raft's rules (`raft::participant`) ask for, with the
/// journal on the disk and messages over links, and applies what is committed to the image. Voters and learners alike.
/// A part of the controller's state; its calls wait for the disk.
class quorum {
 public:
  /// What the owner hears. All are called from within the calls below.
  struct events {
    /// The image has grown by committed entries.
    std::function<void()> committed;
    /// Role, leader, term or voters may be others than before.
    std::function<void()> changed;
    /// The link to a node is up, or broke; the incarnation is that of the process there.
    std::function<void(node_id)> met;
    std::function<void(node_id, const topic_id& incarnation)> lost;
    /// The journal cannot be written any more: nothing can be promised.
    std::function<void(const error&)> failed;
  };
  /// How to begin.
  struct setup {
    std::string directory;        ///< of the journal
    raft::directory_id disk;      ///< id of that disk
    std::vector<endpoint> seeds;  ///< nodes of the cluster to join; none: an empty disk begins a cluster of its own
  };

  /// Recovers the journal and takes part from now on.
  error open(caf::event_based_actor* self, node_context& context, caf::actor peers, setup how, events heard);
  /// A clean stop: hands leadership over if it can, `then` closes the journal.
  error close();

  const std::shared_ptr<const metadata::image>& image() const { return image_; }
  const raft::view& view() const { return view_; }
  /// Whether this node decides about the metadata now.
  bool is_active() const { return view_.is_active; }
  /// The controller of the node that leads; an invalid handle when it is not known or not linked with.
  caf::actor leader_handle() const;

  /// Proposes an entry. Its index is `next_index()` of before; it is committed when `image()` has it, and lost when
  /// this node is no longer active. Error: this node does not lead.
  error propose(metadata::records made);
  error propose_voters(const raft::voter_set& voters, metadata::records made);
  std::int64_t next_index() const { return journal_->last().index + 1; }
  /// Begins to hand leadership to another voter.
  void hand_over();

  template <class T>
  void receive(const wire<T>& m) {
    if (auto decoded = raft::decode(m); decoded && participant_)
      execute(participant_->step(now(), *decoded));
  }
  void receive(const wire<schema::RaftAppendRequest>& m);
  void receive(const wire<schema::RaftSnapshotRequest>& m);

  void tick(monotonic_time due);
  /// A handle of a peer's controller is down.
  void peer_down(const caf::down_msg& m);

 private:
  /// What comes with the message that is worked on, for effects that speak of it.
  struct bulk {
    const std::vector<metadata::entry>* received = nullptr;
    const metadata::records* own = nullptr;
    const byte_slice* piece = nullptr;
  };
  /// The link to one other node.
  struct peer {
    caf::actor controller;
    topic_id incarnation;
    bool asked = false;
    std::deque<caf::message> waiting;  ///< until the link is up
  };

  monotonic_time now() const;
  expected<raft::opening> recover();
  error begin_cluster();
  void execute(raft::effects todo) { execute(std::move(todo), bulk{}); }
  void execute(raft::effects todo, bulk with);
  error write(const raft::effects& todo, const bulk& with, bool& appended);
  void send_all(raft::effects& todo);
  void send_entries(raft::append_order& order);
  void send_piece(raft::snapshot_order& order);
  error keep_piece(const raft::snapshot_request& what, const byte_slice& piece);
  void install(metadata::entry_id at);
  error apply_to(std::int64_t index);
  void snapshot_if_due();
  void arm();

  void send(const raft::member& to, caf::message m);
  void send_to_seed(caf::message m);
  void found(const peer_handle& m);
  void tell_addresses();
  void fail(const error& why);

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor peers_;
  setup how_;
  events heard_;
  std::unique_ptr<metadata::journal> journal_;
  std::optional<raft::participant> participant_;
  raft::view view_;
  std::shared_ptr<const metadata::image> image_;
  std::map<node_id, peer> links_;
  std::size_t next_seed_ = 0;
  struct {
    metadata::entry_id at;
    std::vector<std::uint8_t> content;
  } incoming_;  ///< a snapshot on its way in
  struct {
    metadata::entry_id at;
    byte_slice content;
  } outgoing_;  ///< the snapshot that was sent last
  monotonic_time armed_until_ = monotonic_time::max();
  error failed_;
};

}  // namespace troupe
