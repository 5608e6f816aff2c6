#include "runtime/log/transaction_filter.hpp"

#include "runtime/base/mutation.hpp"

#include <algorithm>

namespace troupe::log {

transaction_filter::transaction_filter(const std::vector<aborted_transaction>& aborted) {
  for (const auto& one : aborted)
    aborted_[one.producer].push_back(one);
}

/// The transactions of one producer follow one another.
const aborted_transaction* transaction_filter::find(producer_id producer, offset at) const {
  const auto of = aborted_.find(producer);
  if (of == aborted_.end())
    return nullptr;
  const auto one = std::lower_bound(of->second.begin(), of->second.end(), at,
                                    [](const aborted_transaction& a, offset o) { return a.last < o; });
  return one != of->second.end() && one->first <= at ? &*one : nullptr;
}

bool transaction_filter::is_aborted(const batch_view& batch) const {
  return batch.is_transactional() && !batch.is_control() && find(batch.producer(), batch.base_offset());
}

void transaction_filter::see(const batch_view& batch) {
  if (!batch.is_transactional() || batch.is_control() || batch.record_count() == 0)
    return;
  if (const auto* one = find(batch.producer(), batch.base_offset()))
    with_data_[batch.producer()].insert(one->last);
  else
    committing_.insert(batch.producer());
}

bool transaction_filter::is_idle_marker(const batch_view& batch) {
  if (mutation("M27"))
    return true;
  if (find(batch.producer(), batch.base_offset()))
    return false;
  return committing_.erase(batch.producer()) == 0;
}

std::vector<aborted_transaction> transaction_filter::left(offset from, offset to) const {
  std::vector<aborted_transaction> out;
  for (const auto& [producer, markers] : with_data_)
    for (const auto& one : aborted_.at(producer))
      if (one.last >= from && one.last < to && markers.contains(one.last))
        out.push_back(one);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.last < b.last; });
  return out;
}

}  // namespace troupe::log
