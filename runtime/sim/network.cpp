#include "runtime/sim/network.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/sim/dial.hpp"
#include "runtime/sim/stream.hpp"

namespace troupe::sim {

namespace {

/// A port that the process of a host has taken.
class simulated_listening_socket final : public listening_socket {
 public:
  simulated_listening_socket(network_state& in, host& on, std::uint64_t number, endpoint local)
    : in_(in.shared_from_this()), on_(on), number_(number), local_(std::move(local)) {}
  ~simulated_listening_socket() override {
    const auto found = on_.listeners.find(local_.port);
    if (found != on_.listeners.end() && found->second.number == number_)
      on_.listeners.erase(found);
  }

  const endpoint& local() const override { return local_; }
  void resume() override {}  // there is no want of file descriptors here

 private:
  std::shared_ptr<network_state> in_;  // `on_` lives there
  host& on_;
  const std::uint64_t number_;
  const endpoint local_;
};

class host_transport final : public transport {
 public:
  host_transport(network_state& in, host& on) : in_(in), on_(on) {}

  expected<std::unique_ptr<listening_socket>> listen(const endpoint& at, std::shared_ptr<acceptor> to) override {
    if (on_.is_silenced())
      return make_error(transport_errc::io, "the process has ended");
    if (!is_own(at.host))
      return make_error(transport_errc::bad_address, "listen on " + at.host + ": not an address of " + on_.name);
    const auto port = at.port == 0 ? in_.free_port(on_) : at.port;
    if (on_.listeners.contains(port))
      return make_error(transport_errc::address_in_use,
                        "listen on " + at.host + ":" + std::to_string(port) + ": the port is taken");
    const auto number = ++in_.last_number;
    on_.listeners[port] = {number, std::move(to)};
    in_.tell(on_, "listens on port " + std::to_string(port));
    return std::unique_ptr<listening_socket>{
      std::make_unique<simulated_listening_socket>(in_, on_, number, endpoint{on_.name, port})};
  }

  void dial(const endpoint& to, std::shared_ptr<dialler> who) override {
    const auto target = is_own(to.host) ? endpoint{on_.name, to.port} : to;
    in_.call_soon(on_, [attempt = std::make_shared<dial_attempt>(in_, on_, target, std::move(who))] {
      attempt->begin();
    });
  }

 private:
  bool is_own(const std::string& address) const {
    return address.empty() || address == on_.name || address == "0.0.0.0" || address == "localhost"
        || address == "127.0.0.1";
  }

  network_state& in_;
  host& on_;
};

}  // namespace

network::network(const surroundings& around) : state_(std::make_shared<network_state>(around)) {}

network::~network() {
  state_->is_over = true;
  for (auto& [name, host] : state_->hosts)
    power_off(name);
}

// -- hosts --------------------------------------------------------------------------------------------------------

transport& network::add_host(const std::string& name) {
  TROUPE_INVARIANT(!state_->hosts.contains(name), "two hosts of the world are called " + name);
  auto& added = state_->hosts.try_emplace(name, name).first->second;
  added.called = &state_->names.of_text(name);
  added.door = std::make_unique<host_transport>(*state_, added);
  return *added.door;
}

void network::set_silenced(const std::string& host, std::function<bool()> is_silenced) {
  state_->at(host).is_silenced = std::move(is_silenced);
}

void network::end_process(const std::string& name) {
  auto& host = state_->at(name);
  state_->end_process(host);
  const auto ends = host.ends;
  for (const auto& [number, end] : ends)
    end->orphan();
}

void network::power_off(const std::string& name) {
  auto& host = state_->at(name);
  host.is_on = false;
  state_->end_process(host);
  for (const auto& [number, end] : std::exchange(host.ends, {}))
    end->vanish();
}

void network::power_on(const std::string& name) {
  state_->at(name).is_on = true;
}

void network::pause(const std::string& name, bool is_paused) {
  auto& host = state_->at(name);
  host.is_paused = is_paused;
  if (!is_paused)
    for (auto& what : std::exchange(host.unheard, {}))
      state_->let_hear(host, std::move(what));
}

std::size_t network::connection_count(const std::string& host) const {
  return state_->at(host).ends.size();
}

// -- conditions ---------------------------------------------------------------------------------------------------

namespace {

path& direction(network_state& in, const std::string& from, const std::string& to) {
  return in.between(in.at(from), in.at(to));
}

/// As `direction`, for a condition that the trace shall tell.
path& change(network_state& in, const std::string& from, const std::string& to, const char* what) {
  in.tell(in.at(from), "network to " + to + ": " + what);
  return direction(in, from, to);
}

}  // namespace

void network::cut(const std::string& from, const std::string& to) {
  change(*state_, from, to, "cut").is_cut = true;
}

void network::heal(const std::string& from, const std::string& to) {
  change(*state_, from, to, "healed").is_cut = false;
  state_->release();
}

void network::cut_both(const std::string& a, const std::string& b) {
  cut(a, b);
  cut(b, a);
}

void network::heal_both(const std::string& a, const std::string& b) {
  heal(a, b);
  heal(b, a);
}

void network::isolate(const std::string& host) {
  for (const auto& [other, there] : state_->hosts)
    if (other != host)
      cut_both(host, other);
}

void network::rejoin(const std::string& host) {
  for (const auto& [other, there] : state_->hosts)
    if (other != host)
      heal_both(host, other);
}

void network::heal_all() {
  for (auto& [hosts, over] : state_->paths)
    over.is_cut = over.is_clogged = over.refuses_dials = over.drops_dials = false;
  state_->release();
}

void network::clog(const std::string& from, const std::string& to) {
  change(*state_, from, to, "clogged").is_clogged = true;
}

void network::unclog(const std::string& from, const std::string& to) {
  change(*state_, from, to, "unclogged").is_clogged = false;
  state_->release();
}

void network::set_latency(const std::string& from, const std::string& to, latency how) {
  direction(*state_, from, to).takes = how;
}

void network::set_latency(latency how) {
  state_->usual = how;
  for (auto& [hosts, over] : state_->paths)
    if (hosts.first != hosts.second)
      over.takes = how;
}

void network::set_bandwidth(const std::string& from, const std::string& to, std::uint64_t bytes_per_second) {
  direction(*state_, from, to).bytes_per_second = bytes_per_second;
}

void network::refuse_dials(const std::string& from, const std::string& to, bool refused) {
  change(*state_, from, to, refused ? "refuses dials" : "takes dials").refuses_dials = refused;
}

void network::drop_dials(const std::string& from, const std::string& to, bool dropped) {
  change(*state_, from, to, dropped ? "drops dials" : "passes dials").drops_dials = dropped;
}

void network::reset_connections(const std::string& a, const std::string& b) {
  const auto ends = state_->at(a).ends;
  for (const auto& [number, end] : ends)
    if (end->peer_host()->name == b)
      end->break_both("connection reset");
}

void network::set_resets(std::uint32_t per_million) {
  state_->resets_per_million = per_million;
}

}  // namespace troupe::sim
