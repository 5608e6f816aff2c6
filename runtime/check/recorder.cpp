#include "runtime/check/recorder.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace troupe::check {

recorder::ticket recorder::begin(client_id client, operation_kind kind, instant now) {
  open_operation op;
  op.head.client = client;
  op.head.kind = kind;
  op.head.invoked = now;
  open_.emplace_hint(open_.end(), next_, std::move(op));
  return next_++;
}

recorder::open_operation& recorder::at(ticket op) {
  const auto found = open_.find(op);
  TROUPE_INVARIANT(found != open_.end(), "an operation is recorded between its begin and its end");
  return found->second;
}

void recorder::send(ticket op, log_key key, value what) {
  at(op).steps.push_back({step_kind::send, false, key, what});
}

void recorder::acked(ticket op, log_key key, value what, offset where) {
  for (auto& s : at(op).steps)
    if (s.kind == step_kind::send && s.key == key && s.sent == what) {
      s.at = where;
      return;
    }
  TROUPE_INVARIANT(false, "a value is acknowledged after it was sent");
}

void recorder::poll(ticket op) {
  auto& o = at(op);
  o.steps.push_back({step_kind::poll});
  o.new_poll = true;
}

void recorder::polled(ticket op, log_key key, record what) {
  auto& o = at(op);
  TROUPE_INVARIANT(!o.steps.empty() && o.steps.back().kind == step_kind::poll, "records are brought by a poll");
  if (o.new_poll) {
    o.steps.back().key = key;
    o.steps.back().first_record = static_cast<std::uint32_t>(o.records.size());
    o.new_poll = false;
  } else if (o.steps.back().key != key) {
    o.steps.push_back({step_kind::poll, true, key, {}, no_offset, static_cast<std::uint32_t>(o.records.size())});
  }
  o.records.push_back(what);
  ++o.steps.back().record_count;
}

void recorder::rebalanced(ticket op, log_key key) {
  at(op).steps.push_back({step_kind::rebalance, false, key});
}

void recorder::name(ticket op, log_key key) {
  at(op).steps.push_back({step_kind::name, false, key});
}

void recorder::seek(ticket op, log_key key, offset where) {
  at(op).steps.push_back({step_kind::seek, false, key, {}, where});
}

void recorder::end(ticket op, outcome result, instant now) {
  auto& o = at(op);
  o.head.result = result;
  o.head.completed = now;
  close(op, std::move(o));
  open_.erase(op);
}

void recorder::crash(client_id client, instant now) {
  for (auto next = open_.begin(); next != open_.end();) {
    if (next->second.head.client != client) {
      ++next;
      continue;
    }
    next->second.head.result = outcome::info;
    close(next->first, std::move(next->second));
    next = open_.erase(next);
  }
  end(begin(client, operation_kind::crash, now), outcome::ok, now);
}

void recorder::final_reads_begin(instant now) {
  done_.final_reads_from_ = now;
}

void recorder::close(ticket number, open_operation&& op) {
  TROUPE_INVARIANT(done_.steps_.size() + op.steps.size() < UINT32_MAX
                     && done_.records_.size() + op.records.size() < UINT32_MAX, "a history has less than 2^32 records");
  op.head.first_step = static_cast<std::uint32_t>(done_.steps_.size());
  op.head.step_count = static_cast<std::uint32_t>(op.steps.size());
  for (auto& s : op.steps) {
    s.first_record += static_cast<std::uint32_t>(done_.records_.size());
    done_.steps_.push_back(s);
  }
  done_.records_.insert(done_.records_.end(), op.records.begin(), op.records.end());
  done_.operations_.push_back(op.head);
  begun_.push_back(number);
}

history recorder::take() {
  for (auto& [number, op] : open_) {
    op.head.result = outcome::info;
    close(number, std::move(op));
  }
  open_.clear();
  std::vector<std::uint32_t> order(done_.operations_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [this](auto a, auto b) {
    return std::tie(done_.operations_[a].invoked, begun_[a]) < std::tie(done_.operations_[b].invoked, begun_[b]);
  });
  auto out = std::exchange(done_, {});
  std::vector<operation> sorted;
  sorted.reserve(order.size());
  for (const auto from : order)
    sorted.push_back(out.operations_[from]);
  out.operations_ = std::move(sorted);
  begun_.clear();
  return out;
}

}  // namespace troupe::check
