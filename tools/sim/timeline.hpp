#pragma once

#include "tools/sim/watcher.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::cluster_sim {

/// What a person wants to see of one run: starts and ends of processes, faults, what nodes log, who leads what.
struct timeline {
  struct event {
    enum class kind : std::uint8_t { fault, starts, ends, says } what = kind::says;
    sim::virtual_time at{0};
    std::string node;  ///< empty: the network, or the plan of faults
    std::string text;
  };

  /// Takes the lines of a trace and leaves out what is of no interest: messages, packets, operations on disks.
  void hear(const std::string& trace_line);
  void see(const sighting& s) { sightings.push_back(s); }

  std::vector<event> events;
  std::vector<sighting> sightings;
};

/// One line an event, in the order of time.
std::string to_text(const timeline& of);

/// A picture: nodes as lanes with a row for each partition they lead and for the controller, terms as colours, faults
/// as marks. An SVG document; with `html`, a page that shows it over the text.
std::string to_svg(const timeline& of, std::string_view title);
std::string to_html(const timeline& of, std::string_view title);

}  // namespace troupe::cluster_sim
