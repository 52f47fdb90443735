// Triangles: lower triangles of small matrices, a matrix in each lane, and Cholesky factors of
// them.
#pragma once

#include <algorithm>
#include <limits>

#include "mixtura/kernel.hpp"
#include "mixtura/mathematics.hpp"

namespace mixtura::MIXTURA_ISA {

struct Triangles {
    explicit Triangles(std::int64_t d) : d(d) {}
    Doubles* operator[](std::int64_t i) { return entries + i * d; }
    const Doubles* operator[](std::int64_t i) const { return entries + i * d; }

    // Of n matrices (n, D, D), of which the last fills the lanes left as well.
    void take(const double* matrices, std::int64_t n) {
        const std::int64_t size = d * d;
        const auto matrix = [&](std::int64_t t) { return matrices + (t < n ? t : n - 1) * size; };
        for (std::int64_t at = 0; at < size; at += width<double>) {
            const std::int64_t from = std::min(at, size - width<double>);
            if (from < 0) return take_singly(matrix);
            Doubles* square = entries + from;
            for (std::int64_t t = 0; t < width<double>; ++t) square[t] = load(matrix(t) + from);
            transpose<double>(square);
        }
    }
    // Above the diagonal it becomes zero.
    void give(std::int64_t n, double* matrices) {
        const std::int64_t size = d * d;
        for (std::int64_t i = 0; i < d; ++i)
            std::fill((*this)[i] + i + 1, (*this)[i] + d, Doubles{});
        for (std::int64_t at = 0; at < size; at += width<double>) {
            const std::int64_t to = std::min(at, size - width<double>);
            if (to < 0) return give_singly(n, matrices);
            Doubles square[width<double>];
            std::copy_n(entries + to, width<double>, square);
            transpose<double>(square);
            for (std::int64_t t = 0; t < n; ++t) store(matrices + t * size + to, square[t]);
        }
    }

    std::int64_t d;
    Doubles entries[most_at_once * most_at_once];

  private:
    // Of matrices with fewer entries than a register has.
    template <class Matrix> void take_singly(const Matrix& matrix) {
        for (std::int64_t i = 0; i < d * d; ++i)
            for (std::int64_t t = 0; t < width<double>; ++t) entries[i][t] = matrix(t)[i];
    }
    void give_singly(std::int64_t n, double* matrices) const {
        for (std::int64_t t = 0; t < n; ++t)
            for (std::int64_t i = 0; i < d * d; ++i) *matrices++ = entries[i][t];
    }
};

// L in place of A = L Lᵀ, column by column; 1/L_jj on the diagonal of `inverse`, and log|L|. Which
// lanes' matrices are positive definite, and finite.
inline Longs factorise(Triangles& lower, Triangles& inverse, Doubles& log_determinants) {
    const std::int64_t d = lower.d;
    Longs sound = Longs{} - 1;
    log_determinants = Doubles{};
    for (std::int64_t j = 0; j < d; ++j) {
        for (std::int64_t i = j; i < d; ++i) {
            Doubles left = lower[i][j];
            for (std::int64_t l = 0; l < j; ++l) left = fma(-lower[i][l], lower[j][l], left);
            lower[i][j] = left;
        }
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
inline void invert(const Triangles& lower, Triangles& inverse) {
    for (std::int64_t i = 1; i < lower.d; ++i)
        for (std::int64_t j = 0; j < i; ++j) {
            Doubles sum = {};
            for (std::int64_t l = j; l < i; ++l) sum = fma(lower[i][l], inverse[l][j], sum);
            inverse[i][j] = -sum * inverse[i][i];
        }
}

// See `factor` of kernel.hpp.
inline bool factor_at_once(const double* matrices, std::int64_t n, std::int64_t d, double* lower,
                           double* inverse, double* log_determinants) {
    Triangles factors(d), inverses(d);
    for (std::int64_t k = 0; k < n; k += width<double>) {
        const std::int64_t count = std::min<std::int64_t>(width<double>, n - k), at = k * d * d;
        factors.take(matrices + at, count);
        Doubles logarithms;
        const Longs sound = factorise(factors, inverses, logarithms);
        for (std::int64_t t = 0; t < count; ++t) {
            if (!sound[t]) return false;
            log_determinants[k + t] = logarithms[t];
        }
        invert(factors, inverses);
        factors.give(count, lower + at);
        inverses.give(count, inverse + at);
    }
    return true;
}

}  // namespace mixtura::MIXTURA_ISA
