// Weighted moments of a tile's rows about a mean, added to sums in double.
#pragma once

#include <limits>
#include <vector>

#include "mixtura/tile.hpp"

namespace mixtura::MIXTURA_ISA {

// Where the sums of one component go.
struct Sums {
    double* weight;  // (1,)
    double* first;   // (D,)
    double* second;  // (D, D), of which the lower triangle is filled, or (D,)
};

// Up to this many features the moments of a component stay in registers.
constexpr int few_moments = 4;

// Full second moments for D features known to the compiler; shares (T,) in.
template <class S, int D>
[[gnu::noinline]] void moments_in_registers(const Tile<S>& tile, const double* mean,
                                            const S* shares, const Sums& sums) {
    Lanes<S> weight = {}, first[D] = {}, second[D * (D + 1) / 2] = {};
    for (std::int64_t s = 0; s < tile.steps; ++s) {
        const Lanes<S> share = load(shares + s * width<S>);
        weight += share;
        Lanes<S> deviation[D];
#pragma GCC unroll 4
        for (int j = 0, p = 0; j < D; ++j) {
            deviation[j] = Centre<S>(mean[j]).from(load(tile.feature(j) + s * width<S>));
            const Lanes<S> weighted = share * deviation[j];
            first[j] += weighted;
#pragma GCC unroll 4
            for (int i = 0; i <= j; ++i, ++p) second[p] = fma(weighted, deviation[i], second[p]);
        }
    }
    *sums.weight += total<S>(weight);
    for (int j = 0, p = 0; j < D; ++j) {
        sums.first[j] += total<S>(first[j]);
        for (int i = 0; i <= j; ++i, ++p) sums.second[j * D + i] += total<S>(second[p]);
    }
}

// Moments for any D. Registers of rows whose shares are all exactly zero are left out.
template <class S> class Moments {
  public:
    Moments(std::int64_t capacity, std::int64_t n_features)
        : capacity_(capacity), d_(n_features), shares_(capacity),
          deviations_(padded(n_features) * capacity), weighted_(padded(n_features) * capacity),
          kept_(static_cast<std::size_t>(capacity / width<S>)) {}

    void add(const Tile<S>& tile, const double* mean, const S* shares, bool diagonal,
             const Sums& sums) {
        if (!keep(tile, shares)) return;
        if (diagonal) return add_diagonal(tile, mean, sums);
        switch (d_) {
            case 1: return moments_in_registers<S, 1>(tile, mean, shares, sums);
            case 2: return moments_in_registers<S, 2>(tile, mean, shares, sums);
            case 3: return moments_in_registers<S, 3>(tile, mean, shares, sums);
            case 4: return moments_in_registers<S, 4>(tile, mean, shares, sums);
            default: return add_full(tile, mean, sums);
        }
    }

  private:
    // The registers of rows that count, and their shares side by side.
    bool keep(const Tile<S>& tile, const S* shares) {
        n_kept_ = 0;
        for (std::int64_t s = 0; s < tile.steps; ++s) {
            const Lanes<S> share = load(shares + s * width<S>);
            if (!any_nonzero<S>(share)) continue;
            store(shares_.data() + n_kept_ * width<S>, share);
            kept_[static_cast<std::size_t>(n_kept_++)] = s * width<S>;
        }
        return n_kept_ > 0;
    }

    double weight() {
        Lanes<S> sum = {};
        for (std::int64_t s = 0; s < n_kept_; ++s) sum += load(shares_.data() + s * width<S>);
        return total<S>(sum);
    }

    // Four features at once: their first and second moments are eight registers.
    void add_diagonal(const Tile<S>& tile, const double* mean, const Sums& sums) {
        *sums.weight += weight();
        for (std::int64_t j = 0; j < d_; j += 4) {
            const int count = static_cast<int>(std::min<std::int64_t>(4, d_ - j));
            Lanes<S> sum[std::max(8, width<S>)] = {};
            switch (count) {
                case 1: diagonal_sums<1>(tile, mean, j, sum); break;
                case 2: diagonal_sums<2>(tile, mean, j, sum); break;
                case 3: diagonal_sums<3>(tile, mean, j, sum); break;
                default: diagonal_sums<4>(tile, mean, j, sum);
            }
            S scalars[std::max(8, width<S>)];
            for (int at = 0; at < 8; at += width<S>) store(scalars + at, summed<S>(sum + at));
            for (int f = 0; f < count; ++f) {
                sums.first[j + f] += scalars[f];
                sums.second[j + f] += scalars[4 + f];
            }
        }
    }

    template <int count>
    void diagonal_sums(const Tile<S>& tile, const double* mean, std::int64_t j, Lanes<S>* sums) {
        Lanes<S> first[count] = {}, second[count] = {};
        for (std::int64_t s = 0; s < n_kept_; ++s) {
            const Lanes<S> share = load(shares_.data() + s * width<S>);
            const std::int64_t at = kept_[static_cast<std::size_t>(s)];
#pragma GCC unroll 4
            for (int f = 0; f < count; ++f) {
                const Lanes<S> deviation =
                    Centre<S>(mean[j + f]).from(load(tile.feature(j + f) + at));
                const Lanes<S> weighted = share * deviation;
                first[f] += weighted;
                second[f] = fma(weighted, deviation, second[f]);
            }
        }
        for (int f = 0; f < count; ++f) {
            sums[f] = first[f];
            sums[4 + f] = second[f];
        }
    }

    void add_full(const Tile<S>& tile, const double* mean, const Sums& sums) {
        *sums.weight += weight();
        for (std::int64_t j = 0; j < d_; ++j) {
            const Centre<S> centre(mean[j]);
            S* deviations = deviations_.data() + j * capacity_;
            S* weighted = weighted_.data() + j * capacity_;
            Lanes<S> first = {};
            for (std::int64_t s = 0; s < n_kept_; ++s) {
                const Lanes<S> deviation =
                    centre.from(load(tile.feature(j) + kept_[static_cast<std::size_t>(s)]));
                const Lanes<S> product = load(shares_.data() + s * width<S>) * deviation;
                store(deviations + s * width<S>, deviation);
                store(weighted + s * width<S>, product);
                first += product;
            }
            sums.first[j] += total<S>(first);
        }
        for (std::int64_t i = 0; i < d_; i += 4)
            for (std::int64_t j = 0; j <= i; j += 4) add_square(i, j, sums.second);
    }

    // Sixteen entries (i..i+3, j..j+3) of the second moment, j ≤ i; what lies outside the lower
    // triangle is dropped. Features beyond D are zero in the scratch.
    void add_square(std::int64_t i, std::int64_t j, double* second) {
        constexpr int unit = std::max(16, width<S>);
        Lanes<S> sum[unit] = {};
        const S* left = weighted_.data() + i * capacity_;
        const S* right = deviations_.data() + j * capacity_;
        for (std::int64_t s = 0; s < n_kept_; ++s, left += width<S>, right += width<S>) {
            Lanes<S> column[4];
#pragma GCC unroll 4
            for (int c = 0; c < 4; ++c) column[c] = load(right + c * capacity_);
#pragma GCC unroll 4
            for (int r = 0; r < 4; ++r) {
                const Lanes<S> row = load(left + r * capacity_);
#pragma GCC unroll 4
                for (int c = 0; c < 4; ++c) sum[4 * r + c] = fma(row, column[c], sum[4 * r + c]);
            }
        }
        S scalars[unit];
        for (int at = 0; at < 16; at += width<S>) store(scalars + at, summed<S>(sum + at));
        for (std::int64_t r = 0; r < 4 && i + r < d_; ++r)
            for (std::int64_t c = 0; c < 4 && j + c <= i + r; ++c)
                second[(i + r) * d_ + j + c] += scalars[4 * r + c];
    }

    std::int64_t capacity_, d_, n_kept_ = 0;
    Buffer<S> shares_, deviations_, weighted_;
    std::vector<std::int64_t> kept_;  // where each register that counts begins in the tile
};

// The moments of rows that belong wholly to one component each, but not of those that score −∞;
// means (K, D), sums of all K.
template <class S>
inline void add_hard(const S* rows, std::int64_t n_rows, std::int64_t d, const double* weights,
                     const std::int64_t* labels, const double* scores, const double* means,
                     bool diagonal, const Sums& sums, double* deviation) {
    for (std::int64_t i = 0; i < n_rows; ++i) {
        if (scores[i] < std::numeric_limits<double>::lowest()) continue;
        const std::int64_t k = labels[i];
        const double weight = weights ? weights[i] : 1.0;
        const S* row = rows + i * d;
        const double* mean = means + k * d;
        double* first = sums.first + k * d;
        sums.weight[k] += weight;
        for (std::int64_t j = 0; j < d; ++j) {
            deviation[j] = static_cast<double>(row[j]) - mean[j];
            first[j] += weight * deviation[j];
        }
        if (diagonal) {
            double* second = sums.second + k * d;
            for (std::int64_t j = 0; j < d; ++j) second[j] += weight * deviation[j] * deviation[j];
            continue;
        }
        double* second = sums.second + k * d * d;
        for (std::int64_t j = 0; j < d; ++j) {
            const double weighted = weight * deviation[j];
            for (std::int64_t l = 0; l <= j; ++l) second[j * d + l] += weighted * deviation[l];
        }
    }
}

}  // namespace mixtura::MIXTURA_ISA
