#include "tools/admin/connection.hpp"

#include "runtime/posix/socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

namespace troupe::tools {

namespace {

constexpr std::size_t frame_bytes_max = std::size_t{256} << 20;  // more than any description of a cluster takes

std::chrono::milliseconds left_until(deadline until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds{0});
}

}  // namespace

connection::connection(connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)), to_(std::move(other.to_)) {}

connection& connection::operator=(connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(to_, other.to_);
  return *this;
}

connection::~connection() {
  if (fd_ >= 0)
    ::close(fd_);
}

expected<connection> connection::open(const endpoint& to, deadline until) {
  auto fd = posix::connect_to(to);
  if (!fd)
    return fd.error();
  connection out{*fd, to};
  if (auto problem = out.await(POLLOUT, until, "connecting"))
    return problem;
  if (auto problem = posix::connect_outcome(out.fd_, to))
    return problem;
  return out;
}

error connection::await(short events, deadline until, const char* doing) const {
  while (true) {
    pollfd one{fd_, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(left_until(until).count()));
    if (ready > 0)
      return {};
    if (ready == 0)
      return make_error(transport_errc::unreachable, posix::to_text(to_) + ": no answer in time while " + doing);
    if (errno != EINTR)
      return make_error(transport_errc::io, posix::to_text(to_) + ": " + std::strerror(errno));
  }
}

error connection::receive(std::span<std::uint8_t> out, deadline until) const {
  while (!out.empty()) {
    if (auto problem = await(POLLIN, until, "waiting for its answer"))
      return problem;
    const auto got = ::recv(fd_, out.data(), out.size(), MSG_DONTWAIT);
    if (got > 0)
      out = out.subspan(static_cast<std::size_t>(got));
    else if (got == 0)
      return make_error(transport_errc::closed_by_peer, posix::to_text(to_) + ": closed the connection");
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      return make_error(transport_errc::closed_by_peer, posix::to_text(to_) + ": " + std::strerror(errno));
  }
  return {};
}

expected<byte_slice> connection::exchange(std::vector<chunk> frame, deadline until) {
  std::deque<chunk> queue{frame.begin(), frame.end()};
  while (!queue.empty()) {
    if (auto problem = await(POLLOUT, until, "sending"))
      return problem;
    if (auto problem = posix::send_some(fd_, queue))
      return with_context(posix::to_text(to_), problem);
  }
  std::array<std::uint8_t, 4> head{};
  if (auto problem = receive(head, until))
    return problem;
  const auto size = std::size_t{head[0]} << 24 | std::size_t{head[1]} << 16 | std::size_t{head[2]} << 8 | head[3];
  if (size > frame_bytes_max)
    return make_error(transport_errc::io, posix::to_text(to_) + ": answers with something else than Kafka's protocol");
  unique_buffer body{size};
  if (auto problem = receive(body.span(), until))
    return problem;
  return std::move(body).freeze(size);
}

}  // namespace troupe::tools
