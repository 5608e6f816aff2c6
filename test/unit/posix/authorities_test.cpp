#include "runtime/posix/clock.hpp"
#include "runtime/posix/disk.hpp"
#include "runtime/posix/random.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace {

using namespace troupe;

struct on_real_disk {
  on_real_disk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-posix-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~on_real_disk() { std::filesystem::remove_all(root); }

  std::string root;
  std::unique_ptr<disk> on = posix::make_posix_disk();
};

unsigned permissions(const std::string& path) {
  struct stat found {};
  BOOST_REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777U;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(what_is_made_is_for_the_owner_only, on_real_disk) {
  BOOST_TEST(!on->make_directories(root + "/x/y"));
  auto f = on->open(root + "/x/y/f", open_mode::create);
  BOOST_REQUIRE(f);
  BOOST_TEST(permissions(root + "/x") == 0700U);
  BOOST_TEST(permissions(root + "/x/y/f") == 0600U);
  BOOST_TEST((*f)->native_handle() >= 0);
}

BOOST_FIXTURE_TEST_CASE(another_process_cannot_take_a_lock_that_is_held, on_real_disk) {
  auto held = on->lock(root);
  BOOST_REQUIRE(held);
  const auto child = ::fork();
  if (child == 0) {
    auto second = posix::make_posix_disk()->lock(root);
    constexpr auto locked = static_cast<std::uint8_t>(disk_errc::locked);
    ::_exit(!second && is_error(second.error(), error_domain::disk, locked) ? 0 : 1);
  }
  int status = -1;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}

BOOST_FIXTURE_TEST_CASE(more_parts_than_one_call_takes_are_written_in_order, on_real_disk) {
  std::vector<std::string> texts;
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += texts.emplace_back(std::to_string(i) + ",");
  std::vector<bytes_view> parts;
  for (const auto& t : texts)
    parts.push_back(as_bytes(t));
  auto f = on->open(root + "/f", open_mode::create);
  BOOST_REQUIRE(f);
  BOOST_TEST(!(*f)->write(3, parts));
  std::vector<std::uint8_t> into(all.size() + 10);
  auto count = (*f)->read(3, into);
  BOOST_REQUIRE(count);
  BOOST_TEST(*count == all.size());
  BOOST_TEST(as_text(into).substr(0, *count) == all);
}

BOOST_FIXTURE_TEST_CASE(what_was_just_written_is_read_without_waiting, on_real_disk) {
  auto f = on->open(root + "/f", open_mode::create);
  BOOST_REQUIRE(f);
  const std::vector<std::uint8_t> content(300'000, 7);
  const bytes_view part = content;
  BOOST_TEST(!(*f)->write(0, std::span{&part, 1}));
  BOOST_TEST((*f)->is_cached(0, content.size()));
  BOOST_TEST((*f)->is_cached(10, 0));
  std::vector<std::uint8_t> into(1000);
  auto count = (*f)->read_cached(299'500, into);
  BOOST_REQUIRE(count);
  BOOST_REQUIRE(count->has_value());
  BOOST_TEST(**count == 500U);
}

BOOST_FIXTURE_TEST_CASE(errors_name_the_path_and_the_reason, on_real_disk) {
  auto f = on->open(root + "/absent", open_mode::read);
  BOOST_REQUIRE(!f);
  BOOST_TEST(render(f.error()).find(root + "/absent: open: No such file") != std::string::npos);
  auto space = on->free_space(root);
  BOOST_REQUIRE(space);
  BOOST_TEST(space->total_bytes >= space->free_bytes);
}

BOOST_AUTO_TEST_CASE(clocks_and_randomness_are_the_system_s) {
  auto c = posix::make_clock();
  const auto before = c->monotonic_now();
  BOOST_TEST((c->monotonic_now() >= before));
  BOOST_TEST(to_ms(c->wall_now()) > 1'700'000'000'000);
  auto r = posix::make_random();
  BOOST_TEST(r->next(random_purpose::identity) != r->next(random_purpose::identity));
}
