#pragma once

#include "runtime/sim/network_state.hpp"

namespace troupe::sim {

/// One dial, from the first packet to the answer to `who`, as the system of a host does it: tried again with growing
/// pauses while nothing comes back.
class dial_attempt : public std::enable_shared_from_this<dial_attempt> {
 public:
  dial_attempt(network_state& in, host& from, endpoint to, std::shared_ptr<dialler> who);

  /// Sends the first packet.
  void begin();
  /// The process that dialled has ended.
  void abandon();

 private:
  void send_packet();
  void reach(host& there);
  void try_again();
  void refuse(host& there, const std::string& why);
  std::shared_ptr<dialler> finish();
  void fail(transport_errc code, const std::string& why);
  void succeed(host& there, host::listener& door);
  std::string sentence(const std::string& why) const;

  network_state& in_;
  const std::uint64_t number_;
  host& from_;
  const endpoint to_;
  std::shared_ptr<dialler> who_;
  bool is_abandoned_ = false;
  virtual_time gives_up_{0};
  std::chrono::nanoseconds pause_;
};

}  // namespace troupe::sim
