#include "runtime/base/sites.hpp"

#include <utility>

namespace troupe {

namespace {

constinit thread_local site_watch* watching = nullptr;

}  // namespace

site_watch* watch_sites(site_watch* watch) noexcept {
  return std::exchange(watching, watch);
}

bool buggify(std::string_view name) {
  return watching && watching->fires(name);
}

void probe(std::string_view name) {
  if (watching)
    watching->reached(name);
}

}  // namespace troupe
