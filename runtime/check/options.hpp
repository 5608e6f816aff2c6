#pragma once

namespace troupe::check {

/// What the clients of a run were promised, and with it which anomalies count.
struct judging_options {
  /// Producers number their records, so that retries neither double nor reorder them. Without it duplicates are
  /// allowed, and only acknowledged sends are expected in order.
  bool idempotent_producers = true;
  /// Consumers read committed records only. Without it they may see open and aborted transactions.
  bool read_committed = true;
  /// Subscribed consumers may lose and regain partitions between polls, and go back or ahead with that.
  bool subscriptions_rebalance = true;
  /// Subscribed transactions commit their positions too (consume, transform, produce), so that each record is consumed
  /// by at most one of them.
  bool exactly_once = false;
  /// Takes the order of writes into the search for cycles. They are to be expected then, as transactions write side by
  /// side; this is for looking closer.
  bool write_order_edges = false;
};

}  // namespace troupe::check
