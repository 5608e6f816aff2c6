#include "actors/log_opener.hpp"

#include "actors/partition.hpp"
#include "actors/syncer.hpp"

#include <caf/all.hpp>

namespace troupe {

void log_opener::open_next() {
  if (waiting_.empty())
    return;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  self_->request(next, caf::infinite, partition_rest{})
    .then([this](const disk_done&) { open_next(); }, [this](const caf::error&) { open_next(); });
}

}  // namespace troupe
