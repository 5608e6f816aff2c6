#include "runtime/posix/process.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

namespace troupe::posix {

namespace {

constexpr int kept_bytes_per_arena = 32 << 20;
constexpr int arenas = 2;  // few, since each keeps that much; allocation is no bottleneck of ours

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

bool stop_signal_came(std::chrono::milliseconds patience) {
  const auto set = stop_signals();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec most{seconds.count(), std::chrono::nanoseconds{patience - seconds}.count()};
  return ::sigtimedwait(&set, nullptr, &most) > 0;
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

void keep_freed_memory() {
  // Either setting also ends glibc's own adjusting of both.
  ::mallopt(M_TRIM_THRESHOLD, kept_bytes_per_arena);
  ::mallopt(M_MMAP_THRESHOLD, kept_bytes_per_arena);
  ::mallopt(M_ARENA_MAX, arenas);
}

int process_id() {
  return ::getpid();
}

}  // namespace troupe::posix
