// Runs the scripts of this folder. Clients have names; the ids they are given are shown as name and number, those that
// nobody was told yet with a star. What the subject understands (unless said otherwise, the group is g, and clients use
// their own member id and generation):
//   join A [v=] [id=] [instance=] [protocols=p,q] [topics=t,u] [owned=t:0+1] [session=] [rebalance=] [type=] [as=]
//          [reason=]
//   beat A [topics=t,u] [pattern=] [owns=t:0+1,u:2] [epoch=] [id=] [instance=] [assignor=] [rebalance=] [v=]
//                                a heartbeat of the consumer protocol; the first one joins, and A is the member's id
//   grow TOPIC COUNT             the topic has so many partitions from now on
//   consumers                    what the consumer protocol's tools see
//   sync A [v=] [gen=] [assign=ID:text,ID:topic:0+1,…] [protocol=] [type=]        heartbeat A [gen=] [instance=]
//   leave A [v=] [instance=] [id=] [reason=]                    gone A      its connection breaks while it waits
//   commit A topic-partition=offset… [gen=] [id=] [note=LENGTH] [retention=] [v=] [topicid=]
//   fetch [topic-partition…] [stable] [topicid=]               no partition: all
//   unset topic-partition…, drop-topic TOPIC, delete GROUP…, describe [v=], list [STATE…] [type=]
//   pass MS                      time goes on, with every tick in its time
//   hold, stored, lost CODE      from now on batches wait until the oldest one is committed, or refused with a code
//   move                         another coordinator takes over, loaded from what was committed
//   set NAME VALUE               a setting: size, delay, note, retention, consumers, interval, upgrades, downgrades
//   notes                        what a person was told since the last time
// The effect is what is answered and written, in that order; nothing at all is `ok`.
#include "../script.hpp"
#include "test/unit/group/world.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

using namespace troupe;
using namespace troupe::group;
using namespace troupe::group::test;

namespace {

using troupe::test::split;
using troupe::test::words;

/// A line: a verb, plain words, and options `name=value`.
struct line {
  std::string verb;
  words plain;
  std::map<std::string, std::string> named;

  explicit line(const std::string& text) {
    for (const auto& word : split(text, ' ')) {
      const auto at = word.find('=');
      if (verb.empty())
        verb = word;
      else if (at == std::string::npos || word.find('-') < at)  // orders-0=5 is no option
        plain.push_back(word);
      else
        named[word.substr(0, at)] = word.substr(at + 1);
    }
  }
  std::string get(const std::string& name, const std::string& otherwise) const {
    const auto found = named.find(name);
    return found == named.end() ? otherwise : found->second;
  }
  template <class T = std::int32_t>
  T number(const std::string& name, T otherwise) const {
    const auto found = named.find(name);
    return found == named.end() ? otherwise : static_cast<T>(std::stoll(found->second));
  }
  std::optional<std::string> maybe(const std::string& name) const {
    return named.contains(name) ? std::optional{named.at(name)} : std::nullopt;
  }
};

std::vector<std::int32_t> numbers(const std::string& text) {
  std::vector<std::int32_t> out;
  for (const auto& one : split(text, '+'))
    out.push_back(std::stoi(one));
  return out;
}

/// Metadata of a consumer that reads `topics` and says that it owns `owned`, as T:0+1.
byte_slice subscription(const words& topics, const std::string& owned) {
  const auto parts = split(owned, ':');
  kafka::writer out;
  out.write(std::int16_t{1});
  out.write_array(topics, 0, false);
  out.write(std::int32_t{-1});  // user data: null
  out.write(std::int32_t{parts.size() == 2 ? 1 : 0});
  if (parts.size() == 2) {
    out.write_string(parts[0], false);
    out.write_array(numbers(parts[1]), 0, false);
  }
  return flatten(std::move(out).finish());
}

topic_id id_number(std::int32_t number) {
  topic_id out;
  out.bytes[15] = static_cast<std::uint8_t>(number);
  return out;
}

struct place {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

place place_of(const std::string& word) {
  const auto at = word.find('='), dash = word.rfind('-', at);
  return {word.substr(0, dash), std::stoi(word.substr(dash + 1, at - dash - 1)),
          at == std::string::npos ? 0 : std::stoll(word.substr(at + 1))};
}

kafka::error_code code_named(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  for (int code = -1; code < 200; ++code)
    if (name_of(static_cast<kafka::error_code>(code)) == name)
      return static_cast<kafka::error_code>(code);
  throw std::logic_error("no code " + name);
}

class subject {
 public:
  std::string run(const std::string& input) {
    const line in{input};
    try {
      const auto text = run(in);
      return text.empty() ? "ok" : w_.with_short_ids(text);
    } catch (const std::exception& e) {
      return std::string{"failed: "} + e.what();
    }
  }

 private:
  std::string run(const line& in) {
    static const std::map<std::string, std::string (subject::*)(const line&)> verbs{
      {"join", &subject::join},         {"sync", &subject::sync},     {"heartbeat", &subject::heartbeat},
      {"leave", &subject::leave},       {"gone", &subject::gone},     {"commit", &subject::commit},
      {"fetch", &subject::fetch},       {"unset", &subject::unset},   {"delete", &subject::remove},
      {"describe", &subject::describe}, {"list", &subject::list},     {"set", &subject::set},
      {"drop-topic", &subject::drop},   {"beat", &subject::beat},     {"grow", &subject::grow},
      {"consumers", &subject::consumers},
    };
    if (in.verb == "pass")
      return w_.pass(std::stoll(in.plain.at(0)));
    if (in.verb == "hold")
      return w_.commits_at_once = false, "ok";
    if (in.verb == "stored")
      return w_.settle();
    if (in.verb == "lost")
      return w_.settle(code_named(in.plain.at(0)));
    if (in.verb == "move")
      return w_.move_coordinator();
    if (in.verb == "notes")
      return notes();
    return (this->*verbs.at(in.verb))(in);
  }

  std::string join(const line& in) {
    const auto& name = in.plain.at(0);
    kafka::join_group_request r;
    r.group_id = in.get("group", "g");
    r.session_timeout_ms = in.number("session", 10'000);
    r.rebalance_timeout_ms = in.number("rebalance", 60'000);
    r.member_id = in.named.contains("id") ? w_.long_id(in.get("id", "")) : w_.clients[name].member_id;
    r.group_instance_id = in.maybe("instance");
    r.protocol_type = in.get("type", "consumer");
    r.reason = in.maybe("reason");
    for (const auto& protocol : split(in.get("protocols", "range"), ','))
      r.protocols.push_back({protocol, subscription(split(in.get("topics", "orders"), ','), in.get("owned", ""))});
    const auto who = w_.call(name, in.number<std::int16_t>("v", 9), in.get("as", ""));
    last_join_[name] = who.id;
    return w_.carry_out(w_.now_running().join(who, r, w_.now()));
  }

  std::string beat(const line& in) {
    const auto& name = in.plain.at(0);
    kafka::consumer_group_heartbeat_request r;
    r.group_id = in.get("group", "g");
    r.member_id = in.get("id", name);
    r.member_epoch = in.number("epoch", epochs_[name]);
    r.instance_id = in.maybe("instance");
    r.server_assignor = in.maybe("assignor");
    if (in.get("id", name) == "none")
      r.member_id.clear();
    r.subscribed_topic_regex = in.maybe("pattern");
    const bool joins = r.member_epoch == 0;
    if (in.named.contains("topics") || (joins && !r.subscribed_topic_regex))
      r.subscribed_topic_names = split(in.get("topics", "t"), ',');
    r.rebalance_timeout_ms = in.number("rebalance", joins ? 60'000 : -1);
    if (joins || in.named.contains("owns"))
      r.topic_partitions.emplace();
    for (const auto& one : split(in.get("owns", ""), ',')) {
      const auto parts = split(one, ':');
      auto& owned = r.topic_partitions->emplace_back();
      owned.topic_id = known_topics::id_of(parts.at(0));
      owned.partitions = numbers(parts.at(1));
    }
    auto e = w_.now_running().consumer_heartbeat(w_.call(name, in.number<std::int16_t>("v", 1)), r, w_.now());
    const auto text = w_.carry_out(std::move(e));
    if (const auto at = text.find(name + ": epoch "); at != std::string::npos)
      epochs_[name] = std::max(0, std::stoi(text.substr(at + name.size() + 8)));
    return text;
  }

  std::string grow(const line& in) {
    w_.topics.set(in.plain.at(0), std::stoi(in.plain.at(1)));
    w_.now_running().see(std::make_shared<known_topics>(w_.topics));
    return "ok";
  }

  std::string consumers(const line& in) {
    const auto d = w_.now_running().describe_consumers(in.get("group", "g"));
    if (d.error_code != 0)
      return std::string{name_of(static_cast<kafka::error_code>(d.error_code))} + ": " + d.error_message.value_or("");
    auto out = d.group_state + " " + std::to_string(d.group_epoch) + "/" + std::to_string(d.assignment_epoch) + " by "
               + d.assignor_name;
    for (const auto& m : d.members) {
      out += (m.member_type == 1 ? " " : " classic ") + m.member_id + "@" + std::to_string(m.member_epoch);
      for (const auto& part : m.assignment.topic_partitions)
        out += " " + known_topics::shown(part.topic_id, part.partitions);
    }
    return out;
  }

  std::string sync(const line& in) {
    const auto& name = in.plain.at(0);
    kafka::sync_group_request r;
    r.group_id = in.get("group", "g");
    r.generation_id = in.number("gen", w_.clients[name].generation);
    r.member_id = w_.clients[name].member_id;
    r.group_instance_id = in.maybe("instance");
    r.protocol_type = in.maybe("type");
    r.protocol_name = in.maybe("protocol");
    for (const auto& one : split(in.get("assign", ""), ',')) {
      const auto parts = split(one, ':');
      auto bytes = byte_slice::copy_of(as_bytes(parts.at(1)));
      if (parts.size() > 2)  // of the consumer protocol
        bytes = encode_assignment(0, {{parts[1], numbers(parts[2])}});
      r.assignments.push_back({w_.long_id(parts.at(0)), std::move(bytes)});
    }
    return w_.carry_out(w_.now_running().sync(w_.call(name, in.number<std::int16_t>("v", 4)), r, w_.now()));
  }

  std::string heartbeat(const line& in) {
    const auto& name = in.plain.at(0);
    kafka::heartbeat_request r;
    r.group_id = in.get("group", "g");
    r.generation_id = in.number("gen", w_.clients[name].generation);
    r.member_id = in.named.contains("id") ? w_.long_id(in.get("id", "")) : w_.clients[name].member_id;
    r.group_instance_id = in.maybe("instance");
    return w_.carry_out(w_.now_running().heartbeat(w_.call(name, 4), r, w_.now()));
  }

  std::string leave(const line& in) {
    const auto& name = in.plain.at(0);
    kafka::leave_group_request r;
    r.group_id = in.get("group", "g");
    const auto version = in.number<std::int16_t>("v", 5);
    r.member_id = in.named.contains("id") ? w_.long_id(in.get("id", "")) : w_.clients[name].member_id;
    if (version >= 3)
      r.members = {{in.get("id", "") == "none" ? "" : r.member_id, in.maybe("instance"), in.maybe("reason")}};
    return w_.carry_out(w_.now_running().leave(w_.call(name, version), r, w_.now()));
  }

  std::string gone(const line& in) {
    return w_.carry_out(w_.now_running().abandoned(in.get("group", "g"), last_join_.at(in.plain.at(0)), w_.now()));
  }

  std::string commit(const line& in) {
    const auto& name = in.plain.at(0);
    kafka::offset_commit_request r;
    r.group_id = in.get("group", "g");
    r.generation_id_or_member_epoch = in.number("gen", w_.clients[name].generation);
    r.member_id = in.named.contains("id") ? in.get("id", "") : w_.clients[name].member_id;
    if (r.member_id == "none")
      r.member_id = "";
    r.group_instance_id = in.maybe("instance");
    r.retention_time_ms = in.number<std::int64_t>("retention", -1);
    for (std::size_t i = 1; i < in.plain.size(); ++i) {
      const auto at = place_of(in.plain[i]);
      auto& topic = r.topics.emplace_back();
      topic.name = at.topic;
      topic.topic_id = in.get("topicid", "0") == at.topic ? known_topics::id_of(at.topic)
                                                          : id_number(in.number("topicid", 0));
      auto& p = topic.partitions.emplace_back();
      p.partition_index = at.partition;
      p.committed_offset = at.offset;
      p.committed_metadata = std::string(in.number<std::size_t>("note", 0), 'n');
    }
    return w_.carry_out(
        w_.now_running().commit_offsets(w_.call(name, in.number<std::int16_t>("v", 9)), r, w_.now()));
  }

  std::string fetch(const line& in) {
    kafka::offset_fetch_request::group r;
    r.group_id = in.get("group", "g");
    bool is_stable = false;
    for (const auto& word : in.plain) {
      if (word == "stable") {
        is_stable = true;
        continue;
      }
      const auto at = place_of(word);
      if (!r.topics)
        r.topics.emplace();
      r.topics->push_back({at.topic, id_number(in.number("topicid", 0)), {at.partition}});
    }
    if (std::ranges::all_of(in.plain, [](const auto& w) { return w == "stable"; }))
      r.topics.reset();
    std::string out;
    for (const auto& topic : w_.now_running().fetch_offsets(r, is_stable).topics)
      for (const auto& p : topic.partitions)
        out += (out.empty() ? "" : " ") + topic.name + "-" + std::to_string(p.partition_index) + "="
               + (p.error_code == 0 ? std::to_string(p.committed_offset)
                                    : std::string{name_of(static_cast<kafka::error_code>(p.error_code))});
    return out.empty() ? "none" : out;
  }

  std::string unset(const line& in) {
    kafka::offset_delete_request r;
    r.group_id = in.get("group", "g");
    for (const auto& word : in.plain) {
      const auto at = place_of(word);
      r.topics.push_back({at.topic, {{at.partition}}});
    }
    return w_.carry_out(w_.now_running().delete_offsets(w_.call("admin", 0), r, w_.now()));
  }

  std::string drop(const line& in) {
    return w_.carry_out(w_.now_running().topics_deleted({in.plain.begin(), in.plain.end()}));
  }

  std::string remove(const line& in) {
    kafka::delete_groups_request r;
    r.groups_names = in.plain;
    return w_.carry_out(w_.now_running().delete_groups(w_.call("admin", 2), r));
  }

  std::string describe(const line& in) {
    const auto d = w_.now_running().describe(in.get("group", "g"), in.number<std::int16_t>("v", 5));
    auto out = d.group_state;
    if (d.error_code != 0)
      return out + ", " + std::string{name_of(static_cast<kafka::error_code>(d.error_code))} + ": "
             + d.error_message.value_or("");
    if (!d.protocol_type.empty())
      out += " " + d.protocol_type;
    if (!d.protocol_data.empty())
      out += " " + d.protocol_data;
    for (const auto& m : d.members) {
      out += " " + m.member_id;
      if (!m.member_assignment.empty())
        out += "=" + assigned(m.member_assignment);
    }
    return out;
  }

  std::string list(const line& in) {
    kafka::list_groups_request r;
    r.states_filter = in.plain;
    if (const auto type = in.maybe("type"))
      r.types_filter = {*type};
    std::string out;
    for (const auto& g : w_.now_running().list(r))
      out += (out.empty() ? "" : ", ") + g.group_id + " " + g.group_state;
    return out.empty() ? "none" : out;
  }

  std::string set(const line& in) {
    const auto value = std::stoll(in.plain.at(1));
    const auto& what = in.plain.at(0);
    if (what == "size")
      w_.with.members_max = static_cast<std::size_t>(value);
    else if (what == "delay")
      w_.with.initial_rebalance_delay = std::chrono::milliseconds{value};
    else if (what == "note")
      w_.with.offset_metadata_max = static_cast<std::size_t>(value);
    else if (what == "retention")
      w_.with.offsets_retention = std::chrono::milliseconds{value};
    else if (what == "consumers")
      w_.with.consumers_max = static_cast<std::size_t>(value);
    else if (what == "interval")
      w_.with.assignment_interval = std::chrono::milliseconds{value};
    else if (what == "upgrades")
      w_.with.upgrades = value != 0;
    else if (what == "downgrades")
      w_.with.downgrades = value != 0;
    else
      throw std::logic_error("no setting " + what);
    return w_.move_coordinator(), "ok";
  }

  std::string notes() {
    std::string out;
    for (const auto& note : std::exchange(w_.notes, {}))
      out += (out.empty() ? "" : "; ") + note;
    return out;
  }

  world w_;
  std::map<std::string, request_id> last_join_;
  std::map<std::string, std::int32_t> epochs_;
};

void run_file(const std::string& name) {
  troupe::test::run_script<subject>(std::string{TROUPE_TEST_DIR} + "/" + name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(joining) { run_file("joining.txt"); }
BOOST_AUTO_TEST_CASE(rounds) { run_file("rounds.txt"); }
BOOST_AUTO_TEST_CASE(static_members) { run_file("static_members.txt"); }
BOOST_AUTO_TEST_CASE(coordinator_moves) { run_file("coordinator_moves.txt"); }
BOOST_AUTO_TEST_CASE(committed_offsets) { run_file("committed_offsets.txt"); }
BOOST_AUTO_TEST_CASE(expiry) { run_file("expiry.txt"); }
BOOST_AUTO_TEST_CASE(consumer_groups) { run_file("consumer_groups.txt"); }
BOOST_AUTO_TEST_CASE(migration) { run_file("migration.txt"); }
BOOST_AUTO_TEST_CASE(administration) { run_file("administration.txt"); }
