#include "mixtura/room.hpp"

#include <array>
#include <new>

namespace mixtura {
namespace {

constexpr std::align_val_t line{64};
// Up to so many pieces are kept, of up to so many bytes each: three quarters of a megabyte a
// thread.
constexpr std::size_t most_kept = 48, most_bytes = 1 << 14;

struct Piece {
    void* memory = nullptr;
    std::size_t bytes = 0;
};

// A piece is taken for the very size that it had: rounded up to powers of two, pieces would lie at
// multiples of 4096 bytes from each other, and share cache sets.
class Pieces {
  public:
    Pieces() = default;
    Pieces(const Pieces&) = delete;
    Pieces& operator=(const Pieces&) = delete;
    ~Pieces() {
        for (const Piece& piece : pieces_) ::operator delete(piece.memory, line);
    }
    void* take(std::size_t bytes) {
        for (Piece& piece : pieces_)
            if (piece.memory && piece.bytes == bytes) {
                void* memory = piece.memory;
                piece.memory = nullptr;
                return memory;
            }
        return nullptr;
    }
    // Where none is; else in place of the others by turns.
    void keep(Piece piece) {
        for (Piece& place : pieces_)
            if (!place.memory) {
                place = piece;
                return;
            }
        Piece& place = pieces_[next_++ % most_kept];
        ::operator delete(place.memory, line);
        place = piece;
    }

  private:
    std::array<Piece, most_kept> pieces_;
    std::size_t next_ = 0;
};

thread_local Pieces kept;

bool keeps([[maybe_unused]] std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__  // which could not tell one use of a piece from the next
    return false;
#else
    return bytes <= most_bytes;
#endif
}

}  // namespace

void* room(std::size_t bytes) {
    void* memory = keeps(bytes) ? kept.take(bytes) : nullptr;
    return memory ? memory : ::operator new(bytes, line);
}

void leave(void* memory, std::size_t bytes) noexcept {
    if (keeps(bytes)) kept.keep({memory, bytes});
    else ::operator delete(memory, line);
}

}  // namespace mixtura
