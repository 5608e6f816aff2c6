#include "runtime/sim/name_book.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduled_actor.hpp>

#include <cxxabi.h>

#include <bit>
#include <cstdlib>
#include <memory>

namespace troupe::sim {

namespace {

void erase_all(std::string& text, std::string_view what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.erase(at, what.size());
}

std::string readable(const std::type_info& type) {
  int failed = 0;
  std::unique_ptr<char, decltype(&std::free)> plain{abi::__cxa_demangle(type.name(), nullptr, nullptr, &failed),
                                                    &std::free};
  std::string text = failed ? type.name() : plain.get();
  erase_all(text, "(anonymous namespace)::");
  erase_all(text, "troupe::");
  return text;
}

/// The state's name of an actor that has one.
std::string readable_actor(const std::type_info& type) {
  constexpr std::string_view stateful = "caf::stateful_actor<";
  auto text = readable(type);
  if (text.starts_with(stateful)) {
    const auto last = text.rfind(", caf::");
    return text.substr(stateful.size(), last - stateful.size());
  }
  erase_all(text, "caf::");
  return text;
}

}  // namespace

const trace_name& name_book::of_text(const std::string& text) {
  return names_.try_emplace(text, text).first->second;
}

const trace_name& name_book::of_type(const std::type_info& type) {
  auto& known = by_type_[&type];
  if (!known)
    known = &of_text(readable(type));
  return *known;
}

const trace_name& name_book::of_actor(const caf::scheduled_actor& who) {
  const auto& type = typeid(who);
  auto& known = by_actor_type_[&type];
  if (!known)
    known = &of_text(readable_actor(type));
  return *known;
}

const trace_name& name_book::of_message(const caf::scheduled_actor& receiver, const caf::type_erased_tuple& what) {
  const auto element = [&](std::size_t at) -> const trace_name& {
    const auto [number, type] = what.type(at);
    if (number == 0)
      return of_type(*type);
    auto& known = by_number_[number];
    if (!known)
      known = &of_text(receiver.home_system().types().portable_name(number, nullptr));
    return *known;
  };
  if (what.size() == 1)
    return element(0);
  std::uint64_t hash = what.size();
  for (std::size_t at = 0; at < what.size(); ++at)
    hash = std::rotl(hash, 7) * 0x9e3779b97f4a7c15ULL ^ element(at).hash;
  auto& known = by_elements_[hash];
  if (known)
    return *known;
  std::string all = "(";
  for (std::size_t at = 0; at < what.size(); ++at)
    all += (at == 0 ? "" : ", ") + element(at).text;
  known = &of_text(all + ")");
  return *known;
}

}  // namespace troupe::sim
