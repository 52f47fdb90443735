// Densities of one component at some registers of a tile's rows.
#pragma once

#include "mixtura/distances.hpp"
#include "mixtura/posterior.hpp"

namespace mixtura::MIXTURA_ISA {

// What a density must be above to matter: constant − ½ distance, by the row; nothing if null.
struct Worth {
    double constant;
    const double* above;  // (T,)
};

// Whether none of R registers can come above that any more, whose distances are these by now.
template <int R>
inline bool worthless(const Worth& worth, const std::int64_t* at, const Doubles* sum) {
    for (int v = 0; v < R; ++v) {
        const Doubles most = log_joint(sum[v], worth.constant), least = load(worth.above + at[v]);
        if (any_above(most, least)) return false;
    }
    return true;
}

// Where the registers begin that are asked for.
struct Asked {
    const std::int64_t* at;
    std::int64_t n;
};

// ‖W (x − μ)‖² of R registers, W diagonal, or one number.
template <int R, bool spherical>
inline void asked_diagonal(const Tile<double>& tile, const std::int64_t* at, const double* mean,
                           const double* scale, double* out) {
    Doubles sum[R] = {};
    for (std::int64_t j = 0; j < tile.n_features; ++j) {
        const double* x = tile.feature(j);
        const double centre = mean[j], factor = scale[spherical ? 0 : j];
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) {
            const Doubles z = (load(x + at[v]) - centre) * factor;
            sum[v] = fma(z, z, sum[v]);
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < R; ++v) store(out + v * width<double>, sum[v]);
}

// The same, W (D, D) lower triangular, D known to the compiler.
template <int R, int D>
inline void asked_few(const Tile<double>& tile, const std::int64_t* at, const double* mean,
                      const double* lower, double* out) {
    Doubles deviation[D][R], sum[R] = {};
#pragma GCC unroll 8
    for (int j = 0; j < D; ++j)
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) deviation[j][v] = load(tile.feature(j) + at[v]) - mean[j];
#pragma GCC unroll 8
    for (int j = 0; j < D; ++j) {
        Doubles whitened[R] = {};
#pragma GCC unroll 8
        for (int i = 0; i <= j; ++i)
#pragma GCC unroll 4
            for (int v = 0; v < R; ++v)
                whitened[v] = fma(all(lower[j * D + i]), deviation[i][v], whitened[v]);
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) sum[v] = fma(whitened[v], whitened[v], sum[v]);
    }
#pragma GCC unroll 4
    for (int v = 0; v < R; ++v) store(out + v * width<double>, sum[v]);
}

// `count` ≤ 4 rows j… of W, times deviations (D, R) in registers, squared, added to the sums.
template <int R, int count>
inline void asked_rows(const double* lower, std::int64_t d, std::int64_t j,
                       const double* deviations, Doubles* sum) {
    Doubles whitened[count][R] = {};
    const double* w = lower + j * d;
    for (std::int64_t i = 0; i < j + count; ++i) {
        Doubles x[R];
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) x[v] = load(deviations + (i * R + v) * width<double>);
#pragma GCC unroll 4
        for (int r = 0; r < count; ++r) {
            const Doubles factor = all(w[r * d + i]);
#pragma GCC unroll 4
            for (int v = 0; v < R; ++v) whitened[r][v] = fma(factor, x[v], whitened[r][v]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < count; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) sum[v] = fma(whitened[r][v], whitened[r][v], sum[v]);
}

// The same for any D; `deviations` (D, R) is scratch. Of what is worth nothing less than all.
template <int R>
inline void asked_many(const Tile<double>& tile, const std::int64_t* at, const double* mean,
                       const double* lower, const Worth& worth, double* deviations, double* out) {
    constexpr std::int64_t looking = 16;
    const std::int64_t d = tile.n_features;
    for (std::int64_t j = 0; j < d; ++j)
        for (int v = 0; v < R; ++v)
            store(deviations + (j * R + v) * width<double>,
                  load(tile.feature(j) + at[v]) - mean[j]);
    Doubles sum[R] = {};
    std::int64_t j = 0;
    for (; j + 4 <= d; j += 4) {
        asked_rows<R, 4>(lower, d, j, deviations, sum);
        if (worth.above && (j + 4) % looking == 0 && worthless<R>(worth, at, sum)) {
            for (int v = 0; v < R; ++v) store(out + v * width<double>, sum[v]);
            return;
        }
    }
    switch (d - j) {
        case 3: asked_rows<R, 3>(lower, d, j, deviations, sum); break;
        case 2: asked_rows<R, 2>(lower, d, j, deviations, sum); break;
        case 1: asked_rows<R, 1>(lower, d, j, deviations, sum); break;
        default: break;
    }
    for (int v = 0; v < R; ++v) store(out + v * width<double>, sum[v]);
}

// The squares of deviations (D, R) along `count` ≤ 4 directions, a column of U each, taken from the
// sums.
template <int R, int count>
inline void asked_directions(const double* u, std::int64_t d, std::int64_t stride,
                             const double* deviations, Doubles* sum) {
    Doubles along[count][R] = {};
    for (std::int64_t j = 0; j < d; ++j, u += stride) {
        Doubles x[R];
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) x[v] = load(deviations + (j * R + v) * width<double>);
#pragma GCC unroll 4
        for (int r = 0; r < count; ++r)
#pragma GCC unroll 4
            for (int v = 0; v < R; ++v) along[r][v] = fma(all(u[r]), x[v], along[r][v]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < count; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) sum[v] = fma(-along[r][v], along[r][v], sum[v]);
}

// Σ_j (x_j − μ_j)² / Ψ_j − ‖Uᵀ (x − μ)‖²; `packed` (D, H + 1) holds U, and 1/Ψ after it.
template <int R>
inline void asked_low_rank(const Tile<double>& tile, const std::int64_t* at, const double* mean,
                           const double* packed, std::int64_t n_factors, double* deviations,
                           double* out) {
    const std::int64_t d = tile.n_features, stride = n_factors + 1;
    Doubles sum[R] = {};
    for (std::int64_t j = 0; j < d; ++j) {
        const double inverse = packed[j * stride + n_factors];
#pragma GCC unroll 4
        for (int v = 0; v < R; ++v) {
            const Doubles z = load(tile.feature(j) + at[v]) - mean[j];
            store(deviations + (j * R + v) * width<double>, z);
            sum[v] = fma(z * inverse, z, sum[v]);
        }
    }
    std::int64_t h = 0;
    for (; h + 4 <= n_factors; h += 4)
        asked_directions<R, 4>(packed + h, d, stride, deviations, sum);
    switch (n_factors - h) {
        case 3: asked_directions<R, 3>(packed + h, d, stride, deviations, sum); break;
        case 2: asked_directions<R, 2>(packed + h, d, stride, deviations, sum); break;
        case 1: asked_directions<R, 1>(packed + h, d, stride, deviations, sum); break;
        default: break;
    }
    for (int v = 0; v < R; ++v)  // rounding of the difference may lie below 0
        store(out + v * width<double>, sum[v] < 0.0 ? Doubles{} : sum[v]);
}

// Squared distances from component k of the registers asked for, one after the other: out. Where
// that is worth nothing they may be less, but no less than makes that so.
class AskedDistances {
  public:
    explicit AskedDistances(const Components& c)
        : c_(c), deviations_(4 * width<double> * c.n_features) {}

    void to(const Tile<double>& tile, std::int64_t k, Asked asked, const double* above,
            double* out) {
        const Worth worth{c_.constants[k], above};
        for (; asked.n >= 4; asked.at += 4, asked.n -= 4, out += 4 * width<double>)
            some<4>(tile, k, asked.at, worth, out);
        switch (asked.n) {
            case 3: return some<3>(tile, k, asked.at, worth, out);
            case 2: return some<2>(tile, k, asked.at, worth, out);
            case 1: return some<1>(tile, k, asked.at, worth, out);
            default: return;
        }
    }

  private:
    template <int R>
    void some(const Tile<double>& tile, std::int64_t k, const std::int64_t* at, const Worth& worth,
              double* out) {
        const std::int64_t d = c_.n_features;
        const double *mean = c_.means + k * d, *w = c_.whitening;
        switch (c_.form) {
            case Form::diagonal: return asked_diagonal<R, false>(tile, at, mean, w + k * d, out);
            case Form::spherical: return asked_diagonal<R, true>(tile, at, mean, w + k, out);
            case Form::shared_triangular: break;
            case Form::triangular: w += k * d * d; break;
            case Form::low_rank:
                return asked_low_rank<R>(tile, at, mean, w + k * d * (c_.n_factors + 1),
                                         c_.n_factors, deviations_.data(), out);
        }
        switch (d) {
            case 1: return asked_few<R, 1>(tile, at, mean, w, out);
            case 2: return asked_few<R, 2>(tile, at, mean, w, out);
            case 3: return asked_few<R, 3>(tile, at, mean, w, out);
            case 4: return asked_few<R, 4>(tile, at, mean, w, out);
            default: return asked_many<R>(tile, at, mean, w, worth, deviations_.data(), out);
        }
    }

    Components c_;
    Buffer<double> deviations_;
};

}  // namespace mixtura::MIXTURA_ISA
