#include "test/unit/kafka/counted_new.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> allocated{0};

}  // namespace

void* operator new(std::size_t size) {
  allocated += size;
  if (void* at = std::malloc(size))
    return at;
  throw std::bad_alloc{};
}

void operator delete(void* at) noexcept {
  std::free(at);
}

void operator delete(void* at, std::size_t) noexcept {
  std::free(at);
}

std::size_t troupe::kafka::test::allocated_bytes() {
  return allocated;
}
