#include "tools/local/ports.hpp"

#include "runtime/posix/socket.hpp"
#include "tools/admin/address.hpp"

#include <unistd.h>

#include <utility>

namespace troupe::tools {

namespace {

constexpr std::uint16_t peers_above = 100;
constexpr int port_max = 65535;

/// Held until all ports are given out, so that the system gives no port twice.
class held_port {
 public:
  explicit held_port(std::uint16_t port) {
    if (auto fd = posix::listen_on({"127.0.0.1", port})) {
      fd_ = *fd;
      number_ = posix::local_endpoint(fd_).port;
    }
  }
  held_port(held_port&& other) noexcept : fd_(std::exchange(other.fd_, -1)), number_(other.number_) {}
  held_port& operator=(held_port&&) = delete;
  ~held_port() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  explicit operator bool() const { return fd_ >= 0; }
  std::uint16_t number() const { return number_; }

 private:
  int fd_ = -1;
  std::uint16_t number_ = 0;
};

error taken(int port) {
  const auto n = std::to_string(port);
  return complaint("port " + n + " is taken (see: ss -ltnp 'sport = :" + n + "'); end what holds it, or choose "
                   "another --port for a new cluster (0: the system chooses)");
}

}  // namespace

error add_nodes(local_cluster& to, std::size_t count, std::uint16_t port) {
  std::vector<held_port> held;
  for (std::size_t i = 0; i < count; ++i) {
    const int id = to.nodes.empty() ? 1 : to.nodes.back().id + 1;
    const int wanted = port == 0 ? 0 : port + static_cast<int>(i);
    if (wanted > port_max)
      return complaint("--port " + std::to_string(port) + ": " + std::to_string(count) + " nodes need as many ports "
                       "below 65536; choose a smaller one");
    held_port client{static_cast<std::uint16_t>(wanted)};
    if (!client)
      return taken(wanted);
    const bool fits = wanted != 0 && wanted + peers_above <= port_max;
    held_port near{static_cast<std::uint16_t>(fits ? wanted + peers_above : 0)};
    held_port peer = near ? std::move(near) : held_port{0};
    if (!peer)
      return complaint("the system has no free port left for another node");
    to.nodes.push_back({id, client.number(), peer.number(), 0});
    held.push_back(std::move(client));
    held.push_back(std::move(peer));
  }
  return {};
}

error check_ports(const local_node& n) {
  for (const auto port : {n.client_port, n.peer_port})
    if (held_port held{port}; !held)
      return taken(port);
  return {};
}

}  // namespace troupe::tools
