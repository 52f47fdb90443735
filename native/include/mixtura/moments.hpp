// Weighted moments of a tile's rows about a mean, added to sums in double.
#pragma once

#include <limits>
#include <utility>
#include <vector>

#include "mixtura/tile.hpp"

namespace mixtura::MIXTURA_ISA {

// Where the sums of one component go.
struct Sums {
    double* weight;  // (1,)
    double* first;   // (D,)
    double* second;  // (D, D), of which the lower triangle is filled; (D,); or (D, H + 1)
    const double* directions = nullptr;  // (D, H + 1), as of `Results`
};

// What each row of a tile counts for a component: e · share.
template <class S> struct Shares {
    const S* e;      // (T,)
    const S* share;  // (T,)
    Lanes<S> at(std::int64_t i) const { return load(e + i) * load(share + i); }
};

// How many sums a component of D features has: its weight, first and full second moments.
constexpr std::int64_t n_sums(std::int64_t d) { return 1 + d + d * (d + 1) / 2; }

// Where sums in lanes go: registers of double, in the order weight, first, second. What is there
// before is added to; but of the first tile's sums it is nothing, whatever is there.
struct Kept {
    Kept(double* lanes, bool begun)
        : to(lanes), from(begun ? lanes : none), stride(begun ? width<double> : 0) {}
    // Sums of registers of rows, in double: two registers a register of float.
    template <class S> void add(std::int64_t i, Lanes<S> lanes) const {
        const Doubles before = load(from + i * stride);
        if constexpr (sizeof(S) == sizeof(double)) store(to + i * width<double>, before + lanes);
        else store(to + i * width<double>, before + (widened(lanes, 0) + widened(lanes, 1)));
    }
    double* to;
    const double* from;
    std::int64_t stride;
    alignas(64) static constexpr double none[width<double>] = {};
};

// First and full second moments of features from…D−1, with all up to D−1, in registers: the rows
// from…D−1 of the triangle, and the weight with the first of them. What each row counts the first
// of several parts leaves in `counted` (T,) for the others.
template <class S, int D, int from, int n_features>
[[gnu::noinline]] void moments_in_registers(const Tile<S>& tile, const double* mean,
                                            const Shares<S> shares, S* counted, const Kept kept) {
    constexpr int rows = D - from, before = from * (from + 1) / 2;
    Lanes<S> weight = {}, first[rows] = {}, second[D * (D + 1) / 2 - before] = {};
    const S* features = tile.feature(0);
    const std::int64_t capacity = tile.capacity, end = tile.steps * width<S>;
    for (std::int64_t at = 0; at < end; at += width<S>) {
        const auto deviation_of = [&](int j) {
            return Centre<S>(mean[j]).from(load(features + j * capacity + at));
        };
        const Lanes<S> share = from ? load(counted + at) : shares.at(at);
        if constexpr (from == 0 && D < n_features) store(counted + at, share);
        if (!any_nonzero<S>(share)) continue;
        if constexpr (from == 0) weight += share;
        Lanes<S> weighted[rows];
#pragma GCC unroll 8
        for (int j = from; j < D; ++j) {
            weighted[j - from] = share * deviation_of(j);
            first[j - from] += weighted[j - from];
        }
#pragma GCC unroll 8
        for (int i = 0; i < D; ++i) {
            const Lanes<S> deviation = deviation_of(i);
#pragma GCC unroll 8
            for (int j = i > from ? i : from; j < D; ++j) {
                Lanes<S>& sum = second[j * (j + 1) / 2 + i - before];
                sum = fma(weighted[j - from], deviation, sum);
            }
        }
    }
    if constexpr (from == 0) kept.add<S>(0, weight);
#pragma GCC unroll 8
    for (int j = 0; j < rows; ++j) kept.add<S>(1 + from + j, first[j]);
#pragma GCC unroll 36
    for (int p = 0; p < D * (D + 1) / 2 - before; ++p)
        kept.add<S>(1 + n_features + before + p, second[p]);
}

// Moments for any D, of K components. Registers of rows whose shares are all exactly zero are left
// out.
template <class S> class Moments {
  public:
    Moments(std::int64_t capacity, std::int64_t n_features, std::int64_t n_components,
            bool diagonal, std::int64_t n_directions = 0)
        : capacity_(capacity), d_(n_features), h_(n_directions), diagonal_(diagonal),
          few_(!diagonal && !n_directions && n_features <= few), shares_(capacity),
          deviations_(few_ ? 0 : padded(n_features) * capacity),
          weighted_(few_ ? 0 : padded(n_features) * capacity),
          lanes_(few_ ? (n_components * n_sums(n_features) + width<double>)*width<double> : 0),
          begun_(static_cast<std::size_t>(few_ ? n_components : 0)),
          along_(padded(n_directions) * capacity), panels_(padded(n_directions) * n_features),
          kept_(static_cast<std::size_t>(capacity / width<S>)) {}

    void add(const Tile<S>& tile, const double* mean, const Shares<S>& shares, std::int64_t k,
             const Sums& sums) {
        if (few_) {
            char& begun = begun_[static_cast<std::size_t>(k)];
            const Kept kept(lanes_.data() + k * n_sums(d_) * width<double>, begun);
            begun = true;
            switch (d_) {
                case 1: return in_registers<1>(tile, mean, shares, kept);
                case 2: return in_registers<2>(tile, mean, shares, kept);
                case 3: return in_registers<3>(tile, mean, shares, kept);
                case 4: return in_registers<4>(tile, mean, shares, kept);
                case 5: return in_registers<5>(tile, mean, shares, kept);
                case 6: return in_registers<6>(tile, mean, shares, kept);
                case 7: return in_registers<7>(tile, mean, shares, kept);
                case 8: return in_registers<8>(tile, mean, shares, kept);
            }
        }
        if (!keep(tile, shares)) return;
        if (sums.directions) add_along(tile, mean, sums);
        else if (diagonal_) add_diagonal(tile, mean, sums);
        else add_full(tile, mean, sums);
    }

    // After the last tile: component k's sums that were kept in lanes until then.
    void finish(std::int64_t k, const Sums& sums) {
        if (!few_ || !std::exchange(begun_[static_cast<std::size_t>(k)], false)) return;
        const std::int64_t n = n_sums(d_);
        const double* lanes = lanes_.data() + k * n * width<double>;
        double totals[n_sums(few) + width<double>];
        for (std::int64_t at = 0; at < n; at += width<double>) {
            Doubles several[width<double>];
            for (std::int64_t t = 0; t < width<double>; ++t)
                several[t] = load(lanes + (at + t) * width<double>);
            store(totals + at, summed<double>(several));
        }
        const double* next = totals;
        *sums.weight += *next++;
        for (std::int64_t j = 0; j < d_; ++j) sums.first[j] += *next++;
        for (std::int64_t j = 0; j < d_; ++j)
            for (std::int64_t i = 0; i <= j; ++i) sums.second[j * d_ + i] += *next++;
    }

  private:
    // More than five features have more sums than registers: the triangle's upper rows, then the
    // others.
    template <int D>
    void in_registers(const Tile<S>& tile, const double* mean, const Shares<S>& shares,
                      const Kept& kept) {
        S* counted = shares_.data();
        if constexpr (D <= 5) {
            moments_in_registers<S, D, 0, D>(tile, mean, shares, counted, kept);
        } else {
            constexpr int upper = D == 8 ? 5 : D - 2;
            moments_in_registers<S, upper, 0, D>(tile, mean, shares, counted, kept);
            moments_in_registers<S, D, upper, D>(tile, mean, shares, counted, kept);
        }
    }

    // The registers of rows that count, and their shares side by side.
    bool keep(const Tile<S>& tile, const Shares<S>& shares) {
        n_kept_ = 0;
        for (std::int64_t at = 0; at < tile.steps * width<S>; at += width<S>) {
            const Lanes<S> share = shares.at(at);
            if (!any_nonzero<S>(share)) continue;
            store(shares_.data() + n_kept_ * width<S>, share);
            kept_[static_cast<std::size_t>(n_kept_++)] = at;
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
        gather(tile, mean, sums);
        for (std::int64_t i = 0; i < d_; i += 4)
            for (std::int64_t j = 0; j <= i; j += 4) {
                S products[unit];
                multiply(i, deviations_.data() + j * capacity_, products);
                for (std::int64_t r = 0; r < 4 && i + r < d_; ++r)
                    for (std::int64_t c = 0; c < 4 && j + c <= i + r; ++c)
                        sums.second[(i + r) * d_ + j + c] += products[4 * r + c];
            }
    }

    // S U = Σ q d (Uᵀ d)ᵀ, and the diagonal of S.
    void add_along(const Tile<S>& tile, const double* mean, const Sums& sums) {
        gather(tile, mean, sums);
        const std::int64_t stride = h_ + 1;
        for (std::int64_t j = 0; j < d_; ++j) {
            const S* weighted = weighted_.data() + j * capacity_;
            const S* deviations = deviations_.data() + j * capacity_;
            Lanes<S> second = {};
            for (std::int64_t s = 0; s < n_kept_; ++s)
                second =
                    fma(load(weighted + s * width<S>), load(deviations + s * width<S>), second);
            sums.second[j * stride + h_] += total<S>(second);
        }
        for (std::int64_t h = 0; h < h_; h += 4) {
            S* panel = panels_.data();
            for (std::int64_t j = 0; j < d_; ++j)
                for (std::int64_t r = h; r < h + 4; ++r)
                    *panel++ = r < h_ ? static_cast<S>(sums.directions[j * stride + r]) : S(0);
            std::int64_t s = 0;
            for (; s + 2 <= n_kept_; s += 2) project<2>(h, s);
            if (s < n_kept_) project<1>(h, s);
        }
        for (std::int64_t i = 0; i < d_; i += 4)
            for (std::int64_t h = 0; h < h_; h += 4) {
                S products[unit];
                multiply(i, along_.data() + h * capacity_, products);
                for (std::int64_t r = 0; r < 4 && i + r < d_; ++r)
                    for (std::int64_t c = 0; c < 4 && h + c < h_; ++c)
                        sums.second[(i + r) * stride + h + c] += products[4 * r + c];
            }
    }

    // Four directions h… of R registers of rows from the s-th on: Uᵀ d.
    template <int R> void project(std::int64_t h, std::int64_t s) {
        Lanes<S> sum[4][R] = {};
        const S* u = panels_.data();
        for (std::int64_t j = 0; j < d_; ++j, u += 4) {
            Lanes<S> deviation[R];
#pragma GCC unroll 2
            for (int v = 0; v < R; ++v)
                deviation[v] = load(deviations_.data() + j * capacity_ + (s + v) * width<S>);
#pragma GCC unroll 4
            for (int r = 0; r < 4; ++r)
#pragma GCC unroll 2
                for (int v = 0; v < R; ++v) sum[r][v] = fma(all(u[r]), deviation[v], sum[r][v]);
        }
        for (int r = 0; r < 4; ++r)
            for (int v = 0; v < R; ++v)
                store(along_.data() + (h + r) * capacity_ + (s + v) * width<S>, sum[r][v]);
    }

    // Weight and first moments; deviations of the rows that count, and those times their shares.
    void gather(const Tile<S>& tile, const double* mean, const Sums& sums) {
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
    }

    // Σ over rows of four features i… times their shares with four rows of scratch: (4, 4).
    // Features beyond D are zero in the scratch.
    [[gnu::always_inline]] void multiply(std::int64_t i, const S* right, S* products) const {
        Lanes<S> sum[unit] = {};
        const S* left = weighted_.data() + i * capacity_;
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
#pragma GCC unroll 8
        for (int at = 0; at < 16; at += width<S>) store(products + at, summed<S>(sum + at));
    }

    static constexpr int unit = std::max(16, width<S>);
    std::int64_t capacity_, d_, h_, n_kept_ = 0;
    bool diagonal_, few_;
    Buffer<S> shares_, deviations_, weighted_;
    Buffer<double> lanes_;            // of few features: (K, n_sums) registers, and some to spare
    std::vector<char> begun_;         // (K,) whether those hold anything
    Buffer<S> along_, panels_;        // (H, T) deviations along the directions; four of those
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
