#pragma once

#include "runtime/check/checks.hpp"

#include <string>

namespace troupe::check {

/// What all checks say of one history.
struct judgement {
  findings found;
  judging_options options;
  std::size_t operation_count = 0;
  std::size_t acknowledged_count = 0;  ///< values that were acknowledged or committed
  std::size_t read_count = 0;          ///< records that polls brought, each time they did
  lag worst_lag;
  std::string worst_lag_poll;  ///< that poll in the text form

  /// No anomaly that counts was found.
  bool ok() const;
};

/// Whether clients that were promised `options` may see `what` of a correct log.
bool allowed(anomaly what, const judging_options& options);

/// Runs all checks. Fails with `errc::value_sent_twice` for a history that cannot be judged.
expected<judgement> judge(const history& h, const judging_options& options = {});

/// For people: one line a kind of anomaly, then the cases that count with their evidence.
std::string to_text(const judgement& j);

}  // namespace troupe::check
