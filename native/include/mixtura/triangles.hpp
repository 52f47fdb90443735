// Triangles: lower triangles of small matrices, a matrix in each lane, and Cholesky factors of
// them.
#pragma once

#include <algorithm>
#include <limits>

#include "mixtura/kernel.hpp"
#include "mixtura/mathematics.hpp"

namespace mixtura::MIXTURA_ISA {

struct Triangles {
    Doubles* operator[](std::int64_t i) { return entries[i]; }
    const Doubles* operator[](std::int64_t i) const { return entries[i]; }

    // Of n matrices (n, D, D), of which the last fills the lanes left as well.
    void take(const double* matrices, std::int64_t n, std::int64_t d) {
        for (std::int64_t i = 0; i < d; ++i)
            for (std::int64_t j = 0; j <= i; ++j)
                for (std::int64_t t = 0; t < width<double>; ++t)
                    entries[i][j][t] = matrices[((t < n ? t : n - 1) * d + i) * d + j];
    }
    void give(std::int64_t n, std::int64_t d, double* matrices) const {
        for (std::int64_t t = 0; t < n; ++t)
            for (std::int64_t i = 0; i < d; ++i)
                for (std::int64_t j = 0; j < d; ++j) *matrices++ = j <= i ? entries[i][j][t] : 0.0;
    }

    Doubles entries[most_at_once][most_at_once];
};

// L in place of A = L Lᵀ, column by column; 1/L_jj on the diagonal of `inverse`, and log|L|. Which
// lanes' matrices are positive definite, and finite.
inline Longs factorise(Triangles& lower, std::int64_t d, Triangles& inverse,
                       Doubles& log_determinants) {
    Longs sound = Longs{} - 1;
    log_determinants = Doubles{};
    for (std::int64_t j = 0; j < d; ++j) {
        for (std::int64_t i = j; i < d; ++i)
            for (std::int64_t l = 0; l < j; ++l)
                lower[i][j] = fma(-lower[i][l], lower[j][l], lower[i][j]);
        const Doubles pivot = lower[j][j];
        const Longs square = (pivot > 0.0) & (pivot <= std::numeric_limits<double>::max());
        sound &= square;
        lower[j][j] = root(square ? pivot : all(1.0));  // the logarithm takes no others
        inverse[j][j] = 1.0 / lower[j][j];
        for (std::int64_t i = j + 1; i < d; ++i) lower[i][j] *= inverse[j][j];
        log_determinants += logarithm(lower[j][j]);
    }
    return sound;
}

// What is below the diagonal of `inverse`: row i is −(Σ_{l<i} L_il · row l) / L_ii.
inline void invert(const Triangles& lower, std::int64_t d, Triangles& inverse) {
    for (std::int64_t i = 1; i < d; ++i)
        for (std::int64_t j = 0; j < i; ++j) {
            Doubles sum = {};
            for (std::int64_t l = j; l < i; ++l) sum = fma(lower[i][l], inverse[l][j], sum);
            inverse[i][j] = -sum * inverse[i][i];
        }
}

// See `factor` of kernel.hpp.
inline bool factor_at_once(const double* matrices, std::int64_t n, std::int64_t d, double* lower,
                           double* inverse, double* log_determinants) {
    Triangles factors, inverses;
    for (std::int64_t k = 0; k < n; k += width<double>) {
        const std::int64_t count = std::min<std::int64_t>(width<double>, n - k), at = k * d * d;
        factors.take(matrices + at, count, d);
        Doubles logarithms;
        const Longs sound = factorise(factors, d, inverses, logarithms);
        for (std::int64_t t = 0; t < count; ++t) {
            if (!sound[t]) return false;
            log_determinants[k + t] = logarithms[t];
        }
        invert(factors, d, inverses);
        factors.give(count, d, lower + at);
        inverses.give(count, d, inverse + at);
    }
    return true;
}

}  // namespace mixtura::MIXTURA_ISA
