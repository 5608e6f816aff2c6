#pragma once

#include <chrono>
#include <string>

/// What belongs to the process as a whole. For `main` only.
namespace troupe::posix {

/// Keeps SIGTERM and SIGINT from ending the process, in this thread and all that it starts from now on, and broken
/// pipes from doing so at all. Call before any other thread exists.
void hold_stop_signals();

/// Waits for SIGTERM or SIGINT and names it.
std::string wait_for_stop_signal();

/// Waits at most `patience` for SIGTERM or SIGINT; whether one came.
bool stop_signal_came(std::chrono::milliseconds patience);

/// Makes a waiting `wait_for_stop_signal` return, from any thread.
void send_stop_signal();

/// Allows as many open files as the system lets this process have; returns that number.
unsigned long raise_open_file_limit();

/// Lets libc's allocator keep what was freed for the next use instead of giving it back to the system and faulting it
/// in again: the buffers that requests are read into come and go by the gigabyte. Other allocators do so by themselves.
/// Call before any other thread exists.
void keep_freed_memory();

/// This process's number.
int process_id();

}  // namespace troupe::posix
