// What a pass adds up, for all components.
#pragma once

#include "mixtura/kernel.hpp"
#include "mixtura/moments.hpp"

namespace mixtura::MIXTURA_ISA {

// How many second moments a component has.
inline std::int64_t n_seconds(const Results& results, std::int64_t d) {
    if (results.directions) return d * (results.n_directions + 1);
    return results.diagonal ? d : d * d;
}

inline void clear(const Results& results, std::int64_t k, std::int64_t d) {
    std::fill_n(results.weight, k, 0.0);
    std::fill_n(results.first, k * d, 0.0);
    if (results.second) std::fill_n(results.second, k * n_seconds(results, d), 0.0);
}

inline Sums sums_of(const Results& results, std::int64_t k, std::int64_t d) {
    const double* directions = results.directions;
    return {results.weight + k, results.first + k * d, results.second + k * n_seconds(results, d),
            directions ? directions + k * n_seconds(results, d) : nullptr};
}

// The upper triangles from the lower ones.
inline void mirror(double* second, std::int64_t k, std::int64_t d) {
    for (std::int64_t c = 0; c < k; ++c, second += d * d)
        for (std::int64_t i = 0; i < d; ++i)
            for (std::int64_t j = i + 1; j < d; ++j) second[i * d + j] = second[j * d + i];
}

// What each of a tile's rows counts, times its weight.
template <class S> inline void weigh(const Tile<S>& tile, const double* weights,
                                     Buffer<S>& counts) {
    for (std::int64_t i = 0; i < tile.size; ++i) counts[i] *= static_cast<S>(weights[i]);
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
