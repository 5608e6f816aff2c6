#include "runtime/net/framer.hpp"

#include "runtime/base/bounds.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <string>

using namespace troupe;

namespace {

std::string frame_of(const std::string& body) {
  const auto n = static_cast<std::uint32_t>(body.size());
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(n >> shift & 0xff);
  return out + body;
}

/// Feeds `stream` in reads of at most `step` bytes, as a socket would.
struct fed {
  std::vector<byte_slice> frames;
  error failed;
};
fed feed(net::framer& into, const std::string& stream, std::size_t step) {
  fed out;
  for (std::size_t at = 0; at < stream.size() && !out.failed;) {
    auto room = into.prepare();
    const auto count = std::min({step, room.size(), stream.size() - at});
    std::memcpy(room.data(), stream.data() + at, count);
    out.failed = into.commit(count, out.frames);
    at += count;
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(frames_come_out_whole_however_the_stream_is_cut) {
  std::string stream;
  std::vector<std::string> bodies;
  for (int i = 0; i < 40; ++i) {
    bodies.emplace_back(static_cast<std::size_t>(i * i * 7), static_cast<char>('a' + i % 26));
    stream += frame_of(bodies.back());
  }
  for (std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, stream.size()}) {
    net::framer framer{1 << 20};
    const auto got = feed(framer, stream, step);
    BOOST_REQUIRE(!got.failed);
    BOOST_REQUIRE_EQUAL(got.frames.size(), bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i)
      BOOST_TEST(as_text(got.frames[i]) == bodies[i]);
    BOOST_TEST(framer.partial_bytes() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(small_frames_of_one_read_share_its_buffer) {
  net::framer framer{1024};
  const auto got = feed(framer, frame_of("one") + frame_of("two"), 4096);
  BOOST_REQUIRE_EQUAL(got.frames.size(), 2u);
  BOOST_TEST(got.frames[1].data() - got.frames[0].data() == 7);
}

BOOST_AUTO_TEST_CASE(a_frame_at_the_limit_passes_and_one_above_is_refused_by_name) {
  net::framer at_limit{8};
  BOOST_TEST(feed(at_limit, frame_of("12345678"), 4096).frames.size() == 1u);
  net::framer above{8};
  const auto got = feed(above, frame_of("123456789"), 4096);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(render(got.failed).find("socket.request.max.bytes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_negative_length_is_refused) {
  net::framer framer{1024};
  BOOST_TEST(static_cast<bool>(feed(framer, std::string("\xff\xff\xff\xff", 4), 4096).failed));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_holds_nothing_and_a_busy_one_reads_in_larger_parts) {
  net::framer framer{8 << 20};
  const auto first_room = framer.prepare().size();
  feed(framer, frame_of(std::string(1 << 20, 'x')), 1 << 30);
  BOOST_TEST(framer.partial_bytes() == 0u);
  BOOST_TEST(framer.prepare().size() > first_room);
  BOOST_TEST(framer.prepare().size() <= bounds::read_bytes_max);
}
