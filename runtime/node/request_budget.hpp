#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe {

class connection;

/// One budget for the bytes of all requests that were read and not answered yet: when it is spent, connections stop
/// reading until answers have left. Callable from any thread.
class request_budget {
 public:
  explicit request_budget(std::size_t bytes_max);

  /// Counts `bytes` in; false when the budget is spent now, so that the caller stops reading and calls `wait`.
  bool take(std::size_t bytes);
  /// Remembers `paused` until bytes come back; it is then told to read on.
  void wait(std::weak_ptr<connection> paused);
  void give_back(std::size_t bytes);
  std::size_t used() const;

 private:
  const std::size_t bytes_max_;
  mutable std::mutex lock_;
  std::size_t used_ = 0;
  std::vector<std::weak_ptr<connection>> waiting_;
};

}  // namespace troupe
