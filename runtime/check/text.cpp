#include "runtime/check/text.hpp"

#include <array>
#include <charconv>

namespace troupe::check {

namespace {

constexpr std::int64_t records_around = 3;

void append(std::string& to, std::int64_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append(digits.data(), end);
}

void append_record(std::string& to, value what, offset at) {
  to += ' ';
  append(to, what.value);
  if (at != no_offset) {
    to += '@';
    append(to, at.value);
  }
}

const char* word_of(operation_kind kind) {
  constexpr std::array words = {"", "", " txn", " assign", " subscribe", " seek", " crash"};
  return words[static_cast<std::size_t>(kind)];
}

/// What of an operation is printed.
struct selection {
  log_key key = no_key;  ///< `no_key`: of all partitions
  offset around = no_offset;

  bool takes(log_key k) const { return key == no_key || k == key; }
  bool takes(offset at) const {
    return key == no_key || (at - around >= -records_around && at - around <= records_around);
  }
};

class line_writer {
 public:
  line_writer(std::string& to, const history& h, const selection& what) : to_(to), history_(h), what_(what) {}

  void write(const operation& op) {
    head(op);
    for (const auto& s : history_.steps(op))
      if (s.key == no_key || what_.takes(s.key))
        write(s);
  }

 private:
  void head(const operation& op) {
    to_ += 'c';
    append(to_, op.client.value);
    to_ += op.result == outcome::ok ? " ok " : op.result == outcome::fail ? " fail " : " info ";
    append(to_, op.invoked.count());
    to_ += "..";
    if (op.completed != never)
      append(to_, op.completed.count());
    to_ += word_of(op.kind);
    if (op.step_count == 0 && op.kind <= operation_kind::poll)
      to_ += op.kind == operation_kind::send ? " send" : " poll";
  }

  void name(const char* word, log_key key) {
    to_ += word;
    append(to_, key.value);
  }

  void write(const step& s) {
    switch (s.kind) {
      case step_kind::send:
        if (last_ != step_kind::send)
          to_ += " send";
        if (last_ != step_kind::send || key_ != s.key)
          name(" p", s.key);
        append_record(to_, s.sent, s.at);
        break;
      case step_kind::poll:
        if (!s.continues || what_.key != no_key)
          to_ += " poll";
        if (s.key != no_key)
          name(" p", s.key);
        records(s);
        break;
      case step_kind::rebalance: name(" rebalanced p", s.key); break;
      case step_kind::name: name(" p", s.key); break;
      case step_kind::seek:
        name(" p", s.key);
        to_ += '@';
        append(to_, s.at.value);
        break;
    }
    last_ = s.kind;
    key_ = s.key;
  }

  void records(const step& s) {
    bool left_out = false;
    for (const auto& r : history_.records(s)) {
      if (what_.takes(r.at))
        append_record(to_, r.what, r.at);
      else if (!left_out)
        to_ += " …";
      left_out = !what_.takes(r.at);
    }
  }

  std::string& to_;
  const history& history_;
  selection what_;
  step_kind last_ = step_kind::name;
  log_key key_ = no_key;
};

}  // namespace

std::string to_text(const history& h, const operation& op) {
  std::string out;
  line_writer{out, h, {}}.write(op);
  return out;
}

std::string to_text(const history& h) {
  std::string out;
  if (const auto from = h.final_reads_from()) {
    out += "final ";
    append(out, from->count());
    out += '\n';
  }
  for (const auto& op : h.operations()) {
    line_writer{out, h, {}}.write(op);
    out += '\n';
  }
  return out;
}

std::string excerpt(const history& h, const operation& op, log_key key, offset around) {
  std::string out;
  line_writer{out, h, {key, around}}.write(op);
  return out;
}

}  // namespace troupe::check
