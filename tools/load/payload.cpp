#include "tools/load/payload.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>

namespace troupe::load {

namespace {

constexpr std::size_t pool_bytes = 8 * 1024 * 1024;
constexpr std::array<std::string_view, 16> words{
  "level=info ", "user=",  "session=", "path=/cart/", "status=200 ", "method=GET ",  "latency_us=", "region=west ",
  "item=",       "price=", "agent=",   "trace=",      "retry=false", "cache=hit   ", "bytes=",      "shard="};
constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

}  // namespace

payload::payload(std::size_t record_bytes, std::uint64_t seed)
  : record_bytes_(std::max<std::size_t>(1, record_bytes)),
    variants_(std::clamp<std::size_t>(pool_bytes / record_bytes_, 16, 16384)) {
  std::mt19937_64 random{seed};
  bytes_.reserve(variants_ * record_bytes_);
  while (bytes_.size() < variants_ * record_bytes_) {
    const auto bits = random();
    const auto word = words[bits & 15];
    bytes_.insert(bytes_.end(), word.begin(), word.end());
    for (int shift = 4; shift < 64; shift += 6)
      bytes_.push_back(static_cast<std::uint8_t>(digits[bits >> shift & 63]));
  }
  bytes_.resize(variants_ * record_bytes_);
}

std::span<std::uint8_t> payload::value(std::uint64_t index) {
  return {bytes_.data() + index % variants_ * record_bytes_, record_bytes_};
}

}  // namespace troupe::load
