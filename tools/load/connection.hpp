#pragma once

#include "tools/load/wire.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace troupe::load {

class connection;

/// Waits for what many connections bring. One thread uses it and its connections.
class reactor {
 public:
  reactor();
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  /// Serves what has come, or comes within `milliseconds`.
  void turn(int milliseconds);

 private:
  friend class connection;

  int epoll_;
  std::unordered_map<int, connection*> all_;  ///< by file descriptor
};

/// One connection to a broker: requests are sent at once, one behind the other, and answered in their order.
class connection : public std::enable_shared_from_this<connection> {
 public:
  using answered = std::function<void(answer&)>;

  /// Begins to connect to HOST:PORT (an IPv4 address); `lost` is called once, from `reactor::turn`, when that fails or
  /// the connection ends. Throws `std::runtime_error` for an address of another form.
  static std::shared_ptr<connection> open(reactor& in, const std::string& address, std::function<void()> lost);
  ~connection();

  /// `done` is called from `reactor::turn`, and never when the connection is lost before.
  void ask(const request& what, answered done);

  /// Ends it: neither `lost` nor any `answered` is called from here on.
  void drop();

 private:
  struct waiting {
    bool flexible;
    answered done;
  };

  friend class reactor;

  connection(reactor& in, std::function<void()> lost) : in_(in), lost_(std::move(lost)) {}
  void dial(const std::string& address);
  void serve(unsigned events);
  void read();
  void take_frames();
  void write();
  void listen();
  void fail();

  reactor& in_;
  std::function<void()> lost_;
  int socket_ = -1;
  bool connected_ = false;
  bool wants_write_ = true;
  std::int32_t correlation_ = 0;
  std::string out_;
  std::string in_buffer_;
  std::deque<waiting> waiting_;
};

}  // namespace troupe::load
