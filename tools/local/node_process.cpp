#include "tools/local/node_process.hpp"

#include "runtime/posix/socket.hpp"
#include "tools/admin/address.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

extern char** environ;

namespace troupe::tools {

namespace {

constexpr std::size_t last_words_bytes = 4096;

constexpr int first_to_close = 3;  // what this process has open, as the pipes of a script, is nothing to a node

/// By its name, so that lists of processes show it.
std::string this_program() {
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown).string();
}

std::string data_setting(const local_cluster& c, const local_node& n) { return "log.dirs=" + c.data_of(n); }

std::vector<std::string> arguments_for(const local_cluster& c, const local_node& n) {
  std::string peers;
  for (const auto& each : c.nodes)
    peers += (peers.empty() ? "" : ",") + posix::to_text({"127.0.0.1", each.peer_port});
  std::vector<std::string> settings{
    "node.id=" + std::to_string(n.id), data_setting(c, n), "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "listeners=PLAINTEXT://" + posix::to_text(n.address()) + ",CONTROLLER://"
      + posix::to_text({"127.0.0.1", n.peer_port})};
  if (c.founded || n.id != c.nodes.front().id)
    settings.push_back("controller.quorum.bootstrap.servers=" + peers);
  settings.insert(settings.end(), c.settings.begin(), c.settings.end());
  std::vector<std::string> out{"troupe", "serve"};
  for (auto& s : settings) {
    out.push_back("--set");
    out.push_back(std::move(s));
  }
  return out;
}

}  // namespace

error start_process(const local_cluster& c, local_node& n) {
  auto arguments = arguments_for(c, n);
  std::vector<char*> argv;
  for (auto& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, c.log_of(n).c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawn_file_actions_addclosefrom_np(&files, first_to_close);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  const int failed = ::posix_spawn(&n.pid, this_program().c_str(), &files, &how, argv.data(), environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0)
    return complaint("node " + std::to_string(n.id) + " cannot be started (log " + c.log_of(n) + "): "
                     + std::strerror(failed));
  return {};
}

bool runs(const local_cluster& c, const local_node& n) {
  if (n.pid <= 0)
    return false;
  std::ifstream file{"/proc/" + std::to_string(n.pid) + "/cmdline", std::ios::binary};
  const std::string line{std::istreambuf_iterator<char>{file}, {}};  // empty for one that ended and was not collected
  return line.find('\0' + data_setting(c, n) + '\0') != std::string::npos;
}

void ask_to_stop(const local_node& n) {
  ::kill(n.pid, SIGTERM);
}

std::string how_it_ended(const local_node& n) {
  int status = 0;
  if (n.pid <= 0 || ::waitpid(n.pid, &status, WNOHANG) != n.pid)
    return "";
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                             : "exit status " + std::to_string(WEXITSTATUS(status));
}

std::uint64_t said_bytes(const local_cluster& c, const local_node& n) {
  std::error_code absent;
  const auto size = std::filesystem::file_size(c.log_of(n), absent);
  return absent ? 0 : size;
}

std::string last_words(const local_cluster& c, const local_node& n, std::uint64_t from_bytes) {
  const auto end = said_bytes(c, n);
  const auto from = std::max(from_bytes, end > last_words_bytes ? end - last_words_bytes : 0);
  std::ifstream file{c.log_of(n), std::ios::binary};
  file.seekg(static_cast<std::streamoff>(from));
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace troupe::tools
