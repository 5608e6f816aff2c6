#pragma once

#include "runtime/check/history.hpp"

#include <string>

namespace troupe::check {

/// `h` as Jepsen's Kafka workload records it, so that its checker (and Elle in it) can judge the same history: a vector
/// of EDN maps, one a line, with :invoke and :ok, :fail or :info for each operation.
///
/// Jepsen knows no seek and lets a process do one operation at a time. Here a client that seeks goes on as another
/// process with the same assignment, and operations that overlap with others of their client get processes of their
/// own.
std::string to_edn(const history& h);

}  // namespace troupe::check
