#pragma once

#include "runtime/sim/network_state.hpp"

namespace troupe::sim {

/// One end of a byte stream, as the system of its host keeps it.
class stream_end : public std::enable_shared_from_this<stream_end> {
 public:
  stream_end(network_state& in, host& at, endpoint local, endpoint peer);

  /// Makes the two the ends of one stream.
  static void join(const std::shared_ptr<stream_end>& a, const std::shared_ptr<stream_end>& b);

  // -- what the process does ------------------------------------------------------------------------------------

  void start(std::shared_ptr<stream_reader> reader);
  std::size_t send(std::vector<chunk> parts);
  void resume_reading();
  void close();
  const endpoint& local() const { return local_; }
  const endpoint& peer() const { return peer_; }

  // -- what the network does ------------------------------------------------------------------------------------

  /// The process has ended: the system closes the stream after what had left the process.
  void orphan();
  /// The host has no power any more.
  void vanish();
  /// Both ends hear that the connection broke.
  void break_both(const std::string& why);
  /// Sends what waited for its path, as far as it is free now.
  void release();
  host& at() { return at_; }
  const host* peer_host() const;
  /// The handle to give to the process.
  std::shared_ptr<connection> handle();

 private:
  struct piece {
    enum class kind : std::uint8_t { data, end, reset } what = kind::data;
    byte_slice bytes;
  };

  void pump();
  expected<byte_slice> cut_piece(std::size_t most);
  expected<byte_slice> take(std::size_t size);
  void transmit(piece p);
  void fly(piece p);
  void arrive(piece p);
  void land(const piece& p);
  void deliver();
  bool give_reader();
  void acknowledge(std::size_t bytes);
  void note_acknowledgement(virtual_time when, std::size_t bytes);
  void take_acknowledgements();
  void await_acknowledgement();
  void finish();
  void end(transport_errc code, const std::string& why);
  void forget();
  std::size_t queued_bytes() const;

  const std::shared_ptr<network_state> keep_;
  network_state& in_;
  host& at_;
  const std::uint64_t number_;
  const endpoint local_;
  const endpoint peer_;
  std::weak_ptr<stream_end> other_;
  const host* other_host_ = nullptr;
  path* way_ = nullptr;  ///< from here to the other host
  const trace_name* peer_called_ = nullptr;

  // The process's side.
  std::shared_ptr<stream_reader> reader_;
  std::deque<chunk> queue_;  ///< what the system has not taken; bounded by the owner, as the contract says
  bool wants_drained_ = false;
  bool is_closing_ = false;
  bool is_reading_ = false;

  // The system's side.
  bool has_ended_ = false;
  error ended_why_;
  std::size_t under_way_ = 0;      ///< bytes sent and not read by the other process, as far as is known here
  std::deque<std::pair<virtual_time, std::size_t>> acknowledged_;  ///< when it gets to be known, and how many bytes
  bool awaits_acknowledgement_ = false;
  virtual_time last_arrival_{0};   ///< of what was sent from here
  std::deque<piece> waiting_;      ///< for the path to be free
  std::deque<byte_slice> arrived_;
  bool will_deliver_ = false;  ///< the process is going to hear of what arrived
  bool end_arrived_ = false;
};

}  // namespace troupe::sim
