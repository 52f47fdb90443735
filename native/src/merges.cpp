#include "merges.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Of component i and j of `from`, into component `to` of `out`.
void merge_into(const Parameters& from, std::int64_t d, std::int64_t i, std::int64_t j,
                Parameters& out, std::int64_t to) {
    const std::int64_t entries = static_cast<std::int64_t>(from.covariances.size()) /
                                 static_cast<std::int64_t>(from.weight.size());
    const double both = from.weight[size(i)] + from.weight[size(j)];
    const double first = from.weight[size(i)] / both, second = from.weight[size(j)] / both;
    const double *x = &from.means[size(i * d)], *y = &from.means[size(j * d)];
    const double *a = &from.covariances[size(i * entries)],
                 *b = &from.covariances[size(j * entries)];
    double* covariance = &out.covariances[size(to * entries)];
    const std::int64_t columns = entries / d;  // D, or 1 of a diagonal
    for (std::int64_t p = 0; p < d; ++p)
        for (std::int64_t q = 0; q < columns; ++q) {
            const std::int64_t at = p * columns + q, other = columns == d ? q : p;
            covariance[at] = first * a[at] + second * b[at] +
                             first * second * ((x[p] - y[p]) * (x[other] - y[other]));
        }
    for (std::int64_t p = 0; p < d; ++p) out.means[size(to * d + p)] = first * x[p] + second * y[p];
    out.weight[size(to)] = both;
}

}  // namespace

void merge(const Parameters& from, std::int64_t d, std::int64_t left, std::int64_t taken,
           Parameters& to) {
    merge_into(from, d, left, taken, to, left);
}

MergeLosses::MergeLosses(std::int64_t k, std::int64_t d, bool diagonal, std::int64_t n_pairs)
    : k_(k), d_(d), diagonal_(diagonal), both_{std::vector<double>(1), std::vector<double>(size(d)),
                                               std::vector<double>(size(diagonal ? d : d * d))},
      lower_(size(d * d)), own_(size(k)), losses_(size(k * k)), order_(size(k * k)),
      least_(size(std::min(2 * n_pairs, k * k))) {}

void MergeLosses::set(const Parameters& of) {
    const std::int64_t entries = diagonal_ ? d_ : d_ * d_;
    for (std::int64_t k = 0; k < k_; ++k)
        own_[size(k)] = of.weight[size(k)] * log_determinant_of(&of.covariances[size(k * entries)]);
    std::fill(losses_.begin(), losses_.end(), infinity);
    for (std::int64_t i = 0; i < k_; ++i)
        for (std::int64_t j = i + 1; j < k_; ++j) {
            merge_into(of, d_, i, j, both_, 0);
            const double loss =
                0.5 * (both_.weight[0] * log_determinant_of(both_.covariances.data()) -
                       own_[size(i)] - own_[size(j)]);
            losses_[size(i * k_ + j)] = losses_[size(j * k_ + i)] =
                std::isfinite(loss) ? loss : infinity;
        }
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
    const auto less = [this](std::int64_t a, std::int64_t b) {
        const double x = losses_[size(a)], y = losses_[size(b)];
        return x < y || (x == y && a < b);
    };
    const auto end = order_.begin() + static_cast<std::ptrdiff_t>(least_.size());
    std::partial_sort(order_.begin(), end, order_.end(), less);
    std::copy(order_.begin(), end, least_.begin());
}

std::int64_t MergeLosses::nearest(std::int64_t k) const {
    const auto row = losses_.begin() + k * k_;
    return std::min_element(row, row + k_) - row;
}

double MergeLosses::log_determinant_of(const double* covariance) {
    if (!diagonal_)
        return cholesky(covariance, d_, lower_.data()) ? 2.0 * log_determinant(lower_.data(), d_)
                                                       : -infinity;
    double sum = 0.0;
    for (std::int64_t j = 0; j < d_; ++j) sum += std::log(covariance[j]);
    return sum;
}

}  // namespace mixtura
