#include "bytes.hpp"

#include "runtime/log/compression.hpp"
#include "runtime/log/errors.hpp"

#include <snappy-c.h>
#include <zstd.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace troupe;
using namespace troupe::log;
using namespace troupe::log::test;

namespace {

const codec packing[] = {codec::gzip, codec::snappy, codec::lz4, codec::zstd};
constexpr std::size_t mib = 1024 * 1024;

byte_vector repeated(std::string_view text, std::size_t size) {
  byte_vector bytes;
  while (bytes.size() < size)
    bytes.insert(bytes.end(), text.begin(), text.end());
  bytes.resize(size);
  return bytes;
}

}  // namespace

namespace troupe::log {
std::ostream& operator<<(std::ostream& to, codec c) {
  return to << to_string(c);
}
}  // namespace troupe::log

BOOST_AUTO_TEST_SUITE(compression)

BOOST_DATA_TEST_CASE(what_is_packed_comes_back_at_every_size, boost::unit_test::data::make(packing), with) {
  for (const std::size_t size : {0UL, 1UL, 100UL, 32'767UL, 32'768UL, 32'769UL, 65'536UL, 1'000'000UL})
    for (const auto& plain : {noise(size, size), repeated("the quick brown fox ", size)}) {
      const auto packed = must(compress(with, {}, plain));
      BOOST_REQUIRE(must(decompress(with, packed, size)) == plain);
    }
}

BOOST_DATA_TEST_CASE(levels_trade_size_for_effort, boost::unit_test::data::make(packing), with) {
  auto plain = repeated("", 0);
  for (int i = 0; i < 20'000; ++i) {
    const auto line = "user-" + std::to_string(i * 7919 % 1000) + " did " + std::to_string(i % 17) + "\n";
    plain.insert(plain.end(), line.begin(), line.end());
  }
  const auto quick = must(compress(with, {.gzip = 1, .lz4 = 1, .zstd = 1}, plain));
  const auto small = must(compress(with, {.gzip = 9, .lz4 = 12, .zstd = 19}, plain));
  BOOST_TEST(small.size() <= quick.size());
  BOOST_TEST((must(decompress(with, small, plain.size())) == plain));
}

BOOST_DATA_TEST_CASE(one_byte_over_the_limit_is_refused, boost::unit_test::data::make(packing), with) {
  for (const std::size_t size : {1UL, 100UL, 65'536UL, 300'000UL}) {
    const auto packed = must(compress(with, {}, repeated("abc", size)));
    const auto result = decompress(with, packed, size - 1);
    BOOST_REQUIRE(!result);
    BOOST_TEST(is_error(result.error(), errc::output_limit));
  }
}

BOOST_DATA_TEST_CASE(E05_bombs_end_at_the_limit, boost::unit_test::data::make(packing), with) {
  const auto bomb = must(compress(with, {.gzip = 9, .lz4 = 12, .zstd = 19}, byte_vector(64 * mib)));
  BOOST_TEST_MESSAGE(to_string(with) << " packs 64 MiB of zeros into " << bomb.size());
  const auto result = decompress(with, bomb, mib);
  BOOST_REQUIRE(!result);
  BOOST_TEST(is_error(result.error(), errc::output_limit));
}

BOOST_DATA_TEST_CASE(every_cut_is_an_error, boost::unit_test::data::make(packing), with) {
  const auto packed = must(compress(with, {}, repeated("the quick brown fox ", 70'000)));
  for (std::size_t n = 0; n < packed.size(); n += 1 + packed.size() / 300) {
    // Between its blocks the framing of snappy cannot tell an end from a cut; the records' counts do.
    const auto result = decompress(with, bytes_view{packed}.first(n), 100'000);
    BOOST_REQUIRE(!result || (with == codec::snappy && result->size() < 70'000));
  }
}

BOOST_DATA_TEST_CASE(garbage_behind_the_stream_is_an_error, boost::unit_test::data::make(packing), with) {
  auto packed = must(compress(with, {}, repeated("the quick brown fox ", 1000)));
  packed.insert(packed.end(), {1, 2, 3, 4, 5, 6, 7, 8});
  BOOST_TEST(!decompress(with, packed, 100'000));
}

BOOST_AUTO_TEST_CASE(raw_snappy_as_librdkafka_sends_it_is_taken) {
  const auto plain = repeated("the quick brown fox ", 100'000);
  std::size_t size = snappy_max_compressed_length(plain.size());
  byte_vector packed(size);
  snappy_compress(reinterpret_cast<const char*>(plain.data()), plain.size(), reinterpret_cast<char*>(packed.data()),
                  &size);
  packed.resize(size);
  BOOST_TEST((must(decompress(codec::snappy, packed, plain.size())) == plain));
}

BOOST_AUTO_TEST_CASE(a_snappy_claim_that_its_bytes_cannot_keep_reserves_nothing) {
  const byte_vector claims_512_mib = {0x80, 0x80, 0x80, 0x80, 0x02, 0x00};
  const auto result = decompress(codec::snappy, claims_512_mib, 1024 * mib);
  BOOST_REQUIRE(!result);
  BOOST_TEST(is_error(result.error(), errc::corrupt_batch));
}

BOOST_AUTO_TEST_CASE(streams_one_behind_the_other_are_one) {
  const auto a = repeated("one ", 50'000), b = repeated("two ", 50'000);
  auto both = a;
  both.insert(both.end(), b.begin(), b.end());
  for (const auto with : packing) {
    auto packed = must(compress(with, {}, a));
    const auto second = must(compress(with, {}, b));
    packed.insert(packed.end(), second.begin(), second.end());
    BOOST_TEST((must(decompress(with, packed, both.size())) == both));
  }
}

BOOST_AUTO_TEST_CASE(a_zstd_frame_of_unknown_size_is_read) {
  const auto plain = repeated("streamed by a client ", 200'000);
  byte_vector packed(ZSTD_compressBound(plain.size()));
  auto* stream = ZSTD_createCCtx();
  ZSTD_outBuffer out{packed.data(), packed.size(), 0};
  for (std::size_t at = 0; at < plain.size(); at += 1000) {
    ZSTD_inBuffer in{plain.data() + at, std::min<std::size_t>(1000, plain.size() - at), 0};
    ZSTD_compressStream2(stream, &out, &in, ZSTD_e_continue);
  }
  ZSTD_inBuffer none{nullptr, 0, 0};
  ZSTD_compressStream2(stream, &out, &none, ZSTD_e_end);
  ZSTD_freeCCtx(stream);
  packed.resize(out.pos);
  BOOST_TEST((must(decompress(codec::zstd, packed, plain.size())) == plain));
}

// libzstd takes them, and its decoders for them know no bound for the window.
BOOST_AUTO_TEST_CASE(E05_zstd_frames_of_formats_before_the_published_one_are_refused) {
  const byte_vector version_0_7 = {0x27, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x40, 0x00, 0x01, 'x', 0xC0, 0x00, 0x00};
  const auto alone = decompress(codec::zstd, version_0_7, mib);
  BOOST_REQUIRE(!alone);
  BOOST_TEST(is_error(alone.error(), errc::corrupt_batch));
  auto behind = must(compress(codec::zstd, {}, repeated("one ", 1000)));
  behind.insert(behind.end(), version_0_7.begin(), version_0_7.end());
  BOOST_TEST(!decompress(codec::zstd, behind, mib));
}

BOOST_AUTO_TEST_CASE(a_zstd_frame_to_skip_is_skipped) {
  const auto plain = repeated("one ", 1000);
  byte_vector packed = {0x5A, 0x2A, 0x4D, 0x18, 0x02, 0x00, 0x00, 0x00, 'm', 'e'};
  const auto frame = must(compress(codec::zstd, {}, plain));
  packed.insert(packed.end(), frame.begin(), frame.end());
  BOOST_TEST((must(decompress(codec::zstd, packed, mib)) == plain));
}

BOOST_AUTO_TEST_SUITE_END()
