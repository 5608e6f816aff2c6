// The picture of a run: an SVG that needs nothing else, and a page around it.

#include "tools/sim/timeline.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

namespace troupe::cluster_sim {

namespace {

constexpr double left = 130, right = 30, width = 1400, top = 70;
constexpr double row = 16, lane_gap = 30, mark_space = 26;
constexpr int partitions = simulated_cluster::partition_count;
constexpr double lane = mark_space + row * (partitions + 1);
constexpr std::array colours = {"#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#edc948",
                                "#76b7b2", "#ff9da7", "#9c755f", "#8cd17d", "#d37295"};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  return out;
}

/// A time during which something was so at one node.
struct stretch {
  int node = 0;
  int line = 0;  ///< 0: the controller's, otherwise partition + 1
  int term = 0;
  sim::virtual_time from{0};
  sim::virtual_time to{0};
};

class drawing {
 public:
  drawing(const timeline& of, std::string_view title) : of_(of) {
    for (const auto& e : of.events)
      end_ = std::max(end_, e.at);
    for (const auto& s : of.sightings)
      end_ = std::max(end_, s.at);
    end_ += std::chrono::milliseconds{200};
    for (const auto& e : of.events)
      if (e.node.size() == 2 && e.node[0] == 'n')
        nodes_ = std::max(nodes_, e.node[1] - '0');
    out_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height()
         << "\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
         << "<text x=\"" << left << "\" y=\"20\" font-size=\"15\" font-weight=\"bold\">" << escaped(title)
         << "</text>\n";
  }

  std::string draw() {
    legend();
    axis();
    for (int node = 1; node <= nodes_; ++node)
      node_lane(node);
    for (const auto& s : stretches())
      bar(s);
    for (const auto& e : of_.events)
      if (e.what == timeline::event::kind::fault)
        mark(e);
    out_ << "</svg>\n";
    return out_.str();
  }

 private:
  double x(sim::virtual_time at) const {
    return left + (width - left - right) * (std::chrono::duration<double>(at) / std::chrono::duration<double>(end_));
  }
  static double y(int node) { return top + (node - 1) * (lane + lane_gap); }
  double network_y() const { return y(nodes_ + 1); }
  double height() const { return network_y() + mark_space + 60; }

  void text(double at_x, double at_y, const std::string& what, const std::string& more = "") {
    out_ << "<text x=\"" << at_x << "\" y=\"" << at_y << "\" " << more << ">" << escaped(what) << "</text>\n";
  }
  void box(double at_x, double at_y, double w, double h, const std::string& fill, const std::string& tip,
           const std::string& more = "") {
    out_ << "<rect x=\"" << at_x << "\" y=\"" << at_y << "\" width=\"" << std::max(w, 0.5) << "\" height=\"" << h
         << "\" fill=\"" << fill << "\" " << more << "><title>" << escaped(tip) << "</title></rect>\n";
  }

  void legend() {
    double at = left;
    const auto entry = [&](const std::string& fill, const std::string& what) {
      box(at, 32, 14, 11, fill, what);
      text(at + 19, 42, what);
      at += 40 + 6.2 * static_cast<double>(what.size());
    };
    entry(colours[0], "leads (a colour and a number for each term)");
    entry("#333333", "is the active controller");
    entry("#e4e4e4", "is down or paused");
    out_ << "<path d=\"M " << at << " 32 l 10 0 l -5 11 z\" fill=\"#d62728\"/>\n";
    text(at + 15, 42, "fault");
  }

  void axis() {
    const auto whole = std::chrono::duration<double>(end_).count();
    double step = 1;
    for (const double larger : {1., 2., 5., 10., 20., 30., 60., 120., 300., 600.})
      if (step = larger; whole / larger <= 20)
        break;
    const auto bottom = network_y() + mark_space + 14;
    for (double s = 0; s <= whole; s += step) {
      const auto at = x(std::chrono::duration_cast<sim::virtual_time>(std::chrono::duration<double>(s)));
      out_ << "<line x1=\"" << at << "\" y1=\"" << top - 8 << "\" x2=\"" << at << "\" y2=\"" << bottom
           << "\" stroke=\"#dddddd\"/>\n";
      text(at, bottom + 16, std::to_string(static_cast<long>(s)) + " s", "text-anchor=\"middle\"");
    }
  }

  void node_lane(int node) {
    const auto at = y(node);
    text(14, at + mark_space + row * 2, "n" + std::to_string(node), "font-size=\"18\" font-weight=\"bold\"");
    text(48, at + mark_space + 12, "controller", "fill=\"#555555\"");
    for (int p = 0; p < partitions; ++p)
      text(48, at + mark_space + row * (p + 1) + 12, "partition " + std::to_string(p), "fill=\"#555555\"");
    out_ << "<rect x=\"" << left << "\" y=\"" << at + mark_space << "\" width=\"" << width - left - right
         << "\" height=\"" << lane - mark_space << "\" fill=\"none\" stroke=\"#bbbbbb\"/>\n";
    for (const auto& [from, to] : absences(node))
      box(x(from), at + mark_space, x(to) - x(from), lane - mark_space, "#e4e4e4", "down or paused");
  }

  std::vector<std::pair<sim::virtual_time, sim::virtual_time>> absences(int node) const {
    std::vector<std::pair<sim::virtual_time, sim::virtual_time>> out;
    bool away = true;
    sim::virtual_time since{0};
    for (const auto& e : of_.events) {
      if (e.node != "n" + std::to_string(node))
        continue;
      if (e.what == timeline::event::kind::starts && std::exchange(away, false) && e.at > since)
        out.emplace_back(since, e.at);
      if (e.what == timeline::event::kind::ends && !std::exchange(away, true))
        since = e.at;
    }
    if (away)
      out.emplace_back(since, end_);
    return out;
  }

  std::vector<stretch> stretches() const {
    std::vector<stretch> out;
    std::map<int, std::size_t> open;  // by line
    int reigns = 0;
    for (const auto& s : of_.sightings) {
      const bool is_controller = s.what == sighting::kind::controller;
      const int line = is_controller ? 0 : s.partition + 1;
      const int term = is_controller ? ++reigns : s.epoch;
      if (line > partitions)
        continue;
      if (const auto before = open.find(line); before != open.end()) {
        if (out[before->second].node == s.node && out[before->second].term == term)
          continue;
        out[before->second].to = s.at;
        open.erase(before);
      }
      if (s.node < 1)
        continue;
      open[line] = out.size();
      out.push_back({s.node, line, term, s.at, end_});
    }
    return out;
  }

  void bar(const stretch& s) {
    const auto at = y(s.node) + mark_space + row * s.line + 2;
    const auto w = x(s.to) - x(s.from);
    const std::string fill = s.line == 0 ? "#333333" : colours[static_cast<std::size_t>(s.term) % colours.size()];
    const auto what = s.line == 0 ? std::string{"is the active controller"}
                                  : "leads partition " + std::to_string(s.line - 1) + ", epoch "
                                      + std::to_string(s.term);
    box(x(s.from), at, w, row - 4, fill, what, "opacity=\"0.9\"");
    if (s.line > 0 && w > 12)
      text(x(s.from) + 3, at + 10, std::to_string(s.term), "fill=\"white\" font-size=\"10\"");
  }

  /// At the lane of the node that it strikes, or in that of the network; words where there is room for them.
  void mark(const timeline::event& e) {
    const bool is_network = e.node.empty() || e.text.find('>') != std::string::npos;
    const auto base = is_network ? network_y() : y(e.node[1] - '0');
    const auto at = x(e.at);
    const auto words = e.text.substr(0, e.text.find(' '));
    auto& taken = taken_until_[is_network ? "" : e.node];
    const bool has_room = at > taken;
    out_ << "<path d=\"M " << at - 5 << " " << base + 12 << " l 10 0 l -5 11 z\" fill=\"#d62728\"><title>"
         << escaped(e.text) << "</title></path>\n";
    if (has_room) {
      text(at - 3, base + 9, words, "fill=\"#d62728\" font-size=\"9\"");
      taken = at + 5.5 * static_cast<double>(words.size()) + 4;
    }
    if (is_network && !std::exchange(network_named_, true))
      text(48, base + 20, "network", "fill=\"#555555\"");
  }

  const timeline& of_;
  sim::virtual_time end_{0};
  int nodes_ = 1;
  std::ostringstream out_;
  std::map<std::string, double> taken_until_;
  bool network_named_ = false;
};

}  // namespace

std::string to_svg(const timeline& of, std::string_view title) {
  return drawing{of, title}.draw();
}

std::string to_html(const timeline& of, std::string_view title) {
  return "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>" + escaped(title)
         + "</title></head><body style=\"margin:1em\">\n" + to_svg(of, title) + "<pre>\n" + escaped(to_text(of))
         + "</pre></body></html>\n";
}

}  // namespace troupe::cluster_sim
