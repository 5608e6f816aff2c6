#include "runtime/posix/socket.hpp"

#include "runtime/authority/disk.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace troupe::posix {

namespace {

constexpr std::size_t parts_max = 64;
constexpr int syn_tries = 2;  // a peer that does not answer is given up after some 7 s, not after minutes

endpoint to_endpoint(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
  else
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return {text, ntohs(v6.sin6_port)};
}

error socket_error(transport_errc code, const std::string& what) {
  return make_error(code, what + ": " + std::strerror(errno));
}

/// Removes `count` sent bytes from the front of `queue`.
void drop_front(std::deque<chunk>& queue, std::size_t count) {
  while (count > 0) {
    auto& front = queue.front();
    const auto size = size_of(front);
    if (count >= size) {
      count -= size;
      queue.pop_front();
      continue;
    }
    if (auto* bytes = std::get_if<byte_slice>(&front)) {
      *bytes = bytes->sub(count, size - count);
    } else {
      auto& region = std::get<file_region>(front);
      region.position += count;
      region.size -= count;
    }
    return;
  }
}

/// Sends the run of byte slices at the front; -1 with errno as sendmsg has it.
ssize_t send_bytes(int fd, const std::deque<chunk>& queue) {
  std::array<iovec, parts_max> parts;
  std::size_t count = 0;
  auto part = queue.begin();
  for (; part != queue.end() && count < parts_max; ++part) {
    const auto* bytes = std::get_if<byte_slice>(&*part);
    if (!bytes)
      break;
    parts[count++] = {const_cast<std::uint8_t*>(bytes->data()), bytes->size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  // A file part follows: let the kernel put this head and its first bytes into one segment.
  const int more = part != queue.end() ? MSG_MORE : 0;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
}

ssize_t send_region(int fd, const file_region& region) {
  auto position = static_cast<off_t>(region.position);
  auto sent = ::sendfile(fd, region.source->native_handle(), &position, region.size);
  if (sent == 0) {
    errno = EIO;  // the file is shorter than promised: the frame cannot be completed
    return -1;
  }
  return sent;
}

using address_list = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// The addresses of `e`; `remedy` ends the sentence of the error.
expected<address_list> look_up(const endpoint& e, int flags, const std::string& who, const std::string& remedy) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const auto port = std::to_string(e.port);
  if (int rc = ::getaddrinfo(e.host.empty() ? "0.0.0.0" : e.host.c_str(), port.c_str(), &hints, &found); rc != 0)
    return make_error(transport_errc::bad_address, who + to_text(e) + ": " + ::gai_strerror(rc) + remedy);
  return address_list{found, &::freeaddrinfo};
}

}  // namespace

std::string to_text(const endpoint& e) {
  const bool v6 = e.host.find(':') != std::string::npos;
  return (v6 ? "[" + e.host + "]" : e.host) + ":" + std::to_string(e.port);
}

expected<int> listen_on(const endpoint& at) {
  auto found = look_up(at, AI_PASSIVE, "listener ", "; name an address of this machine in `listeners`");
  if (!found)
    return found.error();
  const auto& address = **found;
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return socket_error(transport_errc::io, "listener " + to_text(at));
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, address.ai_addr, address.ai_addrlen) != 0 || ::listen(fd, SOMAXCONN) != 0) {
    const auto code = errno == EADDRINUSE ? transport_errc::address_in_use : transport_errc::bad_address;
    auto failed = socket_error(code, "listener " + to_text(at));
    ::close(fd);
    return failed;
  }
  return fd;
}

expected<int> connect_to(const endpoint& to) {
  auto found = look_up(to, 0, "", "; check the address");
  if (!found)
    return found.error();
  const auto& address = **found;
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return socket_error(transport_errc::io, to_text(to));
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &syn_tries, sizeof syn_tries);
  if (::connect(fd, address.ai_addr, address.ai_addrlen) != 0 && errno != EINPROGRESS) {
    auto failed = socket_error(transport_errc::unreachable, to_text(to));
    ::close(fd);
    return failed;
  }
  return fd;
}

error connect_outcome(int fd, const endpoint& to) {
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    code = errno;
  if (code == 0)
    return {};
  return make_error(transport_errc::unreachable, to_text(to) + ": " + std::strerror(code));
}

endpoint local_endpoint(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return to_endpoint(address);
}

endpoint peer_endpoint(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return to_endpoint(address);
}

error send_some(int fd, std::deque<chunk>& queue) {
  while (!queue.empty()) {
    if (size_of(queue.front()) == 0) {
      queue.pop_front();
      continue;
    }
    const auto* region = std::get_if<file_region>(&queue.front());
    const auto sent = region ? send_region(fd, *region) : send_bytes(fd, queue);
    if (sent >= 0) {
      drop_front(queue, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return {};
    } else if (errno != EINTR) {
      return socket_error(transport_errc::io, "send");
    }
  }
  return {};
}

}  // namespace troupe::posix
