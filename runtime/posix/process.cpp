#include "runtime/posix/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

namespace troupe::posix {

namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void hold_stop_signals() {
  const auto set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::string wait_for_stop_signal() {
  const auto set = stop_signals();
  int got = 0;
  while (sigwait(&set, &got) != 0) {
  }
  return got == SIGTERM ? "SIGTERM" : "SIGINT";
}

void send_stop_signal() {
  ::kill(::getpid(), SIGTERM);
}

unsigned long raise_open_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

int process_id() {
  return ::getpid();
}

}  // namespace troupe::posix
