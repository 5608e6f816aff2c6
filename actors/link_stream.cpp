#include "actors/link_stream.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/metadata/records.hpp"
#include "runtime/node/context.hpp"

namespace troupe {

void link_stream::open(node_context& context, std::shared_ptr<connection> stream, caf::actor owner) {
  context_ = &context;
  stream_ = std::move(stream);
  flow_ = std::make_shared<session_flow>();
  tie_ = std::make_shared<link_tie>(context.lost, context.time);
  last_heard_ = context.time.monotonic_now();
  stream_->start(make_link_reader(stream_, std::move(owner), flow_, tie_));
}

bool link_stream::send(wire_builder<schema::LinkFrame>&& head, net::packed_message carried) {
  if (!stream_ || queued_bytes_ > bounds::link_queued_bytes_max)
    return false;
  queued_bytes_ = stream_->send(net::make_link_frame(std::move(head), std::move(carried)));
  return true;
}

void link_stream::send_hello(schema::LinkLane lane) {
  wire_builder<schema::LinkFrame> b;
  auto hello = b->initHello();
  hello.setClusterId(context_->cluster_id());
  hello.setNode(context_->self.value);
  metadata::write_id(hello.initIncarnation(), context_->incarnation);
  hello.setVersion(net::link_version);
  hello.setLane(lane);
  const auto& door = context_->peer_address();
  hello.setHost(door.host);
  hello.setPort(door.port);
  send(std::move(b));
}

void link_stream::send_refusal(const std::string& why) {
  wire_builder<schema::LinkFrame> b;
  b->setRefused(why);
  send(std::move(b));
}

void link_stream::heard(std::size_t bytes, std::size_t frames) {
  last_heard_ = context_->time.monotonic_now();
  if (flow_->give_back(bytes, frames))
    stream_->resume_reading();
}

bool link_stream::is_silent() const {
  return context_->time.monotonic_now() - last_heard_ > bounds::link_silence_max;
}

void link_stream::close() {
  if (stream_)
    stream_->close();
}

}  // namespace troupe
