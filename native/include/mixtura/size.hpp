// Size: a count, as the containers of the standard library take it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mixtura {

inline std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace mixtura
