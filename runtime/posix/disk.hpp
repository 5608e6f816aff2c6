#pragma once

#include "runtime/authority/disk.hpp"

#include <memory>

namespace troupe::posix {

/// Files as the operating system has them. Directories are made with mode 0700 and files with 0600: what a broker keeps
/// is nobody else's business.
std::unique_ptr<disk> make_posix_disk();

}  // namespace troupe::posix
