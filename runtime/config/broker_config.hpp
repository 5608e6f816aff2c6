#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/config/listener.hpp"
#include "runtime/config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// The text of a configuration file and the name to call it by in messages. Reading it is the caller's business.
struct named_text {
  std::string name;
  std::string text;
};

/// What a node was told at start: properties file, then `--set key=value` on top, checked and with defaults. Immutable
/// after `load`, so any thread may read it. Settings that were changed on the running node are not in here but in the
/// metadata image; `topic_options.hpp` puts both together.
class broker_config {
 public:
  /// The configuration without a file: 127.0.0.1:9092, node 1, data in `./data`.
  broker_config();

  /// Reads `file` (none: no file was given) and then the assignments of the command line. A later value for a key
  /// replaces the earlier one with a warning. Errors, all with file and line or the `--set` they stand in:
  /// `malformed_line`, `unknown_key` with the nearest known key, `bad_value`, `contradiction`.
  static expected<broker_config> load(const std::optional<named_text>& file,
                                      const std::vector<std::string>& assignments);

  /// One sentence for each setting that was given but has no effect here, and for each that was given twice.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// The values that were given, by key; `listener.name.` keys included.
  const value_map& given() const { return given_; }
  /// True when the file or the command line gives `key`.
  bool is_given(std::string_view key) const { return given_.find(key) != given_.end(); }

  /// The effective value of a broker setting: given, or default; none when it is null. `key` must exist in the table.
  std::optional<std::string> text(std::string_view key) const;
  /// The value that counts for one listener: that of `listener.name.<name>.<key>` where it is given, else as `text`.
  std::optional<std::string> text_of(const listener& which, std::string_view key) const;
  /// As `text`, for a numeric setting whose value is not null; likewise below.
  std::int64_t integer(std::string_view key) const;
  double real(std::string_view key) const;                     ///< for a float64 setting
  bool flag(std::string_view key) const;                       ///< for a boolean setting
  std::vector<std::string> list(std::string_view key) const;   ///< empty also when null
  std::chrono::milliseconds duration(std::string_view key) const;  ///< for a setting that ends in `.ms`

  /// `node.id`, or its older name `broker.id`.
  node_id id() const;
  /// `broker.rack`; none when not set.
  std::optional<std::string> rack() const { return text("broker.rack"); }
  /// The folders of `log.dirs`, or else of `log.dir`; at least one, no two equal.
  std::vector<std::string> log_dirs() const;
  /// Where other nodes may connect: the entry of `listeners` that `controller.listener.names` names; none for a node
  /// that stays alone.
  const std::optional<listener>& peer_listener() const { return peer_listener_; }
  /// Nodes of the cluster to join, from `controller.quorum.bootstrap.servers`; empty: a node that is new begins a
  /// cluster.
  const std::vector<listener>& bootstrap() const { return bootstrap_; }
  /// What other nodes are told to connect to: its entry in `advertised.listeners`, or else the listener itself.
  const std::optional<listener>& advertised_peer_listener() const { return advertised_peer_; }
  /// Where clients may connect: `listeners` without the one for other nodes. At least one.
  const std::vector<listener>& listeners() const { return listeners_; }
  /// `advertised.listeners`; empty: clients are told the address that they came in on.
  const std::vector<listener>& advertised_listeners() const { return advertised_; }
  /// `max.connections.per.ip`, with the exceptions of `max.connections.per.ip.overrides`, for the address `host`.
  std::int64_t max_connections_of(std::string_view host) const;

 private:
  error take(const std::string& key, const std::string& value, const std::string& place);
  error finish();
  error check_roles() const;
  error check_consumer_groups() const;
  error check_listeners();
  error check_advertised();
  error check_bootstrap();
  error check_directories() const;
  error check_connection_limits();
  error contradiction(std::string_view key, std::string_view sentence) const;
  std::string place_of(std::string_view key) const;
  void warn_without_effect();

  bool has_file_ = false;
  value_map given_;
  value_map places_;  ///< key → "file:line" or "--set"
  std::vector<std::string> warnings_;
  std::vector<listener> listeners_;
  std::vector<listener> advertised_;
  std::optional<listener> peer_listener_;
  std::optional<listener> advertised_peer_;
  std::vector<listener> bootstrap_;
  std::map<std::string, std::int64_t, std::less<>> connection_limits_;  ///< by address
};

}  // namespace troupe::config
