#pragma once

#include "runtime/authority/transport.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::tools {

/// One node of a cluster on this machine.
struct local_node {
  int id = 0;
  std::uint16_t client_port = 0;
  std::uint16_t peer_port = 0;
  int pid = 0;  ///< of its process, also when that has ended; 0: never started

  endpoint address() const { return {"127.0.0.1", client_port}; }
};

/// What `troupe up` remembers of a cluster, in `cluster.json` of its directory.
struct local_cluster {
  std::string directory;               ///< absolute
  bool founded = false;                ///< node 1 has begun it: from then on every node joins
  std::vector<std::string> settings;   ///< `key=value` for every node
  std::vector<local_node> nodes;       ///< ids 1, 2, 3…

  /// The data of a node, and what it says.
  std::string data_of(const local_node& n) const;
  std::string log_of(const local_node& n) const;
  /// `HOST:PORT,…` of all nodes.
  std::string bootstrap() const;
};

/// What stands in `directory`; none when no cluster was started there. Errors name the file.
expected<std::optional<local_cluster>> load_cluster(const std::string& directory);
/// Replaces what stood there.
error save_cluster(const local_cluster& c);

/// Held while somebody starts or ends nodes of a directory.
class directory_hold {
 public:
  directory_hold(directory_hold&& other) noexcept;
  directory_hold& operator=(directory_hold&&) = delete;
  ~directory_hold();

  /// Makes the directory if need be. An error when another process holds it.
  static expected<directory_hold> take(const std::string& directory);

 private:
  explicit directory_hold(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace troupe::tools
