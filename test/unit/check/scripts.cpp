// Runs the scripts of this folder. A script writes a history line by line and asks what the checks make of it:
//   judge [plain] [uncommitted] [fixed] [exactly-once] [writes]
//                          the anomalies found; those that are allowed in brackets
//   evidence NAME          the first case of an anomaly as it is told to people, its lines joined by " | "
//   lag                    the worst lag
//   parse LINE             what the parser says of a line
//   text, edn              the history written again, its lines joined by " | "
#include "runtime/check/edn.hpp"
#include "runtime/check/errors.hpp"
#include "runtime/check/judge.hpp"
#include "runtime/check/text.hpp"
#include "test/unit/script.hpp"

#include <sstream>

using namespace troupe;

namespace {

std::string joined(std::string text) {
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  std::string out;
  for (const char c : text)
    out += c == '\n' ? std::string{" | "} : std::string{c};
  return out;
}

template <class T>
T required(expected<T> found) {
  if (!found)
    BOOST_FAIL(render(found.error()));
  return std::move(*found);
}

class subject {
 public:
  std::string run(const std::string& input) {
    std::istringstream in{input};
    std::string word;
    in >> word;
    if (word == "judge")
      return judged(in);
    if (word == "evidence")
      return evidence(in);
    if (word == "lag")
      return lag();
    if (word == "parse") {
      const auto parsed = check::parse_history(input.substr(6));
      BOOST_TEST((parsed || is(parsed.error(), check::errc::bad_line)));
      return parsed ? "ok" : render(parsed.error());
    }
    if (word == "text")
      return joined(to_text(history()));
    if (word == "edn")
      return joined(to_edn(history()));
    text_ += input + "\n";
    return "ok";
  }

 private:
  check::history history() const { return required(check::parse_history(text_)); }

  check::judgement judge(const check::judging_options& options) const {
    return required(check::judge(history(), options));
  }

  std::string judged(std::istream& in) const {
    check::judging_options options;
    for (std::string word; in >> word;) {
      options.idempotent_producers &= word != "plain";
      options.read_committed &= word != "uncommitted";
      options.subscriptions_rebalance &= word != "fixed";
      options.exactly_once |= word == "exactly-once";
      options.write_order_edges |= word == "writes";
    }
    const auto judged = check::judge(history(), options);
    return judged ? shown(*judged) : joined(render(judged.error()));
  }

  static std::string shown(const check::judgement& j) {
    std::string out;
    bool bad = false;
    for (std::size_t kind = 0; kind < check::anomaly_count; ++kind) {
      const auto what = static_cast<check::anomaly>(kind);
      const auto count = j.found.count(what);
      if (count == 0)
        continue;
      const bool fine = check::allowed(what, j.options) || j.found.excused_count(what) == count;
      bad = bad || !fine;
      const auto named = std::string{name_of(what)} + (count > 1 ? " x" + std::to_string(count) : "");
      out += (out.empty() ? "" : ", ") + (fine ? "(" + named + ")" : named);
    }
    BOOST_TEST(bad != j.ok());
    return out.empty() ? "no anomaly" : out;
  }

  std::string evidence(std::istream& in) const {
    std::string name;
    in >> name;
    const auto j = judge({.write_order_edges = name.starts_with("G0")});
    for (const auto& f : j.found.kept())
      if (name_of(f.what) == name)
        return joined(f.text);
    return "nothing of the kind";
  }

  std::string lag() const {
    const auto j = judge({});
    return j.worst_lag.poll == check::no_operation
             ? "none"
             : std::to_string(j.worst_lag.worst.count()) + " in p" + std::to_string(j.worst_lag.key.value) + ": "
                 + j.worst_lag_poll;
  }

  std::string text_;
};

void run(const char* name) {
  test::run_script<subject>(std::string{TROUPE_TEST_DIR} + "/" + name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(acknowledged_values_that_nobody_read_are_found) {
  run("lost_writes.txt");
  run("unseen.txt");
}

BOOST_AUTO_TEST_CASE(reads_of_what_must_not_be_visible_are_found) {
  run("forbidden_reads.txt");
}

BOOST_AUTO_TEST_CASE(offsets_that_do_not_name_one_value_are_found) {
  run("offsets.txt");
}

BOOST_AUTO_TEST_CASE(sends_out_of_order_are_found) {
  run("sends.txt");
}

BOOST_AUTO_TEST_CASE(polls_that_go_back_or_leave_out_are_found) {
  run("polls.txt");
}

BOOST_AUTO_TEST_CASE(operations_that_depend_on_each_other_in_a_circle_are_found) {
  run("cycles.txt");
}

BOOST_AUTO_TEST_CASE(records_consumed_twice_are_found) {
  run("consumption.txt");
}

BOOST_AUTO_TEST_CASE(the_lag_is_measured) {
  run("lag.txt");
}

BOOST_AUTO_TEST_CASE(histories_are_read_and_written_as_text) {
  run("format.txt");
}

BOOST_AUTO_TEST_CASE(histories_are_written_for_jepsen) {
  run("edn.txt");
}
