#pragma once

#include "runtime/config/broker_config.hpp"
#include "runtime/config/rules.hpp"
#include "runtime/metadata/commands.hpp"

namespace troupe {

/// What the controller on node `self` judges commands on `image` by: the table of settings, and the settings in force.
/// `table` and `settings` are borrowed. Settings that leaders and the controller have to agree on, such as
/// `min.insync.replicas`, are taken from the topic, the cluster's and the file, never from one broker's own.
metadata::command_rules command_rules_of(const metadata::image& image, const config::rules& table,
                                         const config::broker_config& settings, node_id self);

}  // namespace troupe
