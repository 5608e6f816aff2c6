#include "tools/local/cluster_file.hpp"

#include "runtime/posix/socket.hpp"
#include "tools/admin/address.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace troupe::tools {

namespace {

using nlohmann::ordered_json;

std::string file_of(const std::string& directory) { return directory + "/cluster.json"; }

local_cluster read(const ordered_json& from, const std::string& directory) {
  local_cluster out{directory, from.at("founded"), from.at("settings"), {}};
  for (const auto& n : from.at("nodes"))
    out.nodes.push_back({n.at("id"), n.at("client_port"), n.at("peer_port"), n.at("pid")});
  return out;
}

}  // namespace

std::string local_cluster::data_of(const local_node& n) const {
  return directory + "/node-" + std::to_string(n.id);
}

std::string local_cluster::log_of(const local_node& n) const {
  return data_of(n) + ".log";
}

std::string local_cluster::bootstrap() const {
  std::string out;
  for (const auto& n : nodes)
    out += (out.empty() ? "" : ",") + posix::to_text(n.address());
  return out;
}

expected<std::optional<local_cluster>> load_cluster(const std::string& directory) {
  std::ifstream file{file_of(directory)};
  if (!file)
    return std::optional<local_cluster>{};
  const auto parsed = ordered_json::parse(file, nullptr, false);
  try {
    return std::optional{read(parsed, directory)};
  } catch (const nlohmann::json::exception& why) {
    return complaint(file_of(directory) + " cannot be read (" + why.what() + "); put it in order, or choose another "
                     + "--data");
  }
}

error save_cluster(const local_cluster& c) {
  auto nodes = ordered_json::array();
  for (const auto& n : c.nodes)
    nodes.push_back({{"id", n.id}, {"client_port", n.client_port}, {"peer_port", n.peer_port}, {"pid", n.pid}});
  const ordered_json all = {{"founded", c.founded}, {"settings", c.settings}, {"nodes", std::move(nodes)}};
  const auto next = file_of(c.directory) + ".next";
  std::ofstream file{next};
  file << all.dump(2) << "\n";
  file.close();
  std::error_code renamed;
  if (file)
    std::filesystem::rename(next, file_of(c.directory), renamed);
  if (!file || renamed)
    return complaint(file_of(c.directory) + " cannot be written; check the directory's rights and free space");
  return {};
}

directory_hold::directory_hold(directory_hold&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

directory_hold::~directory_hold() {
  if (fd_ >= 0)
    ::close(fd_);
}

expected<directory_hold> directory_hold::take(const std::string& directory) {
  std::error_code made;
  std::filesystem::create_directories(directory, made);
  const auto path = directory + "/cluster.lock";
  directory_hold out{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
  if (out.fd_ < 0)
    return complaint("--data " + directory + ": " + std::strerror(errno) + "; choose a directory that can be written");
  if (::flock(out.fd_, LOCK_EX | LOCK_NB) != 0)
    return complaint("--data " + directory + ": another `troupe up` or `troupe down` is at work there; wait for it");
  return out;
}

}  // namespace troupe::tools
