#pragma once

#include "actors/link_reader.hpp"
#include "runtime/authority/clock.hpp"
#include "runtime/net/link_frame.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <string>

namespace troupe {

class node_context;

/// What both ends of a link do with their connection: frames in and out, and watching that the other side still speaks.
/// A part of one actor's state.
class link_stream {
 public:
  /// Takes the connection over; its frames go to `owner`.
  void open(node_context& context, std::shared_ptr<connection> stream, caf::actor owner);
  bool is_open() const { return stream_ != nullptr; }
  /// The other side has said who it is.
  void met(node_id peer, const topic_id& incarnation) { tie_->hold(peer, incarnation); }

  /// Sends a frame. False when more waits for the socket than `bounds::link_queued_bytes_max`: the frame was dropped.
  bool send(wire_builder<schema::LinkFrame>&& head, net::packed_message carried = {});
  void send_hello(schema::LinkLane lane);
  void send_refusal(const std::string& why);

  /// Calls `handle(link_frame)` for each frame until it returns an error or one cannot be parsed; that error ends the
  /// link.
  template <class Handle>
  error take(const link_frames& m, Handle handle) {
    error failed;
    std::size_t bytes = 0;
    for (const auto& frame : m.frames) {
      bytes += frame.size();
      if (failed)
        continue;
      auto parsed = net::parse_link_frame(frame);
      failed = parsed ? handle(*parsed) : parsed.error();
    }
    heard(bytes, m.frames.size());
    return failed;
  }

  /// Nothing was heard of the other side for longer than `bounds::link_silence_max`.
  bool is_silent() const;
  const endpoint& peer() const { return stream_->peer(); }
  void drained() { queued_bytes_ = 0; }
  void close();

 private:
  void heard(std::size_t bytes, std::size_t frames);

  node_context* context_ = nullptr;
  std::shared_ptr<connection> stream_;
  std::shared_ptr<session_flow> flow_;
  std::shared_ptr<link_tie> tie_;
  std::size_t queued_bytes_ = 0;  ///< when something was last sent
  monotonic_time last_heard_;
};

}  // namespace troupe
