#pragma once

#include "runtime/check/recorder.hpp"
#include "runtime/sim/prng.hpp"
#include "runtime/workload/list_append.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// A bug that the model shows once in a run, when it can.
enum class planted {
  nothing,
  drop_acknowledged,  ///< a record is gone after its sender was told its offset
  duplicate,          ///< a record is there twice
  swap,               ///< two acknowledged records change places
  reorder,            ///< a client's later send gets the lower offset
  show_aborted,       ///< a poll brings a record of an aborted transaction
  show_open,          ///< a transaction's poll brings what it has sent itself
  roll_back,          ///< the last records are gone, and their offsets free again
  tear_transaction,   ///< of a committed transaction one partition's records are hidden
  skip,               ///< a poll leaves out a record
  repeat,             ///< a poll goes back
  same_offset,        ///< a send is told the offset of another record
  invent,             ///< a poll brings a value that nobody sent
};

/// A log as it should be, in memory, and clients that use it side by side, in an order drawn from a seed. Sends and
/// transactions end well, fail, or stay unknown; what they did takes effect at once, later or never.
class model {
 public:
  model(std::uint64_t seed, const workload::list_append_options& options, planted bug);

  /// Runs `operation_count` operations, then the final reads.
  check::history run(std::size_t operation_count);

  /// The bug was shown.
  bool shown() const { return shown_; }

 private:
  enum class state { open, committed, aborted, hidden };
  struct entry {
    check::value what;
    state is = state::committed;
    check::client_id writer;
    bool told_aborted = false;
  };
  /// By offset; gaps as after control records.
  using log = std::map<offset, entry>;

  struct late_send {
    check::client_id client;
    check::log_key key;
    check::value what;
  };
  struct client {
    std::optional<workload::wish> now;
    std::size_t next_step = 0;
    check::recorder::ticket ticket = 0;
    check::outcome ends = check::outcome::ok;
    bool takes_effect = true;
    std::map<check::log_key, offset> positions, positions_before;
    std::vector<std::pair<check::log_key, offset>> written, seen;
  };

  void step(check::client_id id);
  bool begin(check::client_id id, client& c);
  void take_step(check::client_id id, client& c);
  void end(check::client_id id, client& c);
  void crash(check::client_id id, client& c);
  void draw_end(client& c);

  void send(check::client_id id, client& c, const workload::wished_step& s);
  void poll(check::client_id id, client& c);
  void poll_log(check::client_id id, client& c, check::log_key key, offset& position);
  void settle(client& c, state as);
  void append_late();
  offset append(check::log_key key, const entry& added);
  std::optional<offset> place_out_of_order(check::client_id id, check::log_key key) const;
  entry& at(check::log_key key, offset where) { return logs_[static_cast<std::size_t>(key.value)].at(where); }
  offset lowest_open(const log& of) const;

  /// Shows bugs that strike between operations.
  void strike();
  /// The bug is this one and is to be shown now, where it can be.
  bool strikes(planted bug);
  void told(check::log_key key, offset where) { acknowledged_.emplace_back(key, where); }
  bool drop_or_swap();

  sim::prng random_;
  workload::list_append workload_;
  planted bug_;
  bool shown_ = false;
  bool final_ = false;
  std::vector<log> logs_;
  std::vector<offset> ends_;
  std::vector<late_send> late_;
  std::vector<std::pair<check::log_key, offset>> acknowledged_;
  std::map<check::client_id, client> clients_;
  check::recorder recorder_;
  check::instant now_{0};
  std::size_t begun_ = 0;
};

}  // namespace troupe::test
