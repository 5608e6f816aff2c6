#pragma once

#include <cstddef>

namespace troupe::kafka::test {

/// Bytes that this program has allocated since its start, whether or not they were freed: what an announced length
/// costs is seen even when the buffer is gone at once.
std::size_t allocated_bytes();

}  // namespace troupe::kafka::test
