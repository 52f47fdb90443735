#include "accidents.hpp"

#include <algorithm>

#include "mixtura/size.hpp"

namespace mixtura {
Accidents::Accidents(const Hill& hill, const SwapRule& rule)
    : rule_(rule), d_(hill.n_features), diagonal_(is_diagonal(hill.structure)),
      rest_(size(d_ * d_)), lower_(rest_) {}

std::int64_t Accidents::count(const Parameters& p) {
    const std::int64_t entries = diagonal_ ? d_ : d_ * d_;
    std::int64_t count = 0;
    for (std::int64_t k = 0; k < std::ssize(p.weight); ++k) {
        const double weight = p.weight[size(k)];
        count += weight < rule_.least_rows ||
                 (weight < rule_.few_rows && is_thin(&p.covariances[size(k * entries)]));
    }
    return count;
}

// Whether the least eigenvalue, in units of the features' variances, is below `thin`: where what is
// left without it has no root.
bool Accidents::is_thin(const double* covariance) {
    bool thin = false;
    if (diagonal_) {
        for (std::int64_t j = 0; j < d_; ++j) thin |= covariance[j] < rule_.thin * rule_.units[j];
        return thin;
    }
    std::copy_n(covariance, d_ * d_, rest_.begin());
    for (std::int64_t j = 0; j < d_; ++j) rest_[size(j * (d_ + 1))] -= rule_.thin * rule_.units[j];
    return !cholesky(rest_.data(), d_, lower_.data());
}

}  // namespace mixtura
