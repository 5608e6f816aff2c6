#include "runtime/workload/final_reads.hpp"


namespace troupe::workload {

using check::operation_kind;
using check::step_kind;

std::optional<wish> final_reads::next(check::client_id id) {
  auto& client = clients_[id];
  client.reached.resize(ends_.size(), offset{0});
  switch (client.next) {
    case stage::crash:  // what the client itself remembers may be what is wrong
      client.next = stage::assign;
      return wish{operation_kind::crash, {}};
    case stage::assign:
      client.next = stage::seek;
      return for_all(operation_kind::assign, step_kind::name);
    case stage::seek:
      client.next = stage::poll;
      return for_all(operation_kind::seek, step_kind::seek);
    case stage::poll: break;
  }
  for (std::size_t key = 0; key < ends_.size(); ++key)
    if (client.reached[key] < ends_[key])
      return wish{operation_kind::poll, {{step_kind::poll}}};
  return std::nullopt;
}

wish final_reads::for_all(operation_kind kind, step_kind step) const {
  wish w{kind, {}};
  for (std::int32_t key = 0; key < static_cast<std::int32_t>(ends_.size()); ++key)
    w.steps.push_back({step, check::log_key{key}, {}, offset{0}});
  return w;
}

void final_reads::reached(check::client_id client, check::log_key key, offset position) {
  auto& all = clients_[client].reached;
  all.resize(ends_.size(), offset{0});
  all[static_cast<std::size_t>(key.value)] = position;
}

}  // namespace troupe::workload
