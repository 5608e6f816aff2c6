#include "runtime/base/error.hpp"

#include <caf/atom.hpp>
#include <caf/message.hpp>
#include <caf/make_message.hpp>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

constexpr std::array<caf::atom_value, 14> domain_atoms = {
  caf::atom("base"), caf::atom("disk"),     caf::atom("log"),    caf::atom("kafka"), caf::atom("wire"),
  caf::atom("metadata"), caf::atom("config"), caf::atom("transport"), caf::atom("node"), caf::atom("net"),
  caf::atom("raft"), caf::atom("check"), caf::atom("sim"), caf::atom("group")};

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

error_parts parts_of(const error& e) {
  const auto found = std::find(domain_atoms.begin(), domain_atoms.end(), e.category());
  if (found == domain_atoms.end())
    return {0, 1, render(e)};
  return {static_cast<std::uint8_t>(found - domain_atoms.begin()), e.code(), render(e)};
}

error error_of(error_parts parts) {
  const auto domain = parts.domain < domain_atoms.size() ? error_domain{parts.domain} : error_domain::base;
  return domain_error(domain, std::max<std::uint8_t>(parts.code, 1), std::move(parts.text));
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
