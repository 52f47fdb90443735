// Squared Mahalanobis distances of a tile's rows from every component.
#pragma once

#include <optional>

#include "mixtura/kernel.hpp"
#include "mixtura/tile.hpp"

namespace mixtura::MIXTURA_ISA {

// The inverse factors, laid out for the loops below, in the rows' own type.
template <class S> class Whitening {
  public:
    explicit Whitening(const Components& c)
        : form_(c.form), d_(c.n_features), shared_(c.form == Form::shared_triangular),
          values_(static_cast<std::int64_t>(copies(c)) * stride(c)) {
        set(c);
    }
    // Other components of the same form and shape.
    void set(const Components& c) {
        for (std::int64_t k = 0; k < copies(c); ++k) pack(c, k);
    }
    const S* of(std::int64_t k) const { return values_.data() + (shared_ ? 0 : k) * stride_; }

  private:
    static std::int64_t copies(const Components& c) {
        return c.form == Form::shared_triangular ? 1 : c.n_components;
    }
    // Triangular: few features have their lower triangle row by row; more have panels of four
    // rows, column by column, zero above the diagonal. Low rank: 1/Ψ, then panels of four
    // directions, feature by feature.
    std::int64_t stride(const Components& c) {
        const std::int64_t d = c.n_features, q = padded(d) / 4;
        switch (c.form) {
            case Form::diagonal: return stride_ = d;
            case Form::spherical: return stride_ = 1;
            case Form::low_rank: return stride_ = d * (padded(c.n_factors) + 1);
            default: return stride_ = d <= few ? d * (d + 1) / 2 : 16 * (q * (q + 1) / 2);
        }
    }
    void pack(const Components& c, std::int64_t k) {
        S* to = values_.data() + k * stride_;
        if (form_ == Form::diagonal || form_ == Form::spherical) {
            for (std::int64_t i = 0; i < stride_; ++i)
                *to++ = static_cast<S>(c.whitening[k * stride_ + i]);
            return;
        }
        if (form_ == Form::low_rank) {
            const std::int64_t h = c.n_factors;
            const double* from = c.whitening + k * d_ * (h + 1);  // (D, H + 1)
            for (std::int64_t j = 0; j < d_; ++j) *to++ = static_cast<S>(from[j * (h + 1) + h]);
            for (std::int64_t i = 0; i < h; i += 4)
                for (std::int64_t j = 0; j < d_; ++j)
                    for (std::int64_t r = i; r < i + 4; ++r)
                        *to++ = r < h ? static_cast<S>(from[j * (h + 1) + r]) : S(0);
            return;
        }
        const double* lower = c.whitening + k * d_ * d_;  // (D, D)
        if (d_ <= few) {
            for (std::int64_t j = 0; j < d_; ++j)
                for (std::int64_t i = 0; i <= j; ++i) *to++ = static_cast<S>(lower[j * d_ + i]);
            return;
        }
        for (std::int64_t j = 0; j < d_; j += 4)
            for (std::int64_t i = 0; i < j + 4; ++i)
                for (std::int64_t r = j; r < j + 4; ++r)
                    *to++ = r < d_ && i <= r ? static_cast<S>(lower[r * d_ + i]) : S(0);
    }

    Form form_;
    std::int64_t d_, stride_ = 0;
    bool shared_;
    Buffer<S> values_;
};

// ‖W (x − μ)‖² for D features known to the compiler, W row by row; all of a tile: out (T,).
template <class S, int D>
[[gnu::noinline]] void few_features(const Tile<S>& tile, const double* mean, const S* factor,
                                    S* out) {
    // registers of rows at once
    constexpr int rows = D <= 2 ? 4 : D <= 4 || MIXTURA_LANES_BYTES == 64 ? 2 : 1;
    for (std::int64_t at = 0; at < tile.size; at += rows * width<S>) {
        Lanes<S> deviation[D][rows], sum[rows] = {};
#pragma GCC unroll 8
        for (int j = 0; j < D; ++j) {
            const Centre<S> centre(mean[j]);
#pragma GCC unroll 4
            for (int v = 0; v < rows; ++v)
                deviation[j][v] = centre.from(load(tile.feature(j) + at + v * width<S>));
        }
        const S* w = factor;
#pragma GCC unroll 8
        for (int j = 0; j < D; ++j) {
            Lanes<S> whitened[rows] = {};
#pragma GCC unroll 8
            for (int i = 0; i <= j; ++i, ++w)
#pragma GCC unroll 4
                for (int v = 0; v < rows; ++v)
                    whitened[v] =
                        i ? fma(all(*w), deviation[i][v], whitened[v]) : *w * deviation[i][v];
#pragma GCC unroll 4
            for (int v = 0; v < rows; ++v)
                sum[v] = j ? fma(whitened[v], whitened[v], sum[v]) : whitened[v] * whitened[v];
        }
#pragma GCC unroll 4
        for (int v = 0; v < rows; ++v) store(out + at + v * width<S>, sum[v]);
    }
}

// ‖W (x − μ)‖² for any D, W in panels of four rows; deviations (D, group) is scratch.
template <class S>
[[gnu::noinline]] void many_features(const Tile<S>& tile, const double* mean, const S* panels,
                                     S* deviations, S* out) {
    constexpr int rows = rows_at_once;
    const std::int64_t d = tile.n_features;
    for (std::int64_t at = 0; at < tile.size; at += group<S>) {
        for (std::int64_t j = 0; j < d; ++j) {
            const Centre<S> centre(mean[j]);
            for (int v = 0; v < rows; ++v)
                store(deviations + j * group<S> + v * width<S>,
                      centre.from(load(tile.feature(j) + at + v * width<S>)));
        }
        Lanes<S> sum[rows] = {};
        const S* w = panels;
        for (std::int64_t j = 0; j < d; j += 4) {
            Lanes<S> whitened[4][rows] = {};
            const std::int64_t columns = j + 4;  // those beyond D are zero in W, and in scratch
            for (std::int64_t i = 0; i < columns; ++i, w += 4) {
                Lanes<S> deviation[rows];
#pragma GCC unroll 4
                for (int v = 0; v < rows; ++v)
                    deviation[v] = load(deviations + i * group<S> + v * width<S>);
#pragma GCC unroll 4
                for (int r = 0; r < 4; ++r) {
                    const Lanes<S> factor = all(w[r]);
#pragma GCC unroll 4
                    for (int v = 0; v < rows; ++v)
                        whitened[r][v] = fma(factor, deviation[v], whitened[r][v]);
                }
            }
#pragma GCC unroll 4
            for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
                for (int v = 0; v < rows; ++v) sum[v] = fma(whitened[r][v], whitened[r][v], sum[v]);
        }
        for (int v = 0; v < rows; ++v) store(out + at + v * width<S>, sum[v]);
    }
}

// Σ_j (x_j − μ_j)² / Ψ_j − ‖Uᵀ (x − μ)‖² for H directions, U in panels of four; deviations (D,
// group) is scratch.
template <class S>
[[gnu::noinline]] void low_rank_features(const Tile<S>& tile, const double* mean, const S* packed,
                                         std::int64_t n_factors, S* deviations, S* out) {
    constexpr int rows = rows_at_once;
    const std::int64_t d = tile.n_features;
    for (std::int64_t at = 0; at < tile.size; at += group<S>) {
        Lanes<S> sum[rows] = {};
        for (std::int64_t j = 0; j < d; ++j) {
            const Centre<S> centre(mean[j]);
            const Lanes<S> inverse = all(packed[j]);
#pragma GCC unroll 4
            for (int v = 0; v < rows; ++v) {
                const Lanes<S> z = centre.from(load(tile.feature(j) + at + v * width<S>));
                store(deviations + j * group<S> + v * width<S>, z);
                sum[v] = fma(z * inverse, z, sum[v]);
            }
        }
        const S* u = packed + d;
        for (std::int64_t h = 0; h < n_factors; h += 4) {
            Lanes<S> along[4][rows] = {};
            for (std::int64_t j = 0; j < d; ++j, u += 4) {
                Lanes<S> deviation[rows];
#pragma GCC unroll 4
                for (int v = 0; v < rows; ++v)
                    deviation[v] = load(deviations + j * group<S> + v * width<S>);
#pragma GCC unroll 4
                for (int r = 0; r < 4; ++r) {
                    const Lanes<S> factor = all(u[r]);
#pragma GCC unroll 4
                    for (int v = 0; v < rows; ++v)
                        along[r][v] = fma(factor, deviation[v], along[r][v]);
                }
            }
#pragma GCC unroll 4
            for (int r = 0; r < 4; ++r)
#pragma GCC unroll 4
                for (int v = 0; v < rows; ++v) sum[v] = fma(-along[r][v], along[r][v], sum[v]);
        }
        // Rounding of the difference may lie below 0; NaN, of far rows, is to stay.
        for (int v = 0; v < rows; ++v)
            store(out + at + v * width<S>, sum[v] < 0.0 ? Lanes<S>{} : sum[v]);
    }
}

// Σ_j ((x_j − μ_j)·scale_j)² for `count` ≤ 4 components at once, so that a row is loaded once for
// all: out[c] (T,). A spherical component multiplies by its one scale at the end.
template <class S, int count, bool spherical>
inline void diagonal_features(const Tile<S>& tile, const double* const* means,
                              const S* const* scales, S* const* out) {
    constexpr int rows = 2;
    for (std::int64_t at = 0; at < tile.size; at += rows * width<S>) {
        Lanes<S> sum[count][rows] = {};
        for (std::int64_t j = 0; j < tile.n_features; ++j) {
            Lanes<S> x[rows];
#pragma GCC unroll 2
            for (int v = 0; v < rows; ++v) x[v] = load(tile.feature(j) + at + v * width<S>);
#pragma GCC unroll 4
            for (int c = 0; c < count; ++c) {
                const Centre<S> centre(means[c][j]);
                const Lanes<S> scale = all(scales[c][spherical ? 0 : j]);
#pragma GCC unroll 2
                for (int v = 0; v < rows; ++v) {
                    const Lanes<S> z = centre.from(x[v]) * scale;
                    sum[c][v] = fma(z, z, sum[c][v]);
                }
            }
        }
#pragma GCC unroll 4
        for (int c = 0; c < count; ++c)
#pragma GCC unroll 2
            for (int v = 0; v < rows; ++v) store(out[c] + at + v * width<S>, sum[c][v]);
    }
}

// One whitening W for all components: with z = W (x − c) and ζ_k = W (μ_k − c) the distance is
// ‖z − ζ_k‖², D operations a component and not D²/2.
//
// The difference cancels as many digits as ‖ζ_k‖ has before the point, so this is used only where
// all components lie near their common centre c, the mean of the means.
template <class S> class SharedWhitening {
  public:
    SharedWhitening(const Components& c, std::int64_t capacity)
        : d_(c.n_features), factor_(d_ * d_), tile_(capacity, d_), centre_(d_),
          means_(c.n_components * d_) {
        set(c);
    }

    // Other components of the same shape.
    void set(const Components& c) {
        std::fill_n(centre_.data(), d_, 0.0);
        for (std::int64_t k = 0; k < c.n_components; ++k)
            for (std::int64_t j = 0; j < d_; ++j)
                centre_[j] += c.means[k * d_ + j] / static_cast<double>(c.n_components);
        for (std::int64_t i = 0; i < d_ * d_; ++i) factor_[i] = static_cast<S>(c.whitening[i]);
        double farthest = 0.0;
        for (std::int64_t k = 0; k < c.n_components; ++k) {
            double norm = 0.0;
            for (std::int64_t j = 0; j < d_; ++j) {
                double sum = 0.0;
                for (std::int64_t i = 0; i <= j; ++i)
                    sum += c.whitening[j * d_ + i] * (c.means[k * d_ + i] - centre_[i]);
                means_[k * d_ + j] = sum;
                norm += sum * sum;
            }
            farthest = std::max(farthest, norm);
        }
        near_ = c.n_components > 1 && farthest <= reach * reach;
    }

    // Whether the components lie within `reach` standard deviations of their centre.
    bool near() const { return near_; }
    const double* mean(std::int64_t k) const { return means_.data() + k * d_; }

    // The tile's rows, whitened about the centre.
    const Tile<S>& whitened(const Tile<S>& tile) {
        tile_.size = tile.size;
        tile_.steps = tile.steps;
        for (std::int64_t at = 0; at < tile.size; at += 2 * width<S>)
            for (std::int64_t j = 0; j < d_; ++j) {
                Lanes<S> sum[2] = {};
                for (std::int64_t i = 0; i <= j; ++i) {
                    const Centre<S> centre(centre_[i]);
                    const Lanes<S> w = all(factor_[j * d_ + i]);
                    for (int v = 0; v < 2; ++v)
                        sum[v] =
                            fma(w, centre.from(load(tile.feature(i) + at + v * width<S>)), sum[v]);
                }
                for (int v = 0; v < 2; ++v) store(tile_.feature(j) + at + v * width<S>, sum[v]);
            }
        return tile_;
    }

  private:
    static constexpr double reach = 32.0;
    std::int64_t d_;
    Buffer<S> factor_;
    Tile<S> tile_;
    Buffer<double> centre_, means_;
    bool near_ = false;
};

// Everything that the distances of one set of components need.
template <class S> class Distances {
  public:
    Distances(const Components& c, std::int64_t capacity)
        : c_(c), whitening_(c), deviations_(padded(c.n_features) * granule<S>) {
        if (c.form == Form::shared_triangular) shared_.emplace(c, capacity);
    }

    // Other components of the same form and shape.
    void set(const Components& c) {
        c_ = c;
        whitening_.set(c);
        if (shared_) shared_->set(c);
    }

    // Squared distances of a tile's rows from all components: out (K, T).
    void to(const Tile<S>& tile, S* out) {
        switch (c_.form) {
            case Form::diagonal: return diagonal<false>(tile, c_.means, out);
            case Form::spherical: return diagonal<true>(tile, c_.means, out);
            case Form::shared_triangular:
                if (shared_->near())
                    return diagonal<true>(shared_->whitened(tile), shared_->mean(0), out);
                break;
            case Form::triangular: break;
            case Form::low_rank: return low_rank(tile, out);
        }
        for (std::int64_t k = 0; k < c_.n_components; ++k)
            triangular(tile, c_.means + k * c_.n_features, whitening_.of(k),
                       out + k * tile.capacity);
    }

  private:
    // Four components at a time; means (K, D).
    template <bool spherical> void diagonal(const Tile<S>& tile, const double* means, S* out) {
        const S one = 1;
        for (std::int64_t k = 0; k < c_.n_components; k += 4) {
            const double* mean[4];
            const S* scale[4];
            S* to[4];
            const int count = static_cast<int>(std::min<std::int64_t>(4, c_.n_components - k));
            for (int i = 0; i < count; ++i) {
                mean[i] = means + (k + i) * c_.n_features;
                scale[i] = shared_ ? &one : whitening_.of(k + i);
                to[i] = out + (k + i) * tile.capacity;
            }
            switch (count) {
                case 1: diagonal_features<S, 1, spherical>(tile, mean, scale, to); break;
                case 2: diagonal_features<S, 2, spherical>(tile, mean, scale, to); break;
                case 3: diagonal_features<S, 3, spherical>(tile, mean, scale, to); break;
                default: diagonal_features<S, 4, spherical>(tile, mean, scale, to);
            }
        }
    }

    void low_rank(const Tile<S>& tile, S* out) {
        for (std::int64_t k = 0; k < c_.n_components; ++k)
            low_rank_features(tile, c_.means + k * c_.n_features, whitening_.of(k), c_.n_factors,
                              deviations_.data(), out + k * tile.capacity);
    }

    void triangular(const Tile<S>& tile, const double* mean, const S* w, S* out) {
        switch (c_.n_features) {
            case 1: return few_features<S, 1>(tile, mean, w, out);
            case 2: return few_features<S, 2>(tile, mean, w, out);
            case 3: return few_features<S, 3>(tile, mean, w, out);
            case 4: return few_features<S, 4>(tile, mean, w, out);
            case 5: return few_features<S, 5>(tile, mean, w, out);
            case 6: return few_features<S, 6>(tile, mean, w, out);
            case 7: return few_features<S, 7>(tile, mean, w, out);
            case 8: return few_features<S, 8>(tile, mean, w, out);
            default: return many_features(tile, mean, w, deviations_.data(), out);
        }
    }

    Components c_;
    Whitening<S> whitening_;
    std::optional<SharedWhitening<S>> shared_;
    Buffer<S> deviations_;
};

}  // namespace mixtura::MIXTURA_ISA
