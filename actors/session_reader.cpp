#include "actors/session_reader.hpp"

#include "actors/session.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/net/framer.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

namespace troupe {

namespace {

bool full(std::size_t bytes, std::size_t requests) {
  return bytes >= bounds::unanswered_bytes_max || requests >= bounds::unanswered_requests_max;
}

class session_reader final : public stream_reader {
 public:
  session_reader(node_context& context, std::weak_ptr<connection> stream, caf::actor session,
                 std::shared_ptr<session_flow> flow)
    : context_(context),
      stream_(std::move(stream)),
      session_(std::move(session)),
      flow_(std::move(flow)),
      framer_(static_cast<std::size_t>(context.settings.integer("socket.request.max.bytes"))) {}

  std::span<std::uint8_t> prepare() override { return framer_.prepare(); }

  bool commit(std::size_t count) override {
    client_frames arrived;
    if (auto refused = framer_.commit(count, arrived.frames)) {
      // Requests before the unreadable one in the same read are given up too: the client's stream is broken.
      broken_ = refused;
      if (auto stream = stream_.lock())
        stream->close();
      return false;
    }
    if (arrived.frames.empty())
      return true;
    std::size_t bytes = 0;
    for (const auto& frame : arrived.frames)
      bytes += frame.size();
    bool go_on = flow_->take(bytes, arrived.frames.size());
    if (!context_.requests.take(bytes)) {
      go_on = false;
      context_.requests.wait(stream_);
    }
    caf::anon_send(session_, std::move(arrived));
    return go_on;
  }

  void drained() override { caf::anon_send(session_, connection_drained{}); }

  void closed(const error& why) override {
    caf::anon_send(session_, connection_closed{broken_ ? broken_ : why});
    session_ = nullptr;
  }

 private:
  node_context& context_;
  std::weak_ptr<connection> stream_;
  caf::actor session_;
  std::shared_ptr<session_flow> flow_;
  net::framer framer_;
  error broken_;
};

}  // namespace

bool session_flow::take(std::size_t bytes, std::size_t requests) {
  const auto now_bytes = bytes_.fetch_add(bytes) + bytes;
  const auto now_requests = requests_.fetch_add(requests) + requests;
  return !full(now_bytes, now_requests);
}

bool session_flow::give_back(std::size_t bytes, std::size_t requests) {
  const auto old_bytes = bytes_.fetch_sub(bytes);
  const auto old_requests = requests_.fetch_sub(requests);
  return full(old_bytes, old_requests) && !full(old_bytes - bytes, old_requests - requests);
}

std::shared_ptr<stream_reader> make_session_reader(node_context& context, std::weak_ptr<connection> stream,
                                                   caf::actor session, std::shared_ptr<session_flow> flow) {
  return std::make_shared<session_reader>(context, std::move(stream), std::move(session), std::move(flow));
}

}  // namespace troupe
