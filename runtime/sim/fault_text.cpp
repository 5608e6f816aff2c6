#include "runtime/sim/fault.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace troupe::sim {

namespace {

/// What stands behind the host of a fault, in this order.
enum class operand : std::uint8_t { count, signed_number, duration, mode_and_seed, disk_kind };

struct form {
  fault_action action;
  std::string_view word;
  bool has_peer;
  bool lasts;
  std::vector<operand> operands;
};

const std::vector<form>& forms() {
  using enum operand;
  static const std::vector<form> all = {
    {fault_action::crash, "crash", false, true, {}},
    {fault_action::power_loss, "power-loss", false, true, {mode_and_seed}},
    {fault_action::crash_at_disk_op, "crash-at-disk-op", false, true, {count}},
    {fault_action::power_loss_at_disk_op, "power-loss-at-disk-op", false, true, {count, mode_and_seed}},
    {fault_action::wipe, "wipe", false, true, {}},
    {fault_action::pause, "pause", false, true, {}},
    {fault_action::step_clock, "step-clock", false, false, {duration}},
    {fault_action::drift, "drift", false, true, {signed_number}},
    {fault_action::slow_disk, "slow-disk", false, true, {duration}},
    {fault_action::disk_fault, "disk-fault", false, false, {disk_kind}},
    {fault_action::cut, "cut", true, true, {}},
    {fault_action::clog, "clog", true, true, {}},
    {fault_action::drop_dials, "drop-dials", true, true, {}},
    {fault_action::refuse_dials, "refuse-dials", true, true, {}},
    {fault_action::reset, "reset", true, false, {}},
    {fault_action::isolate, "isolate", false, true, {}},
  };
  return all;
}

constexpr std::array<std::string_view, 12> disk_words = {
  "read-error", "bit-flip",     "zeroed-sector",     "write-error", "short-write", "no-space",
  "lost-write", "stale-sector", "misdirected-write", "sync-error",  "no-handles",  "slow"};

struct unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<unit, 4> units = {{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

std::string text_of(std::chrono::nanoseconds duration) {
  for (const auto& u : units)
    if (duration.count() % u.nanoseconds == 0)
      return std::to_string(duration.count() / u.nanoseconds) + std::string{u.name};
  return {};
}

bool read(std::string_view word, auto& into) {
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), into);
  return failed == std::errc{} && end == word.data() + word.size();
}

/// "-1.5s" and the like.
bool read_duration(std::string_view word, std::int64_t& nanoseconds) {
  const auto digits_end = word.find_first_not_of("-.0123456789");
  if (digits_end == std::string_view::npos)
    return false;
  const auto found = std::find_if(units.begin(), units.end(), [&](const unit& u) {
    return u.name == word.substr(digits_end);
  });
  double number = 0;
  if (found == units.end() || !read(word.substr(0, digits_end), number))
    return false;
  const auto exact = number * static_cast<double>(found->nanoseconds);
  nanoseconds = static_cast<std::int64_t>(exact + (exact < 0 ? -0.5 : 0.5));
  return true;
}

/// The words of one line, taken one after the other.
class line_reader {
 public:
  line_reader(std::string_view line, std::size_t number) : number_(number) {
    line = line.substr(0, line.find('#'));
    while (true) {
      const auto from = line.find_first_not_of(" \t\r");
      if (from == std::string_view::npos)
        break;
      const auto size = std::min(line.find_first_of(" \t\r", from), line.size()) - from;
      words_.push_back(line.substr(from, size));
      line.remove_prefix(from + size);
    }
  }

  bool is_empty() const { return words_.empty(); }

  expected<fault> read_fault() {
    fault out;
    std::int64_t at = 0;
    if (!read_duration(next(), at) || at < 0)
      return complain("a time such as 3.2s");
    out.at = virtual_time{at};
    const auto word = next();
    const auto found = std::find_if(forms().begin(), forms().end(), [&](const form& f) { return f.word == word; });
    if (found == forms().end())
      return complain("a fault such as crash");
    out.action = found->action;
    if (auto failed = read_hosts(found->has_peer, out))
      return failed;
    for (const auto o : found->operands)
      if (auto failed = read_operand(o, out))
        return failed;
    if (auto failed = read_lasting(found->lasts, out))
      return failed;
    if (taken_ < words_.size())
      return next(), complain("the end of the line");
    return out;
  }

 private:
  std::string_view next() {
    last_ = taken_ < words_.size() ? words_[taken_++] : std::string_view{};
    return last_;
  }

  error complain(std::string_view wanted) const {
    const auto said = last_.empty() ? std::string{"the line ends"} : "`" + std::string{last_} + "` stands";
    return make_error(plan_errc::bad_plan, "fault plan, line " + std::to_string(number_) + ": " + said + " where "
                                             + std::string{wanted} + " should be");
  }

  error read_hosts(bool has_peer, fault& out) {
    const auto word = next();
    const auto arrow = word.find('>');
    if (!has_peer && !word.empty() && arrow == std::string_view::npos) {
      out.host = word;
      return {};
    }
    if (!has_peer || arrow == std::string_view::npos || arrow == 0 || arrow + 1 == word.size())
      return complain(has_peer ? "a direction such as n1>n2" : "a machine");
    out.host = word.substr(0, arrow);
    out.peer = word.substr(arrow + 1);
    return {};
  }

  error read_operand(operand o, fault& out) {
    const auto word = next();
    switch (o) {
      case operand::count:
        return read(word, out.amount) && out.amount >= 0 ? error{} : complain("a number of operations");
      case operand::signed_number: return read(word, out.amount) ? error{} : complain("a number");
      case operand::duration: return read_duration(word, out.amount) ? error{} : complain("a duration such as 30ms");
      case operand::mode_and_seed:
        if (word != "weakest" && word != "ordered")
          return complain("weakest or ordered");
        out.power.mode = word == "weakest" ? power_loss_mode::weakest : power_loss_mode::ordered;
        return read(next(), out.power.seed) ? error{} : complain("the seed of the power loss");
      case operand::disk_kind: break;
    }
    const auto kind = std::find(disk_words.begin(), disk_words.end(), word);
    if (kind == disk_words.end())
      return complain("a fault of a disk such as sync-error");
    out.disk = static_cast<fault_kind>(kind - disk_words.begin());
    return {};
  }

  error read_lasting(bool lasts, fault& out) {
    if (!lasts)
      return {};
    if (next() != "for")
      return complain("`for` and a duration");
    std::int64_t lasting = 0;
    if (!read_duration(next(), lasting) || lasting < 0)
      return complain("a duration such as 500ms");
    out.lasting = std::chrono::nanoseconds{lasting};
    return {};
  }

  std::size_t number_;
  std::vector<std::string_view> words_;
  std::size_t taken_ = 0;
  std::string_view last_;
};

std::string text_of(const fault& f) {
  const auto& how = *std::find_if(forms().begin(), forms().end(), [&](const form& x) { return x.action == f.action; });
  auto text = text_of(f.at) + " " + std::string{how.word} + " " + f.host;
  if (how.has_peer)
    text += ">" + f.peer;
  for (const auto o : how.operands) {
    text += " ";
    switch (o) {
      case operand::count:
      case operand::signed_number: text += std::to_string(f.amount); break;
      case operand::duration: text += text_of(std::chrono::nanoseconds{f.amount}); break;
      case operand::mode_and_seed:
        text += (f.power.mode == power_loss_mode::weakest ? "weakest " : "ordered ") + std::to_string(f.power.seed);
        break;
      case operand::disk_kind: text += disk_words[static_cast<std::size_t>(f.disk)]; break;
    }
  }
  return how.lasts ? text + " for " + text_of(f.lasting) : text;
}

}  // namespace

const std::vector<fault_action>& all_fault_actions() {
  static const auto all = [] {
    std::vector<fault_action> out;
    for (const auto& f : forms())
      out.push_back(f.action);
    return out;
  }();
  return all;
}

std::string_view word_of(fault_action action) {
  return std::find_if(forms().begin(), forms().end(), [action](const form& f) { return f.action == action; })->word;
}

error make_error(plan_errc code, std::string text) {
  return domain_error(error_domain::sim, static_cast<std::uint8_t>(code), std::move(text));
}

bool operator==(const fault& a, const fault& b) {
  return text_of(a) == text_of(b);
}

expected<fault_plan> parse_plan(std::string_view text) {
  fault_plan out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    line_reader line{text.substr(0, end), number};
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.is_empty())
      continue;
    auto read = line.read_fault();
    if (!read)
      return read.error();
    out.push_back(std::move(*read));
  }
  return out;
}

std::string to_string(const fault_plan& plan) {
  std::string text;
  for (const auto& f : plan)
    text += text_of(f) + "\n";
  return text;
}

}  // namespace troupe::sim
