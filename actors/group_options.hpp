#pragma once

#include "runtime/config/broker_config.hpp"
#include "runtime/group/cluster_facts.hpp"
#include "runtime/group/options.hpp"
#include "runtime/metadata/image.hpp"

#include <memory>

namespace troupe {

/// What a group coordinator goes by, from the node's settings.
group::options group_options(const config::broker_config& settings);

/// What groups have to know of the cluster, as `image` tells it. `settings`, the node's, outlive it.
std::shared_ptr<const group::cluster_facts> facts_of(std::shared_ptr<const metadata::image> image,
                                                     const config::broker_config& settings);

}  // namespace troupe
