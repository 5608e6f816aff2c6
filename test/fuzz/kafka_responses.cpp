#include "schema/kafka/all.hpp"
#include "test/fuzz/round_trip.hpp"

/// The input is API key and version, two bytes each, and a response's body: what a client gets to read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troupe::kafka;
  reader from{troupe::byte_slice::copy_of({data, size})};
  std::int16_t key = 0;
  std::int16_t version = 0;
  from.read(key, "key");
  from.read(version, "version");
  for_each_api([&]<class Request, class Response>() {
    if (key != Response::api_key || !from.ok())
      return;
    Response body;
    body.decode(from, version);
    from.expect_end("response");
    if (from.ok())
      fuzz::demand_round_trip(body, version);
  });
  return 0;
}
