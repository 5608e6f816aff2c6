#pragma once

#include "runtime/check/operation.hpp"

#include <vector>

namespace troupe::workload {

/// A step that a client is asked for. What it means is said at `check::step_kind`; of a poll only the kind counts.
struct wished_step {
  check::step_kind kind = check::step_kind::poll;
  check::log_key key = check::no_key;
  check::value what{};    ///< of a send
  offset at = no_offset;  ///< of a seek
};

/// An operation that a client is asked for. The workload does not know how it is carried out. A crash has no steps; it
/// is recorded by `recorder::crash`.
struct wish {
  check::operation_kind kind = check::operation_kind::poll;
  std::vector<wished_step> steps;
};

}  // namespace troupe::workload
