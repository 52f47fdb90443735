// The spectrum of symmetric matrices (D, D) of one size: whether they are positive definite, and
// their eigenvalues raised.
#pragma once

#include <limits>
#include <vector>

#include "mixtura/row_moments.hpp"

namespace mixtura::MIXTURA_ISA {

class Spectrum {
  public:
    explicit Spectrum(std::int64_t n_features)
        : d_(n_features), stride_((d_ + width<double> - 1) / width<double> * width<double>),
          matrix_(stride_ * stride_), axes_(stride_ * stride_), units_(d_), values_(d_), off_(d_),
          factors_(d_), image_(stride_), cosines_(d_), sines_(d_), origin_(stride_),
          moments_(stride_) {}

    // Whether no pivot of Σ − diag(f) is 0 or below, f (D,); Σ is read below its diagonal, and on
    // it.
    bool clears(const double* matrix, const double* floor) {
        for (std::int64_t i = 0; i < d_; ++i) {
            for (std::int64_t j = 0; j <= i; ++j) at(j)[i] = matrix[i * d_ + j];
            at(i)[i] -= floor[i];
        }
        for (std::int64_t k = 0; k < d_; ++k) {
            const double* row = at(k);
            const double pivot = row[k];
            if (pivot <= 0.0) return false;
            for (std::int64_t i = k + 1; i < d_; ++i) add(-row[i] / pivot, row, i, at(i));
        }
        return true;
    }

    // F^½ max(F^-½ Σ F^-½, 1) F^½ in place of Σ, F = diag(f), max of the eigenvalues; but 1 is to
    // be no less than what the largest one loses in rounding. False where they are not found, Σ is
    // then as it was. It is read as before.
    bool raise(double* matrix, const double* floor) {
        for (std::int64_t j = 0; j < d_; ++j) units_[j] = std::sqrt(floor[j]);
        take(matrix);
        tridiagonalise();
        if (!diagonalise()) return false;
        const double largest = *std::max_element(values_.data(), values_.data() + d_);
        const double least = std::max(1.0, 32.0 * rounding * static_cast<double>(d_) * largest);
        // Whichever eigenvectors are fewer say it all: of the others the sum of products is known.
        const auto low = std::count_if(values_.data(), values_.data() + d_,
                                       [least](double value) { return value < least; });
        const bool by_low = 2 * low <= d_;
        compose(least, by_low);
        for (std::int64_t i = 0; i < d_; ++i)
            for (std::int64_t j = 0; j <= i; ++j) {
                const double change = at(i)[j] * (units_[i] * units_[j]);
                const double before = by_low   ? matrix[i * d_ + j]
                                      : i == j ? least * (units_[i] * units_[i])
                                               : 0.0;
                matrix[i * d_ + j] = matrix[j * d_ + i] = before + change;
            }
        return true;
    }

  private:
    static constexpr double rounding = std::numeric_limits<double>::epsilon();
    static constexpr int most_steps = 60;

    double* at(std::int64_t i) { return matrix_.data() + i * stride_; }
    static std::int64_t aligned(std::int64_t i) { return i / width<double> * width<double>; }

    // to += factor · row, from the register of `from` on.
    void add(double factor, const double* row, std::int64_t from, double* to) const {
        const Doubles times = all(factor);
        for (std::int64_t j = aligned(from); j < stride_; j += width<double>)
            store(to + j, fma(times, load(row + j), load(to + j)));
    }

    double product(const double* a, const double* b, std::int64_t from) const {
        Doubles sum = {};
        for (std::int64_t j = aligned(from); j < stride_; j += width<double>)
            sum = fma(load(a + j), load(b + j), sum);
        return total<double>(sum);
    }

    // F^-½ Σ F^-½, zeros beyond.
    void take(const double* matrix) {
        std::fill_n(matrix_.data(), stride_ * stride_, 0.0);
        for (std::int64_t i = 0; i < d_; ++i)
            for (std::int64_t j = 0; j <= i; ++j)
                at(i)[j] = at(j)[i] = matrix[i * d_ + j] / (units_[i] * units_[j]);
    }

    // Householder's reflections 1 − β v vᵀ: β to `factors_`, v where row k of the matrix was; what
    // is left is the diagonal and the entries beside it, `values_` and `off_`.
    void tridiagonalise() {
        for (std::int64_t k = 0; k < d_; ++k) {
            double* v = at(k);
            values_[k] = v[k];
            factors_[k] = off_[k] = 0.0;
            if (k + 1 == d_) return;
            std::fill_n(v, k + 1, 0.0);
            const double first = v[k + 1];
            v[k + 1] = 0.0;
            const double others = product(v, v, k + 1);
            off_[k] = first;
            if (others == 0.0) continue;
            const double length = std::sqrt(first * first + others);
            off_[k] = -std::copysign(length, first);
            v[k + 1] = first - off_[k];
            factors_[k] = 1.0 / (length * (length + std::abs(first)));
            reflect(k);
        }
    }

    // A ← A − v wᵀ − w vᵀ with p = β A v and w = p − (β vᵀp / 2) v.
    void reflect(std::int64_t k) {
        const double *v = at(k), factor = factors_[k];
        const std::int64_t from = aligned(k + 1);
        for (std::int64_t i = from; i < stride_; i += width<double>) {
            Doubles sum[width<double>] = {};
            for (std::int64_t j = from; j < stride_; j += width<double>) {
                const Doubles x = load(v + j);
                for (int r = 0; r < width<double>; ++r)
                    sum[r] = fma(load(at(i + r) + j), x, sum[r]);
            }
            store(image_.data() + i, factor * summed<double>(sum));
        }
        for (std::int64_t j = from; j <= k; ++j) image_[j] = 0.0;
        double* w = image_.data();
        add(-0.5 * factor * product(v, w, k + 1), v, k + 1, w);
        for (std::int64_t i = k + 1; i < d_; ++i) {
            const Doubles a = all(-v[i]), b = all(-w[i]);
            for (std::int64_t j = from; j < stride_; j += width<double>) {
                const Doubles row = fma(a, load(w + j), load(at(i) + j));
                store(at(i) + j, fma(b, load(v + j), row));
            }
        }
    }

    // Implicit QL with Wilkinson's shift; eigenvectors of the tridiagonal matrix are rows of
    // `axes_`. What is beside the diagonal is nothing once it is the rounding of the largest entry.
    bool diagonalise() {
        double extent = 0.0;
        for (std::int64_t j = 0; j < d_; ++j)
            extent = std::max(extent, std::abs(values_[j]) + std::abs(off_[j]));
        const double nothing = 0.5 * rounding * extent;
        std::fill_n(axes_.data(), stride_ * stride_, 0.0);
        for (std::int64_t j = 0; j < d_; ++j) axes_[j * (stride_ + 1)] = 1.0;
        for (std::int64_t first = 0; first < d_; ++first)
            for (int step = 0;; ++step) {
                std::int64_t last = first;
                while (last + 1 < d_ && !(std::abs(off_[last]) <= nothing)) ++last;
                if (last == first) break;
                if (step == most_steps) return false;
                chase(first, last);
            }
        return true;
    }

    // One step of QL on the entries from `first` to `last`.
    void chase(std::int64_t first, std::int64_t last) {
        const double half = (values_[first + 1] - values_[first]) / (2.0 * off_[first]);
        double shifted = values_[last] - values_[first] +
                         off_[first] / (half + std::copysign(std::sqrt(half * half + 1.0), half));
        double sine = 1.0, cosine = 1.0, moved = 0.0;
        std::int64_t i = last - 1;
        for (; i >= first; --i) {
            const double bulge = sine * off_[i], beside = cosine * off_[i];
            const double length = std::sqrt(bulge * bulge + shifted * shifted);
            off_[i + 1] = length;
            if (length == 0.0) break;
            const double inverse = 1.0 / length;
            sine = bulge * inverse;
            cosine = shifted * inverse;
            const double lower = values_[i + 1] - moved;
            const double sum = (values_[i] - lower) * sine + 2.0 * cosine * beside;
            moved = sine * sum;
            values_[i + 1] = lower + moved;
            shifted = cosine * sum - beside;
            sines_[i] = sine;
            cosines_[i] = cosine;
        }
        if (i >= first) values_[i + 1] -= moved;
        else {
            values_[first] -= moved;
            off_[first] = shifted;
        }
        off_[last] = 0.0;
        for (std::int64_t j = 0; j < stride_; j += 4 * width<double>)
            if (j + 4 * width<double> <= stride_) rotate<4>(std::max(i + 1, first), last, j);
            else
                for (std::int64_t l = j; l < stride_; l += width<double>)
                    rotate<1>(std::max(i + 1, first), last, l);
    }

    // The step's rotations of rows i and i + 1, from the last on: R registers from column j on.
    template <int R> void rotate(std::int64_t first, std::int64_t last, std::int64_t j) {
        double* row = axes_.data() + last * stride_ + j;
        Doubles carried[R];
        for (int c = 0; c < R; ++c) carried[c] = load(row + c * width<double>);
        for (std::int64_t i = last - 1; i >= first; --i, row -= stride_) {
            const Doubles sine = all(sines_[i]), cosine = all(cosines_[i]);
#pragma GCC unroll 4
            for (int c = 0; c < R; ++c) {
                const Doubles next = load(row - stride_ + c * width<double>);
                store(row + c * width<double>, fma(sine, next, cosine * carried[c]));
                carried[c] = fma(cosine, next, -(sine * carried[c]));
            }
        }
        for (int c = 0; c < R; ++c) store(row + c * width<double>, carried[c]);
    }

    // Σ (least − λ) a aᵀ over the eigenvalues below `least`, or Σ (λ − least) a aᵀ over the others,
    // a the eigenvectors: in the matrix's place.
    void compose(double least, bool low) {
        order_.clear();
        lengths_.clear();
        for (std::int64_t i = 0; i < d_; ++i) {
            if ((values_[i] < least) != low) continue;
            order_.push_back(static_cast<std::int32_t>(i));
            lengths_.push_back(std::abs(values_[i] - least));
        }
        for (std::int64_t k = d_ - 1; k >= 0; --k)
            for (const std::int32_t i : order_) {
                if (factors_[k] == 0.0) break;
                double* axis = axes_.data() + i * stride_;
                add(-factors_[k] * product(at(k), axis, k + 1), at(k), k + 1, axis);
            }
        double weight;
        moments_.begin(origin_.data());
        moments_.add(axes_.data(), order_.data(), lengths_.data(),
                     static_cast<std::int64_t>(order_.size()));
        moments_.give(&weight, image_.data(), matrix_.data());
    }

    const std::int64_t d_, stride_;
    Buffer<double> matrix_, axes_, units_, values_, off_, factors_, image_, cosines_, sines_;
    Buffer<double> origin_;
    RowMoments moments_;
    std::vector<std::int32_t> order_;
    std::vector<double> lengths_;
};

}  // namespace mixtura::MIXTURA_ISA
