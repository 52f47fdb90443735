// What a pass adds up, for all components.
#pragma once

#include "mixtura/kernel.hpp"
#include "mixtura/moments.hpp"

namespace mixtura::MIXTURA_ISA {

inline void clear(const Results& results, std::int64_t k, std::int64_t d) {
    std::fill_n(results.weight, k, 0.0);
    std::fill_n(results.first, k * d, 0.0);
    if (results.second) std::fill_n(results.second, results.diagonal ? k * d : k * d * d, 0.0);
}

inline Sums sums_of(const Results& results, std::int64_t k, std::int64_t d) {
    return {results.weight + k, results.first + k * d,
            results.second + k * (results.diagonal ? d : d * d)};
}

// The upper triangles from the lower ones.
inline void mirror(double* second, std::int64_t k, std::int64_t d) {
    for (std::int64_t c = 0; c < k; ++c, second += d * d)
        for (std::int64_t i = 0; i < d; ++i)
            for (std::int64_t j = i + 1; j < d; ++j) second[i * d + j] = second[j * d + i];
}

// The rows' weights in the rows' own type, zero beyond those that are there; null without.
template <class S>
inline const S* weights_of(const double* weights, const Tile<S>& tile, Buffer<S>& to) {
    if (!weights) return nullptr;
    for (std::int64_t i = 0; i < tile.size; ++i) to[i] = static_cast<S>(weights[i]);
    std::fill(&to[tile.size], &to[tile.steps * width<S>], S(0));
    return to.data();
}

// −∞ where a value is, though it weigh nothing.
inline double weighed_sum(const double* values, const double* weights, std::int64_t n) {
    double lanes[8] = {};
    for (std::int64_t i = 0; i < n; ++i) {
        const double weight =
            weights && values[i] >= std::numeric_limits<double>::lowest() ? weights[i] : 1.0;
        lanes[i % 8] += weight * values[i];
    }
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

}  // namespace mixtura::MIXTURA_ISA
