#pragma once

#include "actors/quorum.hpp"
#include "runtime/config/rules.hpp"
#include "runtime/authority/log_sink.hpp"
#include "runtime/metadata/broker_watch.hpp"
#include "runtime/metadata/change_set.hpp"
#include "runtime/metadata/commands.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/controller.capnp.h"
#include "schema/membership.capnp.h"
#include "schema/replication.capnp.h"

#include <caf/typed_response_promise.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>

namespace troupe {

class node_context;
struct wished_voters;

/// The answer to a client's request, with the index of the metadata that it speaks of.
wire<schema::ControllerReply> controller_reply(byte_slice body, std::int64_t applied);

/// What the active controller does, from the moment that its first entry is committed until it no longer leads: judges
/// requests by the image as it will be, commits what follows, answers, and watches over brokers. A part of the
/// controller's state.
class controller_reign {
 public:
  void start(node_context& context, quorum& seat);

  template <class Reply>
  using answer = caf::typed_response_promise<wire<Reply>>;
  void serve(const wire<schema::ControllerRequest>& m, answer<schema::ControllerReply> to);
  void serve(const wire<schema::BrokerRegistration>& m, answer<schema::BrokerRegistered> to);
  void serve(const wire<schema::BrokerHeartbeat>& m, answer<schema::BrokerHeartbeatAnswer> to);
  void serve(const wire<schema::IsrChange>& m, answer<schema::IsrChanged> to);

  /// The committed image has grown.
  void committed();
  /// This node may have begun or ceased to lead.
  void reconsider();
  /// The link to a node's process broke: it is taken for dead until it is heard of again, also by a reign that begins
  /// later.
  void lost(node_id id, const topic_id& incarnation);
  /// There is a link to that node.
  void met(node_id id);
  /// Looks after brokers that are silent, voters that are missing, and leaders that are not where they should be.
  void watch();

 private:
  /// What waits for an entry to be committed.
  struct pending {
    std::int64_t index;
    std::function<void()> committed;
    std::function<void()> lost;
  };

  metadata::command_rules rules() const;
  void commit(metadata::records made, std::function<void()> then, std::function<void()> lost);
  template <class Reply>
  void commit_and_answer(metadata::records made, answer<Reply> to, std::function<wire<Reply>()> reply) {
    commit(std::move(made), [to, reply]() mutable { to.deliver(reply()); }, [to]() mutable { to.deliver(deposed()); });
  }
  static error deposed();
  void fail_pending();
  void new_producer(std::int16_t version, const byte_slice& body, answer<schema::ControllerReply> to);
  void describe_quorum(std::int16_t version, const byte_slice& body, answer<schema::ControllerReply> to);
  void add_raft_voter(std::int16_t version, const byte_slice& body, answer<schema::ControllerReply> to);
  void remove_raft_voter(std::int16_t version, const byte_slice& body, answer<schema::ControllerReply> to);
  template <class Response>
  void change_voters(const wished_voters& wish, bool await_commit, std::int16_t version,
                     answer<schema::ControllerReply> to);
  error commit_voters(const raft::voter_set& voters, std::function<void()> then, std::function<void()> lost);
  void alter_one(schema::IsrChange::Reader m, schema::IsrWish::Reader wish, metadata::change_set& changes,
                 schema::IsrAnswer::Builder out) const;
  void fence(node_id id, std::string_view why);
  void fence_if_gone(node_id id);
  void add_voter();
  void replace_wiped_voter();
  void balance_leaders();
  std::chrono::milliseconds session() const;
  void say(log_level level, std::string_view line) const;

  node_context* context_ = nullptr;
  quorum* seat_ = nullptr;
  config::rules table_;
  bool reigning_ = false;
  std::shared_ptr<const metadata::image> head_;  ///< with all that is proposed but not committed
  std::deque<pending> pending_;
  metadata::broker_watch brokers_;
  std::map<node_id, topic_id> gone_;  ///< processes whose links broke, by incarnation
  std::set<node_id> replaced_;  ///< nodes whose former selves lost the vote that they are to have again
  monotonic_time balance_at_{};  ///< when leaders are looked at next
  std::int64_t next_producer_ = 0;  ///< of the block at hand
  std::int64_t producers_end_ = 0;
};

}  // namespace troupe
