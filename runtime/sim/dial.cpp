#include "runtime/sim/dial.hpp"

#include "runtime/sim/stream.hpp"

namespace troupe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds first_pause = 1s;  // before the second packet, doubling, as Linux has it

}  // namespace

dial_attempt::dial_attempt(network_state& in, host& from, endpoint to, std::shared_ptr<dialler> who)
  : in_(in), number_(++in.last_number), from_(from), to_(std::move(to)), who_(std::move(who)), pause_(first_pause) {}

void dial_attempt::abandon() {
  is_abandoned_ = true;
  who_.reset();
}

/// The one that hears the answer; this attempt is over.
std::shared_ptr<dialler> dial_attempt::finish() {
  from_.dials.erase(number_);
  return std::move(who_);
}

void dial_attempt::begin() {
  from_.dials.emplace(number_, shared_from_this());
  gives_up_ = in_.now + network::dial_patience;
  if (!in_.hosts.contains(to_.host))
    return fail(transport_errc::bad_address, "the host is not known");
  send_packet();
}

void dial_attempt::send_packet() {
  if (is_abandoned_)
    return;
  auto& there = in_.at(to_.host);
  auto& over = in_.between(from_, there);
  if (over.drops_dials || over.is_blocked() || in_.between(there, from_).is_blocked())
    return try_again();
  in_.events.at(in_.arrival(over, 0), [self = shared_from_this(), &there] { self->reach(there); });
}

void dial_attempt::reach(host& there) {
  if (!there.is_on)
    return try_again();
  if (in_.between(from_, there).refuses_dials)
    return refuse(there, "refused");
  const auto door = there.listeners.find(to_.port);
  if (door == there.listeners.end())
    return refuse(there, "nobody listens there");
  succeed(there, door->second);
}

void dial_attempt::try_again() {
  const auto next = in_.now + pause_;
  pause_ *= 2;
  if (next < gives_up_)
    return in_.events.at(next, [self = shared_from_this()] { self->send_packet(); });
  in_.events.at(gives_up_, [self = shared_from_this()] {
    self->fail(transport_errc::unreachable, "no answer, timed out");
  });
}

void dial_attempt::refuse(host& there, const std::string& why) {
  auto& back = in_.between(there, from_);
  if (back.is_blocked())
    return try_again();
  in_.events.at(in_.arrival(back, 0), [self = shared_from_this(), why] {
    self->fail(transport_errc::unreachable, why);
  });
}

void dial_attempt::fail(transport_errc code, const std::string& why) {
  if (is_abandoned_)
    return;
  in_.tell(from_, sentence(why));
  in_.let_hear(from_, [who = finish(), because = make_error(code, sentence(why))] { who->failed(because); });
}

/// The other system takes the connection at once; its process and ours hear of it when they can.
void dial_attempt::succeed(host& there, host::listener& door) {
  const endpoint here{from_.name, in_.free_port(from_)};
  auto near = std::make_shared<stream_end>(in_, from_, here, to_);
  auto far = std::make_shared<stream_end>(in_, there, to_, here);
  stream_end::join(near, far);
  in_.tell(there, "connection from " + here.host + ":" + std::to_string(here.port) + " to port "
                    + std::to_string(to_.port));
  in_.let_hear(there, [to = door.to, far] { to->accepted(far->handle()); });
  in_.events.at(in_.arrival(in_.between(there, from_), 0), [self = shared_from_this(), near] {
    if (!self->is_abandoned_)
      self->in_.let_hear(self->from_, [who = self->finish(), near] { who->connected(near->handle()); });
  });
}

std::string dial_attempt::sentence(const std::string& why) const {
  return "connect to " + to_.host + ":" + std::to_string(to_.port) + ": " + why;
}

}  // namespace troupe::sim
