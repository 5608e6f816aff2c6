#include "runtime/base/error.hpp"

#include <caf/atom.hpp>
#include <caf/message.hpp>
#include <caf/make_message.hpp>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

constexpr std::array<caf::atom_value, 11> domain_atoms = {
  caf::atom("base"), caf::atom("disk"),     caf::atom("log"),    caf::atom("kafka"), caf::atom("wire"),
  caf::atom("metadata"), caf::atom("config"), caf::atom("transport"), caf::atom("node"), caf::atom("net"),
  caf::atom("raft")};

caf::atom_value atom_of(error_domain domain) {
  return domain_atoms[static_cast<std::size_t>(domain)];
}

}  // namespace

error domain_error(error_domain domain, std::uint8_t code, std::string text) {
  return error{code, atom_of(domain), caf::make_message(std::move(text))};
}

bool is_error(const error& e, error_domain domain, std::uint8_t code) noexcept {
  return e && e.category() == atom_of(domain) && e.code() == code;
}

bool is_domain(const error& e, error_domain domain) noexcept {
  return e && e.category() == atom_of(domain);
}

bool is_ours(const error& e) noexcept {
  return e && std::find(domain_atoms.begin(), domain_atoms.end(), e.category()) != domain_atoms.end();
}

std::string render(const error& e) {
  if (!e)
    return "no error";
  if (e.context().match_elements<std::string>())
    return e.context().get_as<std::string>(0);
  return "error " + std::to_string(e.code()) + " of " + caf::to_string(e.category());
}

error with_context(std::string_view context, const error& e) {
  auto text = std::string{context} + ": " + render(e);
  return error{e.code(), e.category(), caf::make_message(std::move(text))};
}

}  // namespace troupe
