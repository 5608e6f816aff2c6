#include "runtime/check/errors.hpp"
#include "runtime/check/recorder.hpp"
#include "runtime/check/text.hpp"

#include <array>
#include <charconv>
#include <concepts>

namespace troupe::check {

namespace {

/// The words of one line, one after the other, and what was wrong with the last one taken.
class line_reader {
 public:
  line_reader(std::string_view line, std::size_t number) : rest_(line), line_(number) { skip_blanks(); }

  bool at_end() const { return rest_.empty(); }
  std::string_view peek() const { return rest_.substr(0, rest_.find_first_of(blanks)); }
  std::string_view take() {
    word_ = peek();
    rest_.remove_prefix(word_.size());
    skip_blanks();
    ++count_;
    return word_;
  }

  /// About the word that was taken last.
  error bad(std::string_view why) const {
    return make_error(errc::bad_line, "line " + std::to_string(line_) + ", word " + std::to_string(count_) + " \""
                                        + std::string{word_} + "\": " + std::string{why});
  }

 private:
  static constexpr std::string_view blanks = " \t\r";

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size())); }

  std::string_view rest_;
  std::string_view word_;
  std::size_t line_;
  std::size_t count_ = 0;
};

template <std::integral T>
bool number(std::string_view text, T& out, T least) {
  const auto end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, out);
  return failed == std::errc{} && at == end && out >= least;
}

/// A letter and a number, as `c1` and `p0`.
bool numbered(std::string_view text, char letter, std::int32_t& out) {
  return text.size() > 1 && text[0] == letter && number(text.substr(1), out, 0);
}

constexpr std::array<std::pair<std::string_view, operation_kind>, 8> kinds = {{
  {"send", operation_kind::send},
  {"poll", operation_kind::poll},
  {"rebalanced", operation_kind::poll},  // with the first step of a poll
  {"txn", operation_kind::transaction},
  {"assign", operation_kind::assign},
  {"subscribe", operation_kind::subscribe},
  {"seek", operation_kind::seek},
  {"crash", operation_kind::crash},
}};

constexpr std::array<std::pair<std::string_view, outcome>, 3> outcomes = {{
  {"ok", outcome::ok},
  {"fail", outcome::fail},
  {"info", outcome::info},
}};

template <class Table>
auto* named(const Table& table, std::string_view word) {
  for (const auto& row : table)
    if (row.first == word)
      return &row;
  return static_cast<decltype(table.data())>(nullptr);
}

/// Reads one operation after the other into a recorder.
class parser {
 public:
  error read(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      line_reader in{line, number};
      if (in.at_end() || in.peek()[0] == '#')
        continue;
      if (auto failed = in.peek() == "final" ? final_reads(in) : operation(in))
        return failed;
    }
    return {};
  }

  history take() { return to_.take(); }

 private:
  error final_reads(line_reader& in) {
    in.take();
    std::int64_t from = 0;
    if (!number(in.take(), from, std::int64_t{0}))
      return in.bad("the final reads begin at a time in nanoseconds");
    to_.final_reads_begin(instant{from});
    return in.at_end() ? error{} : (in.take(), in.bad("nothing follows the time of the final reads"));
  }

  error operation(line_reader& in) {
    std::int32_t client = 0;
    if (!numbered(in.take(), 'c', client))
      return in.bad("a line begins with a client, as c1, or with `final`");
    const auto* result = named(outcomes, in.take());
    if (result == nullptr)
      return in.bad("an operation ends ok, fail or info");
    result_ = result->second;
    instant from{}, to{};
    if (!times(in.take(), from, to))
      return in.bad("times are FROM..TO in nanoseconds, or FROM.. for what was never answered");
    if (to == never && result_ != outcome::info)
      return in.bad("what was never answered is info");
    const auto* kind = named(kinds, in.peek());
    if (kind == nullptr)
      return in.take(), in.bad("an operation is a send, poll, txn, assign, subscribe, seek or crash");
    kind_ = kind->second;
    op_ = to_.begin(client_id{client}, kind_, from);
    if (auto failed = steps(in))
      return failed;
    if (to != never)
      to_.end(op_, result_, to);
    return {};
  }

  static bool times(std::string_view word, instant& from, instant& to) {
    const auto dots = word.find("..");
    std::int64_t begin = 0, end = 0;
    if (dots == word.npos || !number(word.substr(0, dots), begin, std::int64_t{0}))
      return false;
    from = instant{begin};
    to = never;
    if (dots + 2 == word.size())
      return true;
    if (!number(word.substr(dots + 2), end, begin))
      return false;
    to = instant{end};
    return true;
  }

  error steps(line_reader& in) {
    if (kind_ != operation_kind::send && kind_ != operation_kind::poll)
      in.take();
    if (kind_ == operation_kind::assign || kind_ == operation_kind::subscribe)
      return names(in);
    if (kind_ == operation_kind::seek)
      return seeks(in);
    if (kind_ == operation_kind::crash)
      return in.at_end() ? error{} : (in.take(), in.bad("nothing follows a crash"));
    while (!in.at_end()) {
      const auto word = in.take();
      error failed;
      if (word == "send" && kind_ != operation_kind::poll)
        failed = sends(in);
      else if (word == "poll" && kind_ != operation_kind::send)
        failed = poll(in);
      else if (word == "rebalanced" && kind_ != operation_kind::send)
        failed = rebalances(in);
      else
        return in.bad(kind_ == operation_kind::send ? "a step of a send is `send`" : kind_ == operation_kind::poll
                                                    ? "a step of a poll is `poll` or `rebalanced`"
                                                    : "a step of a txn is `send`, `poll` or `rebalanced`");
      if (failed)
        return failed;
    }
    return {};
  }

  bool more(line_reader& in) const {
    return !in.at_end() && in.peek() != "send" && in.peek() != "poll" && in.peek() != "rebalanced";
  }

  error sends(line_reader& in) {
    auto key = no_key;
    bool any = false;
    while (more(in)) {
      const auto word = in.take();
      if (numbered(word, 'p', key.value))
        continue;
      if (key == no_key)
        return in.bad("a send names a partition first, as p0");
      value what;
      auto at = no_offset;
      if (!sent(word, what, at))
        return in.bad("what is sent is VALUE, or VALUE@OFFSET when it was acknowledged");
      if (at != no_offset && result_ == outcome::fail && kind_ == operation_kind::send)
        return in.bad("a send that failed has no offset");
      to_.send(op_, key, what);
      if (at != no_offset)
        to_.acked(op_, key, what, at);
      any = true;
    }
    return any ? error{} : in.bad("a send has a partition and a value");
  }

  static bool sent(std::string_view word, value& what, offset& at) {
    const auto sign = word.find('@');
    return number(word.substr(0, sign), what.value, INT64_MIN)
           && (sign == word.npos || number(word.substr(sign + 1), at.value, std::int64_t{0}));
  }

  error poll(line_reader& in) {
    to_.poll(op_);
    auto key = no_key;
    while (more(in)) {
      const auto word = in.take();
      if (numbered(word, 'p', key.value))
        continue;
      if (key == no_key)
        return in.bad("a poll names a partition first, as p0");
      record what;
      if (word.find('@') == word.npos || !sent(word, what.what, what.at))
        return in.bad("what a poll brings is VALUE@OFFSET");
      to_.polled(op_, key, what);
    }
    return {};
  }

  error rebalances(line_reader& in) {
    log_key key;
    while (more(in)) {
      if (!numbered(in.take(), 'p', key.value))
        return in.bad("a rebalance names partitions, as p0");
      to_.rebalanced(op_, key);
    }
    return {};
  }

  error names(line_reader& in) {
    log_key key;
    while (!in.at_end()) {
      if (!numbered(in.take(), 'p', key.value))
        return in.bad("an assign or subscribe names partitions, as p0");
      to_.name(op_, key);
    }
    return {};
  }

  error seeks(line_reader& in) {
    while (!in.at_end()) {
      const auto word = in.take();
      const auto sign = word.find('@');
      log_key key;
      offset at;
      if (sign == word.npos || !numbered(word.substr(0, sign), 'p', key.value)
          || !number(word.substr(sign + 1), at.value, std::int64_t{0}))
        return in.bad("a seek goes to PARTITION@OFFSET, as p0@17; 0 is the beginning");
      to_.seek(op_, key, at);
    }
    return {};
  }

  recorder to_;
  recorder::ticket op_ = 0;
  operation_kind kind_ = operation_kind::send;
  outcome result_ = outcome::ok;
};

}  // namespace

expected<history> parse_history(std::string_view text) {
  parser p;
  if (auto failed = p.read(text))
    return failed;
  return p.take();
}

}  // namespace troupe::check
