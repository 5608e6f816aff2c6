#pragma once

#include "runtime/metadata/commands.hpp"
#include "runtime/metadata/image.hpp"

#include <string>
#include <vector>

namespace troupe::metadata {

/// What must hold in every image that commands have made, and does not in this one: a sentence for each violation, none
/// when all is well. For tests and simulations, after each entry.
std::vector<std::string> check_image(const image& of);

/// The same, and what depends on settings: no ELR where the ISR has reached `min.insync.replicas`.
std::vector<std::string> check_image(const image& of, const command_rules& rules);

}  // namespace troupe::metadata
