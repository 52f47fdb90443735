#include "mixtura/room.hpp"

#include <array>
#include <bit>
#include <new>

namespace mixtura {
namespace {

constexpr std::align_val_t line{64};
// Sizes are powers of two, from 256 bytes on, as many as there are; up to so many pieces of each
// are kept: half a megabyte a thread.
constexpr std::size_t least = 8, n_sizes = 9, most_kept = 4;

class Kept {
  public:
    Kept() = default;
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    ~Kept() {
        for (Pieces& pieces : sizes_)
            while (pieces.count) ::operator delete(pieces.memory[--pieces.count], line);
    }
    void* take(std::size_t size) {
        Pieces& pieces = sizes_[size];
        return pieces.count ? pieces.memory[--pieces.count] : nullptr;
    }
    bool keep(void* memory, std::size_t size) {
        Pieces& pieces = sizes_[size];
        if (pieces.count == most_kept) return false;
        pieces.memory[pieces.count++] = memory;
        return true;
    }

  private:
    struct Pieces {
        std::array<void*, most_kept> memory;
        std::size_t count = 0;
    };
    std::array<Pieces, n_sizes> sizes_;
};

thread_local Kept kept;

// Which of the sizes so many bytes need; n_sizes where they need more than any.
std::size_t size_of(std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__  // which could not tell one use of a piece from the next
    return n_sizes;
#else
    const std::size_t power = bytes > 1 ? std::bit_width(bytes - 1) : 0;
    return power <= least ? 0 : power < least + n_sizes ? power - least : n_sizes;
#endif
}

}  // namespace

void* room(std::size_t bytes) {
    const std::size_t size = size_of(bytes);
    if (size == n_sizes) return ::operator new(bytes, line);
    void* memory = kept.take(size);
    return memory ? memory : ::operator new(std::size_t{1} << (least + size), line);
}

void leave(void* memory, std::size_t bytes) noexcept {
    const std::size_t size = size_of(bytes);
    if (size == n_sizes || !kept.keep(memory, size)) ::operator delete(memory, line);
}

}  // namespace mixtura
