#include "anderson.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dense.hpp"

namespace mixtura {
namespace {

constexpr std::int64_t most = AndersonHistory::depth;
// Singular values below this share of the largest are left out of the least squares.
constexpr double condition = 1e-7;
// The longest step: half its square is a divergence in nats a row; and in steps of EM.
constexpr double farthest = 0.3, stretch = 100.0;
constexpr double rounding = std::numeric_limits<double>::epsilon();

void add(double* to, double factor, const double* from, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

}  // namespace

AndersonHistory::AndersonHistory(std::int64_t n_coordinates, std::int64_t n_parameters)
    : p_(n_coordinates), n_parameters_(n_parameters), points_(at(most + 1)), images_(points_),
      steps_(at(most)), changes_(steps_), across_(steps_), along_(steps_), residual_(at(1)),
      far_(residual_), step_(residual_), basis_(steps_) {}

void AndersonHistory::restore(std::span<const double> points, std::span<const double> images) {
    count_ = p_ ? static_cast<std::int64_t>(points.size()) / p_ : 0;
    std::copy(points.begin(), points.end(), points_.begin());
    std::copy(images.begin(), images.end(), images_.begin());
}

void AndersonHistory::join(Coordinates& by, const Point& point, const Point& image) {
    if (count_ == most + 1) {
        std::copy(points_.begin() + p_, points_.end(), points_.begin());
        std::copy(images_.begin() + p_, images_.end(), images_.begin());
        --count_;
    }
    by.of(point, &points_[at(count_)]);
    by.of(image, &images_[at(count_)]);
    ++count_;
}

bool AndersonHistory::extrapolate(Coordinates& by, const Point& here, double* vector,
                                  Promise& promise) {
    if (count_ < 2) return false;
    // More steps than there are degrees of freedom depend on one another.
    const std::int64_t deep = std::min(most, n_parameters_), h = std::min(count_ - 1, deep);
    const double *points = &points_[at(count_ - 1)], *images = &images_[at(count_ - 1)];
    for (std::int64_t i = 0; i < p_; ++i)
        step_[static_cast<std::size_t>(i)] = images[i] - points[i];
    by.whitened(here, step_.data(), residual_.data());
    for (std::int64_t j = 0; j < h; ++j) {
        const std::int64_t from = (count_ - 1 - h + j) * p_;
        for (std::int64_t i = 0; i < p_; ++i) {
            const auto before = static_cast<std::size_t>(from + i), after = before + at(1);
            const auto to = static_cast<std::size_t>(j * p_ + i);
            steps_[to] = points_[after] - points_[before];
            changes_[to] = (images_[after] - points_[after]) - (images_[before] - points_[before]);
        }
        by.whitened(here, &steps_[at(j)], &across_[at(j)]);
        by.whitened(here, &changes_[at(j)], &along_[at(j)]);
    }
    std::int64_t oldest = 0;
    while (oldest < h && !concave(oldest, h)) ++oldest;
    if (oldest == h) return false;
    least_squares(oldest, h, residual_.data());
    for (std::int64_t j = oldest; j < h; ++j) {
        add(step_.data(), -gamma_[j - oldest], &steps_[at(j)], p_);
        add(step_.data(), -gamma_[j - oldest], &changes_[at(j)], p_);
    }
    by.whitened(here, step_.data(), far_.data());
    const double length = std::sqrt(product(far_.data(), far_.data(), p_));
    if (length == 0.0) return false;
    const double own = std::sqrt(product(residual_.data(), residual_.data(), p_));
    const double share = std::min(1.0, std::min(farthest, stretch * own) / length);
    for (std::int64_t i = 0; i < p_; ++i)
        vector[i] = points[i] + step_[static_cast<std::size_t>(i)] * share;
    promise = {0.5 * product(residual_.data(), far_.data(), p_), oldest == 0 && h == deep};
    return true;
}

// Columns (h, P) = Q R, by Gram and Schmidt, each twice.
void AndersonHistory::factorise(const double* columns, std::int64_t h) {
    std::fill_n(triangle_, most * most, 0.0);
    for (std::int64_t j = 0; j < h; ++j) {
        double* own = &basis_[at(j)];
        std::copy_n(columns + j * p_, p_, own);
        for (int turn = 0; turn < 2; ++turn)
            for (std::int64_t i = 0; i < j; ++i) {
                const double part = product(&basis_[at(i)], own, p_);
                triangle_[i * most + j] += part;
                add(own, -part, &basis_[at(i)], p_);
            }
        const double length = triangle_[j * (most + 1)] = std::sqrt(product(own, own, p_));
        if (length > 0.0)
            for (std::int64_t i = 0; i < p_; ++i) own[i] /= length;
    }
}

// Whether −Δx·Δf is positive definite on the span of the steps.
bool AndersonHistory::concave(std::int64_t oldest, std::int64_t h) {
    const std::int64_t m = h - oldest;
    factorise(&across_[at(oldest)], m);
    double low = triangle_[0], high = triangle_[0];
    for (std::int64_t j = 1; j < m; ++j) {
        low = std::min(low, triangle_[j * (most + 1)]);
        high = std::max(high, triangle_[j * (most + 1)]);
    }
    if (!(low > rounding * high)) return false;
    // X = R⁻ᵀ B with B_ij = Δf_i · q_j, and −X of either side.
    double solved[most * most], curvature[most * most], values[most], axes[most * most];
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < m; ++j) {
            double sum = product(&along_[at(oldest + i)], &basis_[at(j)], p_);
            for (std::int64_t l = 0; l < i; ++l) sum -= triangle_[l * most + i] * solved[l * m + j];
            solved[i * m + j] = sum / triangle_[i * (most + 1)];
        }
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < m; ++j)
            curvature[i * m + j] = -0.5 * (solved[i * m + j] + solved[j * m + i]);
    eigen(curvature, m, values, axes);
    return values[0] > 0.0;
}

// γ, of least ‖f − Σ_j γ_j Δf_j‖ and, where the changes depend on one another, of least length: by
// the singular values of R, whose columns are turned until they are orthogonal.
void AndersonHistory::least_squares(std::int64_t oldest, std::int64_t h, const double* residual) {
    const std::int64_t m = h - oldest;
    factorise(&along_[at(oldest)], m);
    double columns[most * most], axes[most * most] = {}, target[most], lengths[most];
    for (std::int64_t j = 0; j < m; ++j) {
        target[j] = product(&basis_[at(j)], residual, p_);
        axes[j * (m + 1)] = 1.0;
        for (std::int64_t i = 0; i < m; ++i) columns[j * m + i] = triangle_[i * most + j];
    }
    orthogonalise(columns, m, m, axes);
    double longest = 0.0;
    for (std::int64_t j = 0; j < m; ++j) {
        lengths[j] = std::sqrt(product(columns + j * m, columns + j * m, m));
        longest = std::max(longest, lengths[j]);
    }
    std::fill_n(gamma_, most, 0.0);
    for (std::int64_t j = 0; j < m; ++j) {
        if (!(lengths[j] > condition * longest)) continue;
        const double part = product(columns + j * m, target, m) / (lengths[j] * lengths[j]);
        add(gamma_, part, axes + j * m, m);
    }
}

}  // namespace mixtura
