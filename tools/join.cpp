#include "tools/join.hpp"

#include "runtime/posix/process.hpp"
#include "runtime/posix/socket.hpp"
#include "schema/kafka/api_versions.hpp"
#include "tools/admin/address.hpp"
#include "tools/admin/cluster_state.hpp"

#include <algorithm>
#include <fstream>

namespace troupe::tools {

namespace {

using namespace std::chrono_literals;

constexpr auto question_max = 3'000ms;
constexpr auto retry_pause = 300ms;
constexpr int port_default = 9092, peers_above = 100, port_max = 65535;
constexpr const char* data_default = "data";
constexpr const char* loopback = "127.0.0.1";

/// What listens at an address.
enum class door : std::uint8_t { nobody, silence, clients, nodes };

/// Clients' doors answer ApiVersions, those for nodes close.
door knock(const endpoint& at) {
  const auto until = std::chrono::steady_clock::now() + question_max;
  auto line = connection::open(at, until);
  if (!line)
    return door::nobody;
  auto frame = kafka::request_frame(1, 3, "troupe", kafka::api_versions_request{"troupe", "1"});
  if (!frame)
    return door::silence;
  auto answer = line->exchange(std::move(*frame), until);
  if (!answer) {
    const auto& why = answer.error();
    const bool late = is_error(why, error_domain::transport, static_cast<std::uint8_t>(transport_errc::unreachable));
    return late ? door::silence : door::nodes;
  }
  return kafka::decode_response<kafka::api_versions_response>(std::move(*answer), 3) ? door::clients : door::nodes;
}

/// What the cluster tells someone who wants to join.
struct directions {
  std::vector<endpoint> nodes;         ///< listeners for nodes
  std::optional<std::int32_t> free_id;  ///< none: unknown
};

expected<directions> ask(const endpoint& at) {
  client by{{{at}, question_max}};
  auto state = describe_nodes(by);
  if (!state)
    return state.error();
  auto quorum = describe_quorum(by);
  if (!quorum)
    return quorum.error();
  if (!*quorum || (*quorum)->voter_addresses.empty())
    return complaint("--join " + posix::to_text(at) + ": the node does not tell where the others are; name the address "
                     "of its listener for nodes instead");
  std::int32_t highest = 0;
  for (const auto& n : state->nodes)
    highest = std::max(highest, n.id);
  return directions{(*quorum)->voter_addresses, highest + 1};
}

/// The first of `all` that leads anywhere.
expected<directions> find(const std::vector<endpoint>& all) {
  error why;
  for (const auto& at : all) {
    const auto kind = knock(at);
    if (kind == door::nodes)
      return directions{{at}, std::nullopt};
    if (kind == door::clients) {
      auto told = ask(at);
      if (told)
        return told;
      why = told.error();
    } else if (!why) {
      why = complaint("--join " + posix::to_text(at) + ": "
                      + (kind == door::nobody ? "nobody listens there" : "no answer from there"));
    }
  }
  return why;
}

std::string data_of(const serve_options& o) {
  for (const auto& a : o.assignments)
    for (const std::string_view key : {"log.dirs=", "log.dir="})
      if (a.starts_with(key))
        return a.substr(key.size(), a.find(',') == std::string::npos ? a.npos : a.find(',') - key.size());
  return o.data.value_or(data_default);
}

/// The id that the directory belongs to; none for a new one.
std::optional<std::string> id_of_directory(const std::string& directory) {
  constexpr std::string_view key = "node.id=";
  std::ifstream file{directory + "/meta.properties"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key))
      return line.substr(key.size());
  return std::nullopt;
}

bool sets(const serve_options& o, std::string_view key) {
  return std::ranges::any_of(o.assignments, [&](const auto& a) { return a.starts_with(std::string{key} + "="); });
}

bool is_loopback(const std::string& host) { return host.starts_with("127.") || host == "::1" || host == "localhost"; }

expected<std::string> listeners(const serve_options& o, bool with_peers) {
  const auto host = o.host.value_or(loopback);
  const int port = o.port.value_or(port_default);
  const int peer = o.peer_port.value_or(port == 0 ? 0 : port + peers_above);
  if (peer > port_max)
    return complaint("--port " + std::to_string(port) + ": the port for nodes, a hundred above, is no port any more; "
                     "give --peer-port");
  auto out = "PLAINTEXT://" + posix::to_text({host, static_cast<std::uint16_t>(port)});
  if (with_peers)
    out += ",CONTROLLER://" + posix::to_text({host, static_cast<std::uint16_t>(peer)});
  return "listeners=" + out;
}

/// Asks until there is an answer; none when a stop signal came.
expected<std::optional<directions>> seek(const std::vector<endpoint>& all, bool has_data, log_sink& log) {
  for (bool said = false;; said = true) {
    auto found = find(all);
    if (found)
      return std::optional{std::move(*found)};
    if (has_data)  // it knows the others itself; that address is only there so that it never begins a cluster
      return std::optional{directions{all, std::nullopt}};
    if (!said)
      log.write(log_level::warning, "troupe", "waits for the cluster: " + render(found.error()));
    if (posix::stop_signal_came(retry_pause))
      return std::optional<directions>{};
  }
}

expected<std::optional<std::vector<std::string>>> join(const serve_options& o, log_sink& log,
                                                       std::vector<std::string> settings) {
  auto addresses = parse_addresses(o.join, "--join");
  if (!addresses)
    return addresses.error();
  if (sets(o, "controller.quorum.bootstrap.servers"))
    return complaint("--join and --set controller.quorum.bootstrap.servers say the same; leave one out");
  const auto known_id = id_of_directory(data_of(o));
  auto to = seek(*addresses, known_id.has_value(), log);
  if (!to)
    return to.error();
  if (!*to)
    return std::optional<std::vector<std::string>>{};
  const auto& nodes = (*to)->nodes;
  if (!o.host && o.config_file.empty() && !sets(o, "listeners")
      && std::ranges::any_of(nodes, [](const auto& n) { return !is_loopback(n.host); }))
    return complaint("--join " + o.join + ": nodes on other machines cannot reach this one at " + loopback
                     + "; give --host with an address of this machine");
  if (!o.id && !sets(o, "node.id") && !sets(o, "broker.id") && o.config_file.empty()) {
    const auto free_id = (*to)->free_id;
    if (!known_id && !free_id)
      return complaint("--join " + o.join + ": that is a listener for nodes, which does not tell which ids are taken; "
                       "give --id, or the address that clients use");
    settings.push_back("node.id=" + known_id.value_or(std::to_string(free_id.value_or(0))));
    log.write(log_level::info, "troupe", "joins with " + settings.back());
  }
  std::string seeds;
  for (const auto& n : nodes)
    seeds += (seeds.empty() ? "" : ",") + posix::to_text(n);
  settings.push_back("controller.quorum.bootstrap.servers=" + seeds);
  return std::optional{std::move(settings)};
}

}  // namespace

expected<std::optional<std::vector<std::string>>> settings_of(const serve_options& options, log_sink& log) {
  std::vector<std::string> out;
  if (options.data)
    out.push_back("log.dirs=" + *options.data);
  if (options.id)
    out.push_back("node.id=" + std::to_string(*options.id));
  const bool with_peers = !options.join.empty() || options.peer_port;
  const bool asked = options.host || options.port || options.peer_port;
  if (asked || (with_peers && options.config_file.empty() && !sets(options, "listeners"))) {
    auto told = listeners(options, with_peers);
    if (!told)
      return told.error();
    out.push_back(*told);
    if (with_peers) {
      out.push_back("controller.listener.names=CONTROLLER");
      out.push_back("listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    }
  }
  auto all = options.join.empty() ? expected<std::optional<std::vector<std::string>>>{std::optional{std::move(out)}}
                                  : join(options, log, std::move(out));
  if (all && *all)  // what is set by its own name comes last and wins
    (*all)->insert((*all)->end(), options.assignments.begin(), options.assignments.end());
  return all;
}

}  // namespace troupe::tools
