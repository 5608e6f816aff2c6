#pragma once

#include "runtime/sim/trace.hpp"

#include <map>
#include <typeinfo>
#include <unordered_map>

namespace caf {
class scheduled_actor;
class type_erased_tuple;
}  // namespace caf

namespace troupe::sim {

/// What actors and messages are called in a trace: after their C++ types, as in "partition_state" and
/// "wire<schema::PartitionAppend>". Names live as long as the book.
class name_book {
 public:
  const trace_name& of_actor(const caf::scheduled_actor& who);
  /// After the types of the elements; of several, in brackets.
  const trace_name& of_message(const caf::scheduled_actor& receiver, const caf::type_erased_tuple& what);
  const trace_name& of_text(const std::string& text);

 private:
  const trace_name& of_type(const std::type_info& type);

  // Looked up only, never walked: the order of a hash table must not reach a trace.
  std::unordered_map<const std::type_info*, const trace_name*> by_type_;  // a type may have several
  std::unordered_map<const std::type_info*, const trace_name*> by_actor_type_;
  std::unordered_map<std::uint64_t, const trace_name*> by_elements_;  // by a hash of their names
  std::unordered_map<std::uint16_t, const trace_name*> by_number_;
  std::map<std::string, trace_name> names_;
};

}  // namespace troupe::sim
