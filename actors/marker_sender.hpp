#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/transaction/effects.hpp"
#include "runtime/wire/caf.hpp"
#include "schema/coordinator.capnp.h"
#include "schema/kafka/write_txn_markers.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe {

class node_context;

/// Partitions that could not take a marker may take it now.
struct marker_tick {};

/// Brings the markers of ended transactions to the leaders of their partitions, and again until each has taken its own.
/// What is to go to one node gathers while a request to it is under way, and leaves together. A part of the state of a
/// transaction coordinator.
class marker_sender {
 public:
  /// `marked(order, partitions)`: these have their marker, or are no more.
  using on_marked = std::function<void(const transaction::marker_order&, const std::vector<transaction::participant>&)>;

  /// `coordination` takes markers_for. The coordinator is that of partition `index`, led under `epoch`.
  void start(caf::event_based_actor* self, node_context& context, caf::actor coordination, partition_index index,
             leader_epoch epoch, on_marked marked);

  void send(transaction::marker_order order);
  /// The actor's handler of marker_tick.
  void on_tick();

 private:
  /// One transaction, with the partitions that lack its marker, each in one of three states.
  struct open_order {
    transaction::marker_order order;
    std::set<transaction::participant> waiting;
    std::set<transaction::participant> asked;
    std::set<transaction::participant> refused;  ///< a moment ago: they wait again after the next marker_tick
    bool is_over() const { return waiting.empty() && asked.empty() && refused.empty(); }
  };
  using by_node = std::map<node_id, std::map<std::string, std::vector<transaction::participant>>>;  ///< then by id

  by_node plan();
  void flush();
  void ask(node_id node, const std::map<std::string, std::vector<transaction::participant>>& what);
  void answered(node_id node, const wire<schema::MarkerReply>& m, const std::vector<std::string>& ids);
  void take_line(open_order& of, const kafka::write_txn_markers_response::marker_result& line);
  void failed(node_id node, const std::vector<std::string>& ids, const error& why);
  void settle(const std::string& id, const std::vector<transaction::participant>& done);
  void try_again_later();

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  caf::actor coordination_;
  partition_index index_{-1};
  leader_epoch epoch_ = no_epoch;
  on_marked marked_;
  std::map<std::string, open_order> open_;   ///< by transactional id
  std::set<node_id> busy_;                   ///< with a request of ours
  std::uint64_t last_number_ = 0;
  bool is_waiting_ = false;
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::marker_tick)
