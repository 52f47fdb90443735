// Room: memory at the start of a cache line, of which each thread keeps a little for its next use.
//
// Over some hundred rows it takes nearly as long to ask for a pass's scratch as to make the pass:
// glibc searches for aligned memory, and tidies its lists up when that is given back.
#pragma once

#include <cstddef>

namespace mixtura {

// At least `bytes` of it, of no known contents.
void* room(std::size_t bytes);

// What `room` gave for so many bytes is free again.
void leave(void* memory, std::size_t bytes) noexcept;

}  // namespace mixtura
