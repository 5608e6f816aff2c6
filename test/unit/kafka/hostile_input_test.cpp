#include "test/unit/kafka/counted_new.hpp"
#include "test/unit/kafka/messages.hpp"

namespace troupe::kafka::test {

namespace {

constexpr unsigned seed = 21;
/// A decoded empty compact string takes 32 times its byte; growing vectors double that.
constexpr std::size_t growth_max = 100;

template <class Message>
bool decodes(std::vector<std::uint8_t> bytes, std::int16_t version) {
  const auto input_bytes = bytes.size();
  const auto frame = byte_slice::adopt(std::move(bytes));
  const auto before = allocated_bytes();
  bool fine = false;
  {
    reader from{frame};
    Message out;
    out.decode(from, version);
    from.expect_end("message");
    fine = from.ok();
  }
  BOOST_TEST_REQUIRE(allocated_bytes() - before <= growth_max * input_bytes + 1024,
                     allocated_bytes() - before << " bytes allocated for " << input_bytes << ", seed " << seed);
  return fine;
}

void overwrite(std::vector<std::uint8_t>& bytes, std::size_t at, std::initializer_list<int> with) {
  for (int byte : with)
    if (at < bytes.size())
      bytes[at++] = static_cast<std::uint8_t>(byte);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_message_cut_short_at_any_byte_is_refused) {
  std::mt19937 generator{seed};
  for_each_message_version([&]<class Message>(std::int16_t version) {
    const auto bytes = encoded(random_message<Message>(version, generator, 40), version);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      BOOST_TEST_REQUIRE(!decodes<Message>({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}, version),
                         "cut to " << size << " of " << bytes.size() << " bytes, seed " << seed);
  });
}

BOOST_AUTO_TEST_CASE(bytes_after_the_last_field_are_refused) {
  std::mt19937 generator{seed};
  for_each_message_version([&]<class Message>(std::int16_t version) {
    auto bytes = encoded(random_message<Message>(version, generator, 40), version);
    BOOST_TEST_REQUIRE(decodes<Message>(bytes, version));
    bytes.push_back(0);
    BOOST_TEST(!decodes<Message>(bytes, version));
  });
}

BOOST_AUTO_TEST_CASE(huge_and_negative_lengths_at_any_byte_cost_no_memory) {
  std::mt19937 generator{seed};
  for_each_message_version([&]<class Message>(std::int16_t version) {
    const auto bytes = encoded(random_message<Message>(version, generator, 40), version);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (auto bomb : {std::initializer_list<int>{0x7f, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff, 0x07},
                        {0xff, 0xff, 0xff, 0xff, 0x0f}, {0x80, 0, 0, 0}, {0xff, 0xff, 0xff, 0xfe}, {0x7f, 0xff}}) {
        auto hostile = bytes;
        overwrite(hostile, at, bomb);
        decodes<Message>(std::move(hostile), version);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(random_bytes_are_read_or_refused_within_bounds) {
  std::mt19937 generator{seed};
  for_each_message_version([&]<class Message>(std::int16_t version) {
    for (int i = 0; i < 200; ++i) {
      std::vector<std::uint8_t> bytes(generator() % 200);
      for (auto& byte : bytes)  // small numbers are lengths that get further
        byte = static_cast<std::uint8_t>(generator() % (generator() % 4 == 0 ? 256 : 4));
      decodes<Message>(std::move(bytes), version);
    }
  });
}

}  // namespace troupe::kafka::test
