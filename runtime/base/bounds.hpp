#pragma once

#include <chrono>
#include <cstddef>

/// Named limits of everything that a peer or a client can make grow. A limit that is a setting of Kafka's lives in
/// `node/config` instead; what stands here is fixed.
namespace troupe::bounds {

using namespace std::chrono_literals;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

}  // namespace troupe::bounds
