#pragma once

#include "runtime/metadata/apply.hpp"

#include <iterator>
#include <memory>
#include <utility>

namespace troupe::metadata {

/// Collects the records of the commands of one request, to be committed as one entry: each command is judged against
/// what the ones before it have changed. Belongs to one function.
class change_set {
 public:
  explicit change_set(std::shared_ptr<const image> base) : now_(std::move(base)) {}

  /// The image with all that was added.
  const image& now() const { return *now_; }

  /// Adds what a command made. An error, which only a wrong command can cause, leaves everything as it was.
  error add(records made) {
    auto next = foresee(*now_, made);
    if (!next)
      return next.error();
    now_ = std::move(*next);
    all_.insert(all_.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
    return {};
  }

  bool empty() const { return all_.empty(); }

  /// All that was added, for the log.
  records take() && { return std::move(all_); }

 private:
  std::shared_ptr<const image> now_;
  records all_;
};

}  // namespace troupe::metadata
