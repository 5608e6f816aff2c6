#include "runtime/workload/list_append.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>

namespace troupe::workload {

using check::operation_kind;
using check::step_kind;

namespace {

constexpr std::uint32_t partitions_read_share = 500'000;  // of all partitions, by a reassignment
constexpr std::uint32_t look_for_unseen = 333'333;        // of reassignments: what nobody has read yet is among it

wish named(operation_kind kind, const std::vector<check::log_key>& keys) {
  wish w{kind, {}};
  for (const auto key : keys)
    w.steps.push_back({step_kind::name, key});
  return w;
}

}  // namespace

list_append::list_append(const list_append_options& options, std::uint64_t seed)
  : options_(options), random_(seed, "list-append"), logs_(static_cast<std::size_t>(options.partition_count)) {
  TROUPE_INVARIANT(options.partition_count > 0 && options.steps_max > 0 && options.sends_max > 0,
                   "a workload has partitions and steps");
}

std::optional<wish> list_append::next(check::client_id id) {
  auto& client = clients_[id];
  if (final_ends_)
    return next_final(client);
  if (client.reads.empty() || random_.chance(options_.reassign))
    return reassign(client);
  // Which partitions a subscriber has at hand is not known here.
  if (!options_.subscribe && random_.chance(options_.seek))
    return seek(client);
  if (random_.chance(options_.crash)) {
    client = {};
    return wish{operation_kind::crash, {}};
  }
  if (random_.chance(options_.transaction))
    return transaction();
  return random_.chance(options_.send) ? send() : wish{operation_kind::poll, {{step_kind::poll}}};
}

std::optional<wish> list_append::next_final(client_state& client) {
  switch (client.next_final) {
    case final_step::crash:  // the client's own state may be what is broken
      client.next_final = final_step::assign;
      return wish{operation_kind::crash, {}};
    case final_step::assign:
      client.reads.clear();
      for (std::int32_t key = 0; key < options_.partition_count; ++key)
        client.reads.push_back(check::log_key{key});
      client.next_final = final_step::seek;
      return named(operation_kind::assign, client.reads);
    case final_step::seek: {
      wish w{operation_kind::seek, {}};
      for (const auto key : client.reads)
        w.steps.push_back({step_kind::seek, key, {}, offset{0}});
      client.next_final = final_step::poll;
      return w;
    }
    case final_step::poll: break;
  }
  if (reached_all(client))
    return std::nullopt;
  return wish{operation_kind::poll, {{step_kind::poll}}};
}

bool list_append::reached_all(const client_state& client) const {
  for (std::int32_t key = 0; key < options_.partition_count; ++key) {
    const auto reached = client.reached.find(check::log_key{key});
    const auto end = (*final_ends_)[static_cast<std::size_t>(key)];
    if (end.value > 0 && (reached == client.reached.end() || reached->second < end))
      return false;
  }
  return true;
}

wish list_append::reassign(client_state& client) {
  client.reads.clear();
  const bool unseen_too = random_.chance(look_for_unseen);
  for (std::int32_t key = 0; key < options_.partition_count; ++key) {
    const auto& log = logs_[static_cast<std::size_t>(key)];
    if (random_.chance(partitions_read_share) || (unseen_too && log.sent_max > log.polled_max))
      client.reads.push_back(check::log_key{key});
  }
  if (client.reads.empty())
    client.reads.push_back(any_key());
  return named(options_.subscribe ? operation_kind::subscribe : operation_kind::assign, client.reads);
}

wish list_append::seek(const client_state& client) {
  const auto key = client.reads[random_.below(client.reads.size())];
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
  clients_[client].reached[key] = position;
}

void list_append::crashed(check::client_id client) {
  clients_[client] = {};
}

void list_append::begin_final_reads(const std::vector<offset>& ends) {
  TROUPE_INVARIANT(ends.size() == logs_.size(), "each partition has an end");
  final_ends_ = ends;
}

}  // namespace troupe::workload
