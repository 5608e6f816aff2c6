#include "actors/api/await_leaders.hpp"

#include <utility>

namespace troupe::api {

namespace {

constexpr std::chrono::milliseconds pause{5};
constexpr std::chrono::milliseconds patience{400};

void look_again(session_port& in, std::function<bool()> is_led, std::function<void()> answer, monotonic_time until) {
  if (is_led() || in.context().time.monotonic_now() >= until)
    return answer();
  in.later(pause, [&in, until, is_led = std::move(is_led), answer = std::move(answer)]() mutable {
    look_again(in, std::move(is_led), std::move(answer), until);
  });
}

}  // namespace

void await_leaders(session_port& in, std::function<bool()> is_led, std::function<void()> answer) {
  look_again(in, std::move(is_led), std::move(answer), in.context().time.monotonic_now() + patience);
}

}  // namespace troupe::api
