#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// An expected failure: a code of one domain's `errc` plus a sentence for a person. The default value means success.
/// Values, cheap to move, usable from any thread.
using error = caf::error;

/// A result or the error that prevented it. This header is the only one of `runtime/` outside the actors' layer that
/// names CAF's types.
template <class T>
using expected = caf::expected<T>;

/// The domains that own an error enum. A domain keeps its `enum class errc : std::uint8_t` in its own header with
/// a `make_error(errc, std::string)` that calls `domain_error`.
enum class error_domain : std::uint8_t { base, disk, log, kafka, wire, metadata, config, transport, node, net,
                                         raft, check, sim, group };

/// Makes an error of `domain` with the domain's own `code` (not 0) and the sentence that a person will read: what,
/// which, why and what to do.
error domain_error(error_domain domain, std::uint8_t code, std::string text);

/// True when `e` was made for `domain` with `code`.
bool is_error(const error& e, error_domain domain, std::uint8_t code) noexcept;

/// True when `e` was made for `domain`, with any code.
bool is_domain(const error& e, error_domain domain) noexcept;

/// True when `e` was made by `domain_error`, false for CAF's own errors.
bool is_ours(const error& e) noexcept;

/// The parts of an error of ours, to be sent to another node; the domain's number is stable.
struct error_parts {
  std::uint8_t domain = 0;
  std::uint8_t code = 0;
  std::string text;
};

/// The parts of `e`; an error of CAF's own becomes one of the domain `base`.
error_parts parts_of(const error& e);
/// The error that has these parts; unknown domains, as a newer node may have, become `base`.
error error_of(error_parts parts);

/// The sentence inside `e`; for errors of CAF's own categories a generic one naming category and code.
std::string render(const error& e);

/// The same error with `context` and a colon in front of its sentence; for the one layer that knows the topic or file.
error with_context(std::string_view context, const error& e);

}  // namespace troupe
