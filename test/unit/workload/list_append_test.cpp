#include "runtime/workload/list_append.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string>

using namespace troupe;
using check::client_id;
using check::log_key;
using check::operation_kind;
using check::step_kind;

namespace {

std::string shown(const workload::wish& w) {
  std::string out = std::to_string(static_cast<int>(w.kind));
  for (const auto& s : w.steps)
    out += " " + std::to_string(static_cast<int>(s.kind)) + ":" + std::to_string(s.key.value) + ":"
           + std::to_string(s.what.value) + ":" + std::to_string(s.at.value);
  return out;
}

workload::list_append_options transactions() {
  workload::list_append_options options;
  options.transaction = 300'000;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(equal_seeds_and_answers_give_equal_wishes) {
  workload::list_append a{transactions(), 7}, b{transactions(), 7}, other{transactions(), 8};
  bool different = false;
  for (int i = 0; i < 1000; ++i) {
    const client_id client{i % 3};
    const auto wish = shown(*a.next(client));
    BOOST_TEST(wish == shown(*b.next(client)));
    different = different || wish != shown(*other.next(client));
    a.acknowledged(log_key{0}, offset{i});
    b.acknowledged(log_key{0}, offset{i});
  }
  BOOST_TEST(different);
}

BOOST_AUTO_TEST_CASE(no_value_is_sent_to_a_partition_twice_and_every_kind_of_operation_is_asked_for) {
  workload::list_append w{transactions(), 1};
  std::set<std::pair<log_key, check::value>> sent;
  std::set<operation_kind> kinds;
  for (int i = 0; i < 5000; ++i) {
    const auto wish = *w.next(client_id{i % 5});
    kinds.insert(wish.kind);
    for (const auto& s : wish.steps)
      if (s.kind == step_kind::send)
        BOOST_TEST(sent.emplace(s.key, s.what).second);
  }
  BOOST_TEST(kinds.size() == 6u);
  BOOST_TEST(!kinds.contains(operation_kind::subscribe));
}

BOOST_AUTO_TEST_CASE(a_fresh_client_first_chooses_what_it_reads) {
  auto options = transactions();
  workload::list_append assigning{options, 1};
  options.subscribe = true;
  workload::list_append subscribing{options, 1};
  for (int i = 0; i < 20; ++i) {
    BOOST_TEST((assigning.next(client_id{i})->kind == operation_kind::assign));
    BOOST_TEST((subscribing.next(client_id{i})->kind == operation_kind::subscribe));
  }
  assigning.crashed(client_id{3});
  BOOST_TEST((assigning.next(client_id{3})->kind == operation_kind::assign));
}

BOOST_AUTO_TEST_CASE(the_final_reads_go_from_the_beginning_to_the_end_of_every_partition) {
  workload::list_append_options options;
  options.partition_count = 3;
  workload::list_append w{options, 1};
  const client_id me{1};
  w.next(me);
  w.begin_final_reads({offset{5}, offset{0}, offset{2}});
  BOOST_TEST((w.next(me)->kind == operation_kind::crash));
  BOOST_TEST(shown(*w.next(me)) == "3 3:0:0:0 3:1:0:0 3:2:0:0");
  BOOST_TEST(shown(*w.next(me)) == "5 4:0:0:0 4:1:0:0 4:2:0:0");
  BOOST_TEST((w.next(me)->kind == operation_kind::poll));
  w.reached(me, log_key{0}, offset{5});
  w.reached(me, log_key{2}, offset{1});
  BOOST_TEST((w.next(me)->kind == operation_kind::poll));
  w.reached(me, log_key{2}, offset{2});
  BOOST_TEST(!w.next(me).has_value());
}
