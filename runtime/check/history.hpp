#pragma once

#include "runtime/check/operation.hpp"

#include <optional>
#include <span>
#include <vector>

namespace troupe::check {

/// All that the clients of one run did and saw. Operations stand in the order in which they were invoked. Immutable;
/// made by a `recorder` or read by `parse_history`. Costs 32 bytes an operation, 32 a step and 16 a polled record.
class history {
 public:
  std::span<const operation> operations() const { return operations_; }
  /// The steps of `op`, in the order in which the client made them.
  std::span<const step> steps(const operation& op) const { return {steps_.data() + op.first_step, op.step_count}; }
  /// What the poll `s` brought, in the order in which it came.
  std::span<const record> records(const step& s) const { return {records_.data() + s.first_record, s.record_count}; }

  /// Polls invoked from this time on read every partition from its beginning to its end, after all writing was over.
  /// Without it nobody can say that a record was never to be seen.
  std::optional<instant> final_reads_from() const { return final_reads_from_; }

  /// All steps and records of all operations, for tables beside them.
  std::span<const step> all_steps() const { return steps_; }
  std::span<const record> all_records() const { return records_; }

 private:
  friend class recorder;

  std::vector<operation> operations_;
  std::vector<step> steps_;
  std::vector<record> records_;
  std::optional<instant> final_reads_from_;
};

}  // namespace troupe::check
