#pragma once

#include "runtime/authority/transport.hpp"

#include <caf/actor.hpp>

#include <atomic>
#include <memory>

namespace troupe {

class node_context;

/// How much of one connection is taken in but not answered: written by the I/O thread, given back by the session.
class session_flow {
 public:
  /// False when the connection has enough under way and must not be read on.
  bool take(std::size_t bytes, std::size_t requests);
  /// True when the connection may be read again because of this.
  bool give_back(std::size_t bytes, std::size_t requests);

 private:
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> requests_{0};
};

/// Cuts what a connection reads into requests, on the I/O thread, and sends them to its session.
std::shared_ptr<stream_reader> make_session_reader(node_context& context, std::weak_ptr<connection> stream,
                                                   caf::actor session, std::shared_ptr<session_flow> flow);

}  // namespace troupe
