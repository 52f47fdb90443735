// Second moments of rows as they lie, features side by side in a lane each: of one component, whose
// rows stand here and there.
#pragma once

#include "mixtura/tile.hpp"

namespace mixtura::MIXTURA_ISA {

// Some rows at once, and a square of so many features: as many sums as registers hold.
constexpr std::int64_t rows_of_moments = 128;
constexpr int square = MIXTURA_LANES_BYTES == 64 ? 8 : 4, panel = 3;

// Σ_n w_n,r x_n,c of `square` features r from `weighted` on and R registers of c from `deviations`
// on, both (n, stride), added to sums (square, stride).
template <int R>
inline void add_products(const double* weighted, const double* deviations, std::int64_t n,
                         std::int64_t stride, double* sums) {
    Doubles sum[square][R] = {};
    for (std::int64_t i = 0; i < n; ++i, weighted += stride, deviations += stride) {
        Doubles x[R];
#pragma GCC unroll 4
        for (int c = 0; c < R; ++c) x[c] = load(deviations + c * width<double>);
#pragma GCC unroll 8
        for (int r = 0; r < square; ++r) {
            const Doubles factor = all(weighted[r]);
#pragma GCC unroll 4
            for (int c = 0; c < R; ++c) sum[r][c] = fma(factor, x[c], sum[r][c]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < square; ++r)
#pragma GCC unroll 4
        for (int c = 0; c < R; ++c) {
            double* to = sums + r * stride + c * width<double>;
            store(to, load(to) + sum[r][c]);
        }
}

// Weight, first and second moments of rows about a mean. D is padded to whole squares by zeros.
class RowMoments {
  public:
    explicit RowMoments(std::int64_t n_features)
        : d_(n_features), stride_((n_features + square - 1) / square * square), mean_(stride_),
          row_(stride_), deviations_(rows_of_moments * stride_),
          weighted_(rows_of_moments * stride_), first_(stride_), second_(stride_ * stride_) {}

    // From now on about this mean (D,).
    void begin(const double* mean) {
        std::copy_n(mean, d_, mean_.data());
        std::fill_n(first_.data(), stride_, 0.0);
        std::fill_n(second_.data(), stride_ * stride_, 0.0);
        weight_ = 0.0;
    }

    // The rows (N, D) of the numbers `order` (n,), which count `shares` (n,).
    void add(const double* rows, const std::int32_t* order, const double* shares, std::int64_t n) {
        for (std::int64_t start = 0; start < n; start += rows_of_moments) {
            const std::int64_t size = std::min(rows_of_moments, n - start);
            for (std::int64_t i = 0; i < size; ++i) {
                if (start + i + ahead < n) fetch(rows + order[start + i + ahead] * d_, d_);
                take(whole(rows + order[start + i] * d_), shares[start + i], i * stride_);
            }
            multiply(size);
        }
    }

    // The sums: weight, first (D,) and second (D, D), all of it.
    void give(double* weight, double* first, double* second) const {
        *weight = weight_;
        std::copy_n(first_.data(), d_, first);
        for (std::int64_t j = 0; j < d_; ++j)
            for (std::int64_t i = 0; i <= j; ++i)
                second[j * d_ + i] = second[i * d_ + j] = second_.data()[j * stride_ + i];
    }

  private:
    static constexpr std::int64_t ahead = 8;

    // A row with zeros after it, if it is not whole squares.
    const double* whole(const double* row) {
        if (d_ == stride_) return row;
        std::copy_n(row, d_, row_.data());
        return row_.data();
    }

    void take(const double* row, double share, std::int64_t at) {
        weight_ += share;
        for (std::int64_t j = 0; j < stride_; j += width<double>) {
            const Doubles deviation = load(row + j) - load(mean_.data() + j);
            const Doubles weighted = share * deviation;
            store(deviations_.data() + at + j, deviation);
            store(weighted_.data() + at + j, weighted);
            store(first_.data() + j, load(first_.data() + j) + weighted);
        }
    }

    // The lower triangle in squares, of which those on the diagonal are whole.
    void multiply(std::int64_t n) {
        constexpr std::int64_t wide = panel * width<double>;
        for (std::int64_t j = 0; j < stride_; j += square) {
            const double* weighted = weighted_.data() + j;
            double* sums = second_.data() + j * stride_;
            std::int64_t i = 0;
            for (; i + wide <= j + square; i += wide)
                add_products<panel>(weighted, deviations_.data() + i, n, stride_, sums + i);
            switch ((j + square - i) / width<double>) {
                case 2:
                    add_products<2>(weighted, deviations_.data() + i, n, stride_, sums + i);
                    break;
                case 1:
                    add_products<1>(weighted, deviations_.data() + i, n, stride_, sums + i);
                    break;
                default: break;
            }
        }
    }

    const std::int64_t d_, stride_;
    double weight_ = 0.0;
    Buffer<double> mean_, row_, deviations_, weighted_, first_, second_;
};

}  // namespace mixtura::MIXTURA_ISA
