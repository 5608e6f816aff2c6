#include "runtime/kafka/request.hpp"
#include "schema/kafka/all.hpp"
#include "test/fuzz/round_trip.hpp"

/// The input is a frame as a client sends it, without its length.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::kafka;
  auto opened = open_request(troupe::byte_slice::copy_of({data, size}));
  if (!opened)
    return 0;
  for_each_api([&]<class Request, class Response>() {
    if (opened->about->key != Request::api_key)
      return;
    if (auto body = decode_body<Request>(*opened))
      fuzz::demand_round_trip(*body, opened->version());
  });
  return 0;
}
