#include "coordinates.hpp"

#include <algorithm>
#include <cmath>

namespace mixtura {
namespace {

std::size_t at(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

Coordinates::Coordinates(const EMStep& step, std::int64_t n_components, std::int64_t n_features)
    : step_(step), k_(n_components), d_(n_features), n_(step.n_terms()), diagonal_(step.diagonal()),
      spherical_(step.spherical()), n_factors_(step.shared() ? 1 : k_),
      packed_(spherical_  ? 1
              : diagonal_ ? d_
                          : d_ * (d_ + 1) / 2),
      spread_(n_factors_ * packed_), lower_(diagonal_ ? 0 : at(d_ * d_)), moved_(lower_) {}

void Coordinates::of(const Point& point, double* vector) const {
    vector = std::copy(point.log_shares.begin(), point.log_shares.end(), vector);
    vector = std::copy(point.at.means.begin(), point.at.means.end(), vector);
    for (std::int64_t k = 0; k < n_factors_; ++k) {
        if (diagonal_) {
            for (std::int64_t j = 0; j < packed_; ++j)
                *vector++ = std::log(point.factors[at(k * d_ + j)]);
            continue;
        }
        const double* lower = &point.factors[at(k * d_ * d_)];
        for (std::int64_t j = 0; j < d_; ++j) *vector++ = std::log(lower[j * (d_ + 1)]);
        for (std::int64_t i = 1; i < d_; ++i)
            for (std::int64_t j = 0; j < i; ++j)
                *vector++ = lower[i * d_ + j] / lower[j * (d_ + 1)];
    }
}

bool Coordinates::point_of(const double* vector, Point& to) {
    const auto finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(vector, vector + size(), finite)) return false;
    const double top = *std::max_element(vector, vector + n_);
    double sum = 0.0;
    for (std::int64_t c = 0; c < n_; ++c) sum += to.shares[at(c)] = std::exp(vector[c] - top);
    for (std::int64_t c = 0; c < n_; ++c)
        if (!((to.shares[at(c)] /= sum) > 0.0)) return false;
    if (n_ > k_ && !(to.shares[at(k_)] < 1.0)) return false;
    std::copy_n(vector + n_, k_ * d_, to.at.means.begin());
    const double* spread = vector + n_ + k_ * d_;
    if (diagonal_) {
        for (std::int64_t k = 0; k < k_; ++k)
            for (std::int64_t j = 0; j < d_; ++j)
                to.at.covariances[at(k * d_ + j)] =
                    std::exp(2.0 * spread[k * packed_ + (spherical_ ? 0 : j)]);
    } else {
        matrices_of(spread, to);
    }
    const auto& covariances = to.at.covariances;
    return std::all_of(covariances.begin(), covariances.end(), finite) && step_.factored(to);
}

// U diag(l)² Uᵀ.
void Coordinates::matrices_of(const double* spread, Point& to) {
    for (std::int64_t k = 0; k < n_factors_; ++k, spread += packed_) {
        const double* below = spread + d_;
        for (std::int64_t i = 0; i < d_; ++i) {
            for (std::int64_t j = 0; j < i; ++j)
                lower_[at(i * d_ + j)] = *below++ * std::exp(spread[j]);
            lower_[at(i * (d_ + 1))] = std::exp(spread[i]);
        }
        double* matrix = &to.at.covariances[at(k * d_ * d_)];
        for (std::int64_t i = 0; i < d_; ++i)
            for (std::int64_t j = 0; j <= i; ++j) {
                double sum = 0.0;
                for (std::int64_t l = 0; l <= j; ++l)
                    sum += lower_[at(i * d_ + l)] * lower_[at(j * d_ + l)];
                matrix[i * d_ + j] = matrix[j * d_ + i] = sum;
            }
    }
    for (std::int64_t k = n_factors_; k < k_; ++k)
        std::copy_n(to.at.covariances.begin(), d_ * d_, &to.at.covariances[at(k * d_ * d_)]);
}

void Coordinates::whitened(const Point& point, const double* step, double* to) {
    double mean = 0.0;
    for (std::int64_t c = 0; c < n_; ++c) mean += step[c] * point.shares[at(c)];
    for (std::int64_t c = 0; c < n_; ++c) *to++ = (*step++ - mean) * std::sqrt(point.shares[at(c)]);
    for (std::int64_t k = 0; k < k_; ++k, step += d_, to += d_) {
        const double root = std::sqrt(point.shares[at(k)]);
        const double* factor = &point.factors[at((n_factors_ == 1 ? 0 : k) * step_.entries())];
        for (std::int64_t i = 0; i < d_; ++i) {
            double own = step[i];
            if (diagonal_) {
                to[i] = own / factor[spherical_ ? 0 : i];
                continue;
            }
            for (std::int64_t j = 0; j < i; ++j) own -= factor[i * d_ + j] * to[j];
            to[i] = own / factor[i * (d_ + 1)];
        }
        for (std::int64_t i = 0; i < d_; ++i) to[i] *= root;
    }
    const double copies = spherical_ ? static_cast<double>(d_) : 1.0;
    for (std::int64_t k = 0; k < n_factors_; ++k, step += packed_, to += packed_) {
        const double share = point.shares[at(k)];
        if (diagonal_) {
            const double root = std::sqrt(2.0 * copies * share);
            for (std::int64_t j = 0; j < packed_; ++j) to[j] = step[j] * root;
        } else {
            whitened_matrix(point, k, step_.shared() ? 1.0 : std::sqrt(share), step, to);
        }
    }
}

// With L = U diag(l), dL = dU diag(l) + L diag(d log l), of which M = L⁻¹ dL is wanted; and
// ½‖M + Mᵀ‖² = 2 Σ M_jj² + Σ_{i>j} M_ij² for a lower triangular M.
void Coordinates::whitened_matrix(const Point& point, std::int64_t k, double root,
                                  const double* spread, double* to) {
    const double* lower = &point.factors[at(k * d_ * d_)];
    const double* inverse = &point.whitening[at(k * d_ * d_)];
    const double* below = spread + d_;
    for (std::int64_t i = 1; i < d_; ++i)
        for (std::int64_t j = 0; j < i; ++j)
            moved_[at(i * d_ + j)] = *below++ * lower[j * (d_ + 1)];
    for (std::int64_t j = 0; j < d_; ++j) *to++ = std::sqrt(2.0) * spread[j] * root;
    for (std::int64_t i = 1; i < d_; ++i)
        for (std::int64_t j = 0; j < i; ++j) {
            double sum = 0.0;
            for (std::int64_t l = j + 1; l <= i; ++l)
                sum += inverse[i * d_ + l] * moved_[at(l * d_ + j)];
            *to++ = sum * root;
        }
}

}  // namespace mixtura
