// Tile: some rows of a block, turned so that each feature's values lie side by side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "mixtura/lanes.hpp"
#include "mixtura/room.hpp"

namespace mixtura::MIXTURA_ISA {

// An array that starts at a cache line; all of it is zero at first.
template <class T> class Buffer {
  public:
    explicit Buffer(std::int64_t n) : data_(static_cast<T*>(room(bytes(n))), Leave{bytes(n)}) {
        std::memset(data_.get(), 0, bytes(n));
    }
    T* data() { return data_.get(); }
    const T* data() const { return data_.get(); }
    T& operator[](std::int64_t i) { return data_.get()[i]; }

  private:
    static std::size_t bytes(std::int64_t n) { return static_cast<std::size_t>(n) * sizeof(T); }
    struct Leave {
        void operator()(T* p) const { leave(p, bytes); }
        std::size_t bytes;
    };
    std::unique_ptr<T, Leave> data_;
};

// A multiple of four, so that the register-blocked loops need no remainder.
constexpr std::int64_t padded(std::int64_t n) { return (n + 3) / 4 * 4; }

// The rows of one step of the register-blocked loops, and what tiles are a multiple of.
template <class S> constexpr std::int64_t group = rows_at_once * width<S>;
template <class S> constexpr std::int64_t granule = 4 * width<S>;

// Few features: everything about a component stays in registers, D is known to the compiler.
constexpr int few = 8;

// How many rows a tile has. Few features: as many as keep all components' densities in the
// first-level cache. More: as many as keep its features, their deviations and the densities in the
// second-level one. It depends on the shape alone. An odd number of granules, since features lie
// that far apart: at a multiple of 4096 bytes they would share cache sets.
template <class S> inline std::int64_t tile_rows(std::int64_t n_features,
                                                 std::int64_t n_components) {
    constexpr auto bytes = static_cast<std::int64_t>(sizeof(S));
    const std::int64_t fitting =
        n_features <= few
            ? std::max(24576 / (bytes * n_components), 3 * granule<S>)
            : std::max((std::int64_t{1} << 19) / (bytes * (3 * n_features + n_components)),
                       granule<S>);
    const std::int64_t granules = std::min<std::int64_t>(fitting, 512) / granule<S>;
    return (granules - (granules % 2 == 0)) * granule<S>;
}

// As many rows as a tile of a pass has, or as there are.
template <class S> inline std::int64_t capacity(std::int64_t n_rows, std::int64_t n_features,
                                                std::int64_t n_components) {
    const std::int64_t granules = (n_rows + granule<S> - 1) / granule<S>;
    return std::min(tile_rows<S>(n_features, n_components), (granules | 1) * granule<S>);
}

// The cache lines of n numbers that are needed soon.
template <class S> inline void fetch(const S* numbers, std::int64_t n) {
    constexpr auto line = static_cast<std::int64_t>(64 / sizeof(S));
    for (std::int64_t i = 0; i < n; i += line) __builtin_prefetch(numbers + i);
}

// Rows (m, D) turned into features (D, T), T = `capacity`; beyond `size` the columns are zero.
template <class S> class Tile {
  public:
    Tile(std::int64_t capacity, std::int64_t n_features)
        : capacity(capacity), n_features(n_features), values_(capacity * n_features) {}

    void fill(const S* rows, std::int64_t n_rows) {  // (n_rows, D) in
        size = n_rows;
        steps = (n_rows + width<S> - 1) / width<S>;
        // Squares of registers are turned in registers; what is left, value by value.
        const std::int64_t turned = n_features < width<S> ? 0 : n_rows - n_rows % width<S>;
        for (std::int64_t i = 0; i < turned; i += width<S>)
            for (std::int64_t j = 0; j < n_features; j += width<S>)
                turn(rows + i * n_features, i, std::min(j, n_features - width<S>));
        for (std::int64_t j = 0; j < n_features; ++j) {
            S* to = feature(j);
            if (n_features == 1) std::copy_n(rows, n_rows, to);
            else
                for (std::int64_t i = turned; i < n_rows; ++i) to[i] = rows[i * n_features + j];
            std::fill(to + n_rows, to + capacity, S(0));
        }
    }
    // The same of rows that stand here and there, those of the numbers `order` (n,); in place of
    // those that lack to `whole`, a multiple of registers, the first one again.
    void pick(const S* rows, const std::int32_t* order, std::int64_t n, std::int64_t whole) {
        size = n;
        steps = whole / width<S>;
        for (std::int64_t i = 0; i < whole; i += width<S>) {
            const S* from[width<S>];
            for (int r = 0; r < width<S>; ++r) {
                from[r] = rows + order[i + r < n ? i + r : 0] * n_features;
                const std::int64_t later = i + r + ahead;
                if (later < n) fetch(rows + order[later] * n_features, n_features);
            }
            if (n_features < width<S>) {
                for (std::int64_t j = 0; j < n_features; ++j)
                    for (int r = 0; r < width<S>; ++r) feature(j)[i + r] = from[r][j];
                continue;
            }
            for (std::int64_t j = 0; j < n_features; j += width<S>)
                turn(from, i, std::min(j, n_features - width<S>));
        }
    }
    const S* feature(std::int64_t j) const { return values_.data() + j * capacity; }
    S* feature(std::int64_t j) { return values_.data() + j * capacity; }

    const std::int64_t capacity, n_features;
    std::int64_t size = 0;   // rows that are there
    std::int64_t steps = 0;  // registers that they take

  private:
    static constexpr std::int64_t ahead = 16;  // rows that are fetched before they are needed

    void turn(const S* rows, std::int64_t i, std::int64_t j) {  // rows i… and features j…
        const S* from[width<S>];
        for (int r = 0; r < width<S>; ++r) from[r] = rows + r * n_features;
        turn(from, i, j);
    }
    void turn(const S* const* rows, std::int64_t i, std::int64_t j) {
        Lanes<S> square[width<S>];
        for (int r = 0; r < width<S>; ++r) square[r] = load(rows[r] + j);
        transpose<S>(square);
        for (int r = 0; r < width<S>; ++r) store(feature(j + r) + i, square[r]);
    }

    Buffer<S> values_;
};

// A mean in two parts, so that x − mean keeps every digit although both are float.
template <class S> struct Centre {
    explicit Centre(double value)
        : high(static_cast<S>(value)), low(static_cast<S>(value - static_cast<double>(high))) {}
    Lanes<S> from(Lanes<S> x) const {
        if constexpr (sizeof(S) == sizeof(double)) return x - high;
        else return (x - high) - low;
    }
    S high, low;
};

}  // namespace mixtura::MIXTURA_ISA
