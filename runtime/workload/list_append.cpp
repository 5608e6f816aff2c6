#include "runtime/workload/list_append.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <utility>

namespace troupe::workload {

using check::operation_kind;
using check::step_kind;

namespace {

constexpr std::uint32_t partitions_read_share = 500'000;  // of all partitions, by a reassignment
constexpr std::uint32_t look_for_unseen = 333'333;        // of reassignments: what nobody has read yet is among it

}  // namespace

list_append::list_append(const list_append_options& options, std::uint64_t seed)
  : options_(options), random_(seed, "list-append"), logs_(static_cast<std::size_t>(options.partition_count)) {
  TROUPE_INVARIANT(options.partition_count > 0 && options.steps_max > 0 && options.sends_max > 0,
                   "a workload has partitions and steps");
}

std::optional<wish> list_append::next(check::client_id client) {
  if (final_)
    return final_->next(client);
  auto& reads = reads_[client];
  if (reads.empty() || random_.chance(options_.reassign))
    return reassign(reads);
  // Which partitions a subscriber has at hand is not known here.
  if (!options_.subscribe && random_.chance(options_.seek))
    return seek(reads);
  if (random_.chance(options_.crash)) {
    reads.clear();
    return wish{operation_kind::crash, {}};
  }
  if (random_.chance(options_.transaction))
    return transaction();
  return random_.chance(options_.send) ? send() : wish{operation_kind::poll, {{step_kind::poll}}};
}

wish list_append::reassign(std::vector<check::log_key>& reads) {
  reads.clear();
  const bool unseen_too = random_.chance(look_for_unseen);
  for (std::int32_t key = 0; key < options_.partition_count; ++key) {
    const auto& log = logs_[static_cast<std::size_t>(key)];
    if (random_.chance(partitions_read_share) || (unseen_too && log.sent_max > log.polled_max))
      reads.push_back(check::log_key{key});
  }
  if (reads.empty())
    reads.push_back(any_key());
  wish w{options_.subscribe ? operation_kind::subscribe : operation_kind::assign, {}};
  for (const auto key : reads)
    w.steps.push_back({step_kind::name, key});
  return w;
}

wish list_append::seek(const std::vector<check::log_key>& reads) {
  const auto key = reads[random_.below(reads.size())];
  const auto& log = logs_[static_cast<std::size_t>(key.value)];
  const auto end = static_cast<std::uint64_t>(std::max(log.sent_max, log.polled_max).value + 1);
  const auto to = offset{static_cast<std::int64_t>(random_.below(end))};
  return {operation_kind::seek, {{step_kind::seek, key, {}, to}}};
}

wish list_append::send() {
  wish w{operation_kind::send, {}};
  for (auto count = 1 + random_.below(options_.sends_max); count > 0; --count)
    w.steps.push_back(send_step());
  return w;
}

wish list_append::transaction() {
  wish w{operation_kind::transaction, {}};
  for (auto count = 1 + random_.below(options_.steps_max); count > 0; --count)
    w.steps.push_back(random_.chance(options_.send) ? send_step() : wished_step{step_kind::poll});
  return w;
}

wished_step list_append::send_step() {
  const auto key = any_key();
  auto& log = logs_[static_cast<std::size_t>(key.value)];
  const auto what = log.next;
  ++log.next.value;
  return {step_kind::send, key, what};
}

check::log_key list_append::any_key() {
  return check::log_key{static_cast<std::int32_t>(random_.below(logs_.size()))};
}

void list_append::acknowledged(check::log_key key, offset at) {
  auto& log = logs_[static_cast<std::size_t>(key.value)];
  log.sent_max = std::max(log.sent_max, at);
}

void list_append::polled(check::log_key key, offset at) {
  auto& log = logs_[static_cast<std::size_t>(key.value)];
  log.polled_max = std::max(log.polled_max, at);
}

void list_append::reached(check::client_id client, check::log_key key, offset position) {
  if (final_)
    final_->reached(client, key, position);
}

void list_append::crashed(check::client_id client) {
  reads_.erase(client);
  if (final_)
    final_->crashed(client);
}

void list_append::begin_final_reads(std::vector<offset> ends) {
  TROUPE_INVARIANT(ends.size() == logs_.size(), "each partition has an end");
  final_.emplace(std::move(ends));
}

}  // namespace troupe::workload
