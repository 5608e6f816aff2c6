#pragma once

#include "runtime/wire/builder.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <type_traits>

/// Every `wire<T>` may be an element of a CAF message. "Unsafe" is CAF's word for "never serialised by CAF": a link
/// sends the message's own segments.
template <class T>
struct caf::allowed_unsafe_message_type<troupe::wire<T>> : std::true_type {};
