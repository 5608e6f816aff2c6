#pragma once

#include "runtime/sim/machine.hpp"

#include <caf/all.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace troupe::cluster_sim {

/// The last message of type `T` that an actor of a machine got, so that a test can deliver it once more, late, or
/// changed as some other process might have sent it. Hears only while it lives; one at a time for a machine.
template <class T>
class overheard {
 public:
  using claim = std::function<bool(const caf::actor& to, const T& what)>;

  /// Only messages for which `fits` holds count. The machine outlives it.
  overheard(sim::machine& on, claim fits) : on_(on) {
    on_.listen_to_mail([this, fits = std::move(fits)](const caf::actor& to, const caf::message& m) {
      if (m.match_elements<T>() && fits(to, m.get_as<T>(0))) {
        to_ = to;
        last_ = m.get_as<T>(0);
      }
    });
  }
  ~overheard() { on_.listen_to_mail({}); }
  overheard(const overheard&) = delete;
  overheard& operator=(const overheard&) = delete;

  const std::optional<T>& last() const { return last_; }
  /// Delivers `m` to whoever got the last one.
  void deliver(T m) const { caf::anon_send(to_, std::move(m)); }

 private:
  sim::machine& on_;
  caf::actor to_;
  std::optional<T> last_;
};

}  // namespace troupe::cluster_sim
