#pragma once

#include "runtime/authority/disk.hpp"

#include <memory>
#include <string>

namespace troupe::posix {

/// A file that owns the open descriptor `fd`; `path` is for messages.
std::shared_ptr<file> make_file(int fd, std::string path);

/// The error that `errno` stands for now: what was tried, on which path, and why it failed.
error system_error(const std::string& what, const std::string& path);

}  // namespace troupe::posix
