#include "runtime/log/offset_map.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace troupe::log {

namespace {

constexpr std::size_t slots_min = 32;

// At most three slots of four are taken, so that a search ends soon.
constexpr std::size_t keys_in(std::size_t slots) {
  return slots / 4 * 3;
}

std::uint64_t load(const std::uint8_t* from) {
  std::uint64_t v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

std::uint64_t avalanche(std::uint64_t v) {
  v = (v ^ (v >> 33)) * 0xff51afd7ed558ccdULL;
  v = (v ^ (v >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return v ^ (v >> 33);
}

}  // namespace

offset_map::offset_map(std::size_t bytes_max)
    : slots_(slots_min), capacity_(keys_in(std::max(slots_min, std::bit_floor(bytes_max / sizeof(slot))))) {}

offset_map::hash offset_map::hash_of(bytes_view key) {
  // MurmurHash3's 128-bit construction for 64-bit machines (Appleby, public domain).
  constexpr std::uint64_t c1 = 0x87c37b91114253d5ULL, c2 = 0x4cf5ad432745937fULL;
  std::uint64_t h1 = 0x5bd1e9955bd1e995ULL, h2 = 0x9e3779b97f4a7c15ULL;
  const auto mix1 = [&](std::uint64_t k) { h1 ^= std::rotl(k * c1, 31) * c2; };
  const auto mix2 = [&](std::uint64_t k) { h2 ^= std::rotl(k * c2, 33) * c1; };
  auto left = key;
  for (; left.size() >= 16; left = left.subspan(16)) {
    mix1(load(left.data()));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    mix2(load(left.data() + 8));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  std::uint8_t tail[16] = {};
  std::copy(left.begin(), left.end(), tail);
  if (left.size() > 8)
    mix2(load(tail + 8));
  if (!left.empty())
    mix1(load(tail));
  h1 ^= key.size();
  h2 ^= key.size();
  h1 += h2;
  h2 += h1;
  h1 = avalanche(h1);
  h2 = avalanche(h2);
  h1 += h2;
  return {h1, h2 + h1};
}

const offset_map::slot& offset_map::seek(const hash& key) const {
  const auto mask = slots_.size() - 1;
  auto i = key.low & mask;
  while (slots_[i].at >= 0 && slots_[i].key != key)
    i = (i + 1) & mask;
  return slots_[i];
}

offset_map::slot& offset_map::seek(const hash& key) {
  return const_cast<slot&>(std::as_const(*this).seek(key));
}

void offset_map::grow() {
  std::vector<slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const auto& taken : old)
    if (taken.at >= 0)
      seek(taken.key) = taken;
}

bool offset_map::put(bytes_view key, offset at) {
  const auto hashed = hash_of(key);
  auto* found = &seek(hashed);
  if (found->at < 0) {
    if (used_ == capacity_)
      return false;
    if (used_ == keys_in(slots_.size())) {
      grow();
      found = &seek(hashed);
    }
    ++used_;
  }
  *found = {hashed, at.value};
  return true;
}

std::optional<offset> offset_map::find(bytes_view key) const {
  const auto& found = seek(hash_of(key));
  if (found.at < 0)
    return std::nullopt;
  return offset{found.at};
}

}  // namespace troupe::log
