#pragma once

#include <string_view>

namespace troupe {

/// What hears of the places in product code that a simulated world may disturb or counts. Outside of a world there is
/// none.
class site_watch {
 public:
  virtual ~site_watch() = default;
  /// Shall the place `name` behave awkwardly this time?
  virtual bool fires(std::string_view name) = 0;
  /// The state `name` was reached.
  virtual void reached(std::string_view name) = 0;
};

/// Lets `watch` hear of all places that this thread passes from now on, null: nobody. Returns whom it replaces.
site_watch* watch_sites(site_watch* watch) noexcept;

/// True when a simulated world wants this place to take its rare branch: a tiny batch, an early time-out, a retry, a
/// yield between check and use. `name` is a literal, unique in the tree. Always false in a real process.
bool buggify(std::string_view name);

/// Counts that a rare state was reached, so that a campaign of simulated runs can tell which never were. `name` is a
/// literal, unique in the tree. Nothing in a real process.
void probe(std::string_view name);

}  // namespace troupe
