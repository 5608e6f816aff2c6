#include "actors/session.hpp"

#include "actors/api/handler.hpp"
#include "actors/session_reader.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/kafka/table.hpp"
#include "runtime/node/context.hpp"

#include <caf/all.hpp>

#include <deque>
#include <functional>

namespace troupe {

/// Has the connection been silent for too long?
struct idle_tick {};

/// What a handler wants to be done now.
struct errand {
  std::function<void()> what;
};

}  // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::idle_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::errand)

namespace troupe {

namespace {

class session_state : public api::session_port {
 public:
  ~session_state() override {
    if (context_ && fetches_.is_open())
      --context_->fetch_sessions;
    if (context_)
      context_->requests.give_back(unanswered_bytes_);
  }

  void start(caf::event_based_actor* self, node_context& context, std::shared_ptr<connection> stream,
             std::string listener_name, session_peers peers) {
    self_ = self;
    context_ = &context;
    stream_ = std::move(stream);
    listener_name_ = std::move(listener_name);
    peers_ = std::move(peers);
    flow_ = std::make_shared<session_flow>();
    idle_limit_ = context.settings.duration("connections.max.idle.ms");
    last_request_ = context.time.monotonic_now();
    arm_idle_timer();
    stream_->start(make_session_reader(context, stream_, caf::actor_cast<caf::actor>(self), flow_));
  }

  // -- messages ---------------------------------------------------------------------------------------------------

  void take(client_frames& m) {
    last_request_ = context_->time.monotonic_now();
    for (auto& frame : m.frames) {
      unanswered_bytes_ += frame.size();
      waiting_.push_back(std::move(frame));
    }
    work();
  }

  void drained() {
    queued_bytes_ = 0;
    work();
  }

  void closed(const connection_closed& m) {
    if (!refused_ && is_error(m.why, error_domain::net, 1))
      say(render(m.why));
    self_->quit();
  }

  void check_idle() {
    const auto now = context_->time.monotonic_now();
    if (order_.open_count() == 0 && waiting_.empty() && now - last_request_ >= idle_limit_)
      return stream_->close();
    arm_idle_timer();
  }

  void stop() { stream_->close(); }

  // -- what handlers use ------------------------------------------------------------------------------------------

  caf::event_based_actor& self() override { return *self_; }
  node_context& context() override { return *context_; }
  const session_peers& peers() const override { return peers_; }
  net::fetch_session& fetches() override { return fetches_; }
  std::map<std::string, monotonic_time>& refused_leads() override { return refused_leads_; }
  std::shared_ptr<const cluster_view> view() override { return context_->view.get(); }
  const endpoint& client() const override { return stream_->peer(); }
  const std::string& client_id() const override { return client_id_; }

  const std::string& listener_name() const override { return listener_name_; }

  endpoint reachable_at() override {
    for (const auto& advertised : context_->settings.advertised_listeners())
      if (advertised.name == listener_name_)
        return {advertised.host, advertised.port};
    return stream_->local();
  }

  void begin_barrier() override { barrier_ = true; }

  void end_barrier() override {
    barrier_ = false;
    work();
  }

  void later(std::chrono::milliseconds delay, std::function<void()> what) override {
    self_->delayed_send(self_, delay, errand{std::move(what)});
  }

  void send_reply(const api::call& to, std::vector<chunk> frame) override {
    order_.fill(to.slot, std::move(frame));
    if (!working_)
      flush();
  }

  void let_go(const api::call& to) override {
    lets_go_ = true;
    waiting_.clear();
    send_reply(to, {});
  }

  void refuse(const api::call& to, std::string_view why) override {
    const auto* api = kafka::find_api(to.key);
    give_up((api ? std::string{api->name} : "api " + std::to_string(to.key)) + " version "
            + std::to_string(to.version) + ": " + std::string{why});
  }

 private:
  /// Starts as many of the waiting requests as may run now, then sends what is complete in one go.
  void work() {
    working_ = true;
    while (!waiting_.empty() && !barrier_ && !refused_ && !lets_go_ && queued_bytes_ < bounds::queued_reply_bytes_max) {
      auto frame = std::move(waiting_.front());
      waiting_.pop_front();
      dispatch(std::move(frame));
    }
    working_ = false;
    flush();
  }

  void dispatch(byte_slice frame) {
    const auto bytes = frame.size();
    auto opened = kafka::open_request(std::move(frame));
    if (!opened)
      return give_up(render(opened.error()));
    auto& header = opened->header;
    client_id_ = std::move(header.client_id).value_or("");
    const api::call what{header.request_api_key, header.request_api_version, header.correlation_id, order_.open(bytes)};
    if (opened->version_is_served())
      return api::handler_of(what.key)(*this, what, opened->body);
    if (what.key == kafka::api_versions_key)
      return api::api_versions_unsupported(*this, what);
    refuse(what, render(kafka::check_version(*opened)));
  }

  void flush() {
    if (refused_)
      return;
    auto ready = order_.take_ready();
    if (ready.request_count == 0)
      return;
    if (!ready.parts.empty())
      queued_bytes_ = stream_->send(std::move(ready.parts));
    unanswered_bytes_ -= ready.request_bytes;
    context_->requests.give_back(ready.request_bytes);
    if (lets_go_ && order_.open_count() == 0)
      return stream_->close();
    if (flow_->give_back(ready.request_bytes, ready.request_count))
      stream_->resume_reading();
  }

  /// The stream cannot be trusted from here on: says so once and closes it.
  void give_up(std::string why) {
    if (refused_)
      return;
    refused_ = true;
    waiting_.clear();
    say(why);
    stream_->close();
  }

  void say(const std::string& why) {
    context_->log.write(log_level::warning,
                        "session " + stream_->peer().host + ":" + std::to_string(stream_->peer().port),
                        "connection closed: " + why);
  }

  void arm_idle_timer() {
    if (idle_limit_.count() > 0)
      self_->delayed_send(self_, idle_limit_, idle_tick{});
  }

  caf::event_based_actor* self_ = nullptr;
  node_context* context_ = nullptr;
  std::shared_ptr<connection> stream_;
  std::string listener_name_;
  std::string client_id_;
  session_peers peers_;
  std::shared_ptr<session_flow> flow_;
  std::map<std::string, monotonic_time> refused_leads_;
  net::fetch_session fetches_;
  net::reply_order order_;
  std::deque<byte_slice> waiting_;     ///< requests not started yet; the reader bounds them
  std::size_t unanswered_bytes_ = 0;   ///< of all requests taken in, for the node's budget
  std::size_t queued_bytes_ = 0;       ///< replies the socket has not taken
  bool barrier_ = false;
  bool working_ = false;
  bool refused_ = false;
  bool lets_go_ = false;  ///< closes when what is under way is answered
  std::chrono::milliseconds idle_limit_{0};
  monotonic_time last_request_;
};

caf::behavior session(caf::stateful_actor<session_state>* self, node_context* context,
                      const std::shared_ptr<connection>& stream, std::string listener_name, session_peers peers) {
  adopt(self, *context, "session " + stream->peer().host);
  auto* state = &self->state;
  state->start(self, *context, stream, std::move(listener_name), std::move(peers));
  return {
    [state](client_frames& m) { state->take(m); },
    [state](const connection_drained&) { state->drained(); },
    [state](const connection_closed& m) { state->closed(m); },
    [state](const idle_tick&) { state->check_idle(); },
    [state](const session_stop&) { state->stop(); },
    [](const errand& m) { m.what(); },
  };
}

}  // namespace

caf::actor spawn_session(node_context& context, std::shared_ptr<connection> stream, std::string listener_name,
                         session_peers peers) {
  return context.spawn(session, &context, std::move(stream), std::move(listener_name), std::move(peers));
}

}  // namespace troupe
