// Entries on their way between nodes.
#include "runtime/metadata/entry_codec.hpp"

#include "fixtures.hpp"

using namespace troupe;
using namespace troupe::metadata;
using namespace troupe::metadata::test;

namespace {

constexpr std::size_t no_limit = 1'000;

std::vector<entry> some_entries() {
  return {{{5, 2}, {cluster_config_record("at", "5"), producer_ids_record(5, node_id{1}, 1)}},
          {{6, 2}, {}},
          {{7, 4}, {topic_record(id_of(1), "lines")}}};
}

std::vector<std::uint8_t> encoded(const std::vector<entry>& all) {
  auto bytes = encode_entries(all);
  BOOST_REQUIRE(bytes);
  return std::move(*bytes);
}

bool is_refused(bytes_view bytes, std::size_t count_max = no_limit) {
  const auto out = decode_entries(bytes, count_max);
  return !out && is_error(out.error(), error_domain::wire, static_cast<std::uint8_t>(wire_errc::malformed));
}

}  // namespace

BOOST_AUTO_TEST_CASE(entries_are_decoded_as_they_were) {
  const auto all = some_entries();
  const auto out = decode_entries(encoded(all), no_limit);
  BOOST_REQUIRE(out);
  BOOST_REQUIRE(out->size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST(((*out)[i].at == all[i].at));
    BOOST_REQUIRE((*out)[i].records.size() == all[i].records.size());
    for (std::size_t r = 0; r < all[i].records.size(); ++r)
      BOOST_TEST(to_text(*(*out)[i].records[r]) == to_text(*all[i].records[r]));
  }
  BOOST_TEST(decode_entries({}, no_limit)->empty());
}

BOOST_AUTO_TEST_CASE(a_list_that_is_cut_short_is_refused_unless_between_entries) {
  const auto bytes = encoded(some_entries());
  const auto first = encoded({some_entries()[0]}).size();
  const auto second = first + encoded({some_entries()[1]}).size();
  for (std::size_t size = 1; size < bytes.size(); ++size)
    if (size != first && size != second)
      BOOST_TEST(is_refused(bytes_view{bytes}.first(size)), "cut to " << size << " bytes");
}

BOOST_AUTO_TEST_CASE(a_changed_bit_is_noticed) {
  const auto bytes = encoded(some_entries());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] ^= 4;
    BOOST_TEST(is_refused(damaged), "at byte " << at);
  }
}

BOOST_AUTO_TEST_CASE(entries_must_follow_each_other) {
  const auto all = some_entries();
  BOOST_TEST(is_refused(encoded({all[0], all[2]})));
  BOOST_TEST(is_refused(encoded({all[1], all[0]})));
  BOOST_TEST(is_refused(encoded({{{5, 2}, {}}, {{6, 1}, {}}})));
  BOOST_TEST(is_refused(encoded({{{0, 0}, {}}})));
}

BOOST_AUTO_TEST_CASE(more_entries_than_expected_are_refused) {
  BOOST_TEST(!is_refused(encoded(some_entries()), 3));
  BOOST_TEST(is_refused(encoded(some_entries()), 2));
}
