#include "tools/load/connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace troupe::load {

namespace {

constexpr std::size_t read_bytes = 64 * 1024;

sockaddr_in parsed(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in out{};
  out.sin_family = AF_INET;
  auto host = address.substr(0, colon);
  if (host == "localhost")
    host = "127.0.0.1";
  if (colon == std::string::npos || ::inet_pton(AF_INET, host.c_str(), &out.sin_addr) != 1)
    throw std::runtime_error("address " + address + ": expected HOST:PORT with an IPv4 address");
  out.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  return out;
}

}  // namespace

reactor::reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0)
    throw std::runtime_error("epoll_create1 failed");
}

reactor::~reactor() { ::close(epoll_); }

void reactor::turn(int milliseconds) {
  std::array<epoll_event, 256> events{};
  const auto n = ::epoll_wait(epoll_, events.data(), events.size(), milliseconds);
  for (int i = 0; i < n; ++i) {
    const auto& event = events.at(static_cast<std::size_t>(i));
    if (const auto it = all_.find(event.data.fd); it != all_.end()) {
      const auto kept = it->second->shared_from_this();  // it may be dropped by what it calls
      kept->serve(event.events);
    }
  }
}

std::shared_ptr<connection> connection::open(reactor& in, const std::string& address, std::function<void()> lost) {
  std::shared_ptr<connection> made{new connection{in, std::move(lost)}};
  made->dial(address);
  return made;
}

connection::~connection() { drop(); }

void connection::dial(const std::string& address) {
  const auto to = parsed(address);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0)
    throw std::runtime_error("no socket: raise the limit of open files (ulimit -n)");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A failure shows as an event, like one that comes later.
  [[maybe_unused]] const auto under_way = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  in_.all_[socket_] = this;
  epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.fd = socket_}};
  ::epoll_ctl(in_.epoll_, EPOLL_CTL_ADD, socket_, &event);
}

void connection::drop() {
  if (socket_ < 0)
    return;
  in_.all_.erase(socket_);
  ::close(std::exchange(socket_, -1));
  waiting_.clear();
}

void connection::fail() {
  if (socket_ < 0)
    return;
  drop();
  if (const auto lost = std::exchange(lost_, nullptr))
    lost();
}

void connection::ask(const request& what, answered done) {
  if (socket_ < 0)
    return;
  out_ += what.framed(correlation_++);
  waiting_.push_back({what.what().flexible, std::move(done)});
  if (connected_)
    write();
}

void connection::serve(unsigned events) {
  if (!connected_ && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
      return fail();
    connected_ = true;
  }
  if ((events & EPOLLOUT) != 0)
    write();
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
    read();
}

void connection::write() {
  while (!out_.empty()) {
    const auto sent = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0)
      break;  // full, or broken: reading will tell
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  if (wants_write_ != !out_.empty()) {
    wants_write_ = !out_.empty();
    listen();
  }
}

void connection::listen() {
  epoll_event event{.events = EPOLLIN | (wants_write_ ? unsigned{EPOLLOUT} : 0U), .data = {.fd = socket_}};
  ::epoll_ctl(in_.epoll_, EPOLL_CTL_MOD, socket_, &event);
}

void connection::read() {
  std::array<char, read_bytes> buffer;
  for (;;) {
    const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      in_buffer_.append(buffer.data(), static_cast<std::size_t>(got));
      continue;
    }
    const bool later = got < 0 && (errno == EAGAIN || errno == EINTR);
    take_frames();
    if (!later)
      fail();
    return;
  }
}

void connection::take_frames() {
  std::size_t at = 0;
  while (socket_ >= 0 && in_buffer_.size() - at >= sizeof(std::int32_t)) {
    const auto size = static_cast<std::size_t>(answer{std::string_view{in_buffer_}.substr(at), false}.i32());
    if (in_buffer_.size() - at - sizeof(std::int32_t) < size)
      break;
    if (waiting_.empty())
      throw std::runtime_error("an answer that nobody asked for");
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    answer fields{std::string_view{in_buffer_}.substr(at + sizeof(std::int32_t), size), next.flexible};
    fields.i32();  // correlation
    fields.end();
    next.done(fields);
    at += sizeof(std::int32_t) + size;
  }
  in_buffer_.erase(0, at);
}

}  // namespace troupe::load
