#pragma once

#include "runtime/check/anomaly.hpp"
#include "runtime/check/observed.hpp"
#include "runtime/check/options.hpp"

namespace troupe::check {

// Each check looks for some anomalies in all logs and adds the cases to `to`.

/// lost-write: a committed record at or below the highest one that was read, which nobody read.
void check_lost_writes(const observed& seen, findings& to);
/// G1a, precommitted-read, unwritten-read: records that a poll must not bring.
void check_forbidden_reads(const observed& seen, findings& to);
/// unseen: what was committed or read before, and not read by the final reads. Excused when the run had none.
void check_unseen(const observed& seen, findings& to);
/// duplicate, inconsistent-offsets: values and offsets that do not belong together one to one.
void check_offsets(const observed& seen, findings& to);
/// nonmonotonic-send, reordered-send: the order of sends against that of their offsets.
void check_send_order(const observed& seen, const judging_options& options, findings& to);
/// int-nonmonotonic-send, int-send-skip: the same within one operation.
void check_sends_within(const observed& seen, findings& to);
/// nonmonotonic-poll, poll-skip and both within one operation: each client reads on where it stopped.
void check_poll_order(const observed& seen, const judging_options& options, findings& to);
/// consumed-twice: subscribed transactions that committed and polled the same record.
void check_consumption(const observed& seen, findings& to);
/// G0, G1c and their variants: the operations depend on each other in a circle.
void check_cycles(const observed& seen, const judging_options& options, findings& to);

/// How stale a poll was: for how long, when it began, the record that it and all polls before it had not reached had
/// been in the log for certain.
struct lag {
  instant worst{0};
  log_key key = no_key;
  operation_number poll = no_operation;  ///< none when no poll was behind
};

/// The worst lag of all committed polls.
lag realtime_lag(const observed& seen);

}  // namespace troupe::check
