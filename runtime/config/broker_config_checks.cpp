// What must hold between several settings: the checks at the end of `broker_config::load`.
#include "runtime/config/broker_config.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <set>

namespace troupe::config {

namespace {

bool is_any_address(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

/// Two listeners that the system could not open both.
bool collide(const listener& a, const listener& b) {
  return a.port != 0 && a.port == b.port && (a.host == b.host || is_any_address(a.host) || is_any_address(b.host));
}

const listener* find_name(const std::vector<listener>& all, std::string_view name) {
  auto at = std::ranges::find(all, name, &listener::name);
  return at == all.end() ? nullptr : &*at;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::vector<std::string> upper_list(const broker_config& from, std::string_view key) {
  auto names = from.list(key);
  std::ranges::transform(names, names.begin(), upper);
  return names;
}

}  // namespace

error broker_config::contradiction(std::string_view key, std::string_view sentence) const {
  return make_error(errc::contradiction, place_of(key) + ": " + std::string{key} + ": " + std::string{sentence});
}

error broker_config::finish() {
  listeners_.clear();
  peer_listener_.reset();
  if (auto problem = check_roles())
    return problem;
  if (auto problem = check_directories())
    return problem;
  if (auto problem = check_listeners())
    return problem;
  if (auto problem = check_advertised())
    return problem;
  if (auto problem = check_bootstrap())
    return problem;
  if (auto problem = check_connection_limits())
    return problem;
  if (auto problem = check_consumer_groups())
    return problem;
  warn_without_effect();
  return {};
}

error broker_config::check_roles() const {
  auto roles = list("process.roles");
  if (std::ranges::find(roles, "broker") == roles.end())
    return contradiction("process.roles", "every node of Troupe is a broker; add broker, or leave the setting out");
  if (is_given("node.id") && is_given("broker.id") && integer("node.id") != integer("broker.id"))
    return contradiction("broker.id", "is not the same number as node.id; remove it");
  if (id().value < 0)
    return contradiction("broker.id", "must not be negative; set node.id to a number from 0");
  if (integer("log.cleaner.min.compaction.lag.ms") > integer("log.cleaner.max.compaction.lag.ms"))
    return contradiction("log.cleaner.min.compaction.lag.ms", "is above log.cleaner.max.compaction.lag.ms; lower it");
  return {};
}

error broker_config::check_directories() const {
  auto key = list("log.dirs").empty() ? "log.dir" : "log.dirs";
  auto all = log_dirs();
  if (all.empty())
    return contradiction(key, "names no directory; give at least one");
  std::set<std::string> seen;
  for (auto& directory : all) {
    auto plain = directory;
    while (plain.size() > 1 && plain.ends_with('/'))
      plain.pop_back();
    if (!seen.insert(plain).second)
      return contradiction(key, directory + " is given twice; name each directory once");
  }
  return {};
}

error broker_config::check_listeners() {
  auto all = parse_listeners("listeners", list("listeners"), *text("listener.security.protocol.map"));
  if (!all)
    return with_context(place_of("listeners"), all.error());
  auto controllers = upper_list(*this, "controller.listener.names");
  for (auto& l : *all) {
    for (auto& other : *all)
      if (&l < &other && collide(l, other))
        return contradiction("listeners", to_string(l) + " and " + to_string(other) + " cannot share a port");
    if (std::ranges::find(controllers, l.name) != controllers.end()) {
      if (peer_listener_)
        return contradiction("listeners", to_string(*peer_listener_) + " and " + to_string(l) +
                                            " are both for other nodes (controller.listener.names); keep one");
      if (l.protocol != "PLAINTEXT" && l.protocol != "SSL")
        return contradiction("listeners", to_string(l) + " asks for " + l.protocol +
                                            ", which links between nodes do not speak; use SSL, where nodes know " +
                                            "each other by their certificates, or PLAINTEXT on a network of your own");
      peer_listener_ = l;
      continue;
    }
    if (l.protocol != "PLAINTEXT" && l.protocol != "SSL")
      return contradiction("listeners", to_string(l) + " asks for " + l.protocol +
                                          ", which this version does not speak; use PLAINTEXT or SSL");
    listeners_.push_back(l);
  }
  if (listeners_.empty())
    return contradiction("listeners", "no client could connect; give at least one, such as PLAINTEXT://:9092");
  auto between_nodes = text("inter.broker.listener.name");
  if (between_nodes && !find_name(listeners_, upper(*between_nodes)))
    return contradiction("inter.broker.listener.name", "no listener is called " + *between_nodes);
  return {};
}

error broker_config::check_advertised() {
  auto all = parse_listeners("advertised.listeners", list("advertised.listeners"),
                             *text("listener.security.protocol.map"));
  if (!all)
    return with_context(place_of("advertised.listeners"), all.error());
  auto controllers = upper_list(*this, "controller.listener.names");
  advertised_peer_ = peer_listener_;
  for (auto& l : *all) {
    if (std::ranges::find(controllers, l.name) != controllers.end()) {
      advertised_peer_ = l;
      continue;
    }
    if (!find_name(listeners_, l.name))
      return contradiction("advertised.listeners", to_string(l) + " has no counterpart in listeners; add one called " +
                                                     l.name + " or remove it");
    if (is_any_address(l.host))
      return contradiction("advertised.listeners", to_string(l) + " has no host that a client could connect to; name " +
                                                     "one, or leave the setting out and clients get the address they " +
                                                     "came in on");
    if (l.port == 0)
      return contradiction("advertised.listeners", to_string(l) + " has no port; name the one that clients reach");
    advertised_.push_back(l);
  }
  return {};
}

error broker_config::check_bootstrap() {
  constexpr std::string_view key = "controller.quorum.bootstrap.servers";
  bootstrap_.clear();
  for (const auto& entry : list(key)) {
    const auto colon = entry.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : parse_integer(std::string_view{entry}.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535 || colon == 0)
      return contradiction(key, "\"" + entry + "\" is not host:port");
    auto host = entry.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    bootstrap_.push_back({"", host, static_cast<std::uint16_t>(*port), ""});
  }
  if (!bootstrap_.empty() && !peer_listener_)
    return contradiction(key, "a node of a cluster needs a listener for the others: add CONTROLLER://host:port to "
                              "listeners and set controller.listener.names=CONTROLLER");
  return {};
}

error broker_config::check_connection_limits() {
  constexpr std::string_view key = "max.connections.per.ip.overrides";
  for (auto& entry : split_list(*text(key))) {
    auto colon = entry.rfind(':');
    auto count = colon == std::string::npos ? std::nullopt : parse_integer(std::string_view{entry}.substr(colon + 1));
    if (!count || *count < 0 || colon == 0)
      return contradiction(key, "\"" + entry + "\" is not address:count");
    connection_limits_[entry.substr(0, colon)] = *count;
  }
  return {};
}

error broker_config::check_consumer_groups() const {
  struct bounded {
    std::string_view value, least, most;
  };
  constexpr std::string_view session = "group.consumer.session.timeout.ms";
  constexpr std::string_view heartbeat = "group.consumer.heartbeat.interval.ms";
  constexpr bounded rows[] = {
    {session, "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {heartbeat, "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
    {"group.consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms",
     "group.consumer.max.assignment.interval.ms"},
  };
  for (const auto& row : rows) {
    const auto value = integer(row.value), least = integer(row.least), most = integer(row.most);
    if (value < least || value > most)
      return contradiction(row.value, std::to_string(value) + " is not between " + std::string{row.least} + " ("
                                          + std::to_string(least) + ") and " + std::string{row.most} + " ("
                                          + std::to_string(most) + ")");
  }
  if (integer(heartbeat) >= integer(session))
    return contradiction(heartbeat, "must be less than " + std::string{session}
                                        + ", or members are out before they are heard");
  return {};
}

}  // namespace troupe::config
