#include "orientation.hpp"

#include <algorithm>
#include <cmath>

namespace mixtura {
namespace {

// Sweeps in one descent, while each promises such a share of what the last ones fell.
constexpr int most_sweeps = 10;
constexpr double worthwhile = 0.05;
// A fall of φ, nats a row, that is lost in its rounding.
constexpr double lost = 1e-14;
// Variances this small beside the largest of the component are its rounding.
constexpr double rounding = 1e-18;

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

Orientation::Orientation(std::int64_t k, std::int64_t d, bool equal_volume)
    : k_(k), d_(d), equal_volume_(equal_volume), axes_(size(d * d)), turned_(size(k * d * d)),
      scratch_(size(d * d)), weight_(size(k)), least_(size(k)), volumes_(size(k)), shares_(size(k)),
      values_(size(d)) {}

// Of the covariances' sum with weights that no symmetry of the data has, lest two axes come to be
// equally long.
void Orientation::begin(const double* covariances) {
    constexpr double golden = 0.6180339887498949;
    std::fill(scratch_.begin(), scratch_.end(), 0.0);
    for (std::int64_t k = 0; k < k_; ++k) {
        const double* own = covariances + k * d_ * d_;
        double trace = 0.0;
        for (std::int64_t j = 0; j < d_; ++j) trace += own[j * d_ + j];
        const double share = (1.0 + std::fmod(golden * static_cast<double>(k), 1.0)) / trace;
        for (std::int64_t i = 0; i < d_ * d_; ++i) scratch_[size(i)] += share * own[i];
    }
    eigen(scratch_.data(), d_, values_.data(), axes_.data());
}

void Orientation::descend(const double* weight, const double* scatter) {
    enter(weight, scatter);
    double least = lost * n_, fall = 0.0;
    for (int i = 0; i < most_sweeps && (fall = promised()) > least; ++i) {
        for (std::int64_t p = 0; p < d_; ++p)
            for (std::int64_t q = p + 1; q < d_; ++q) turn(p, q);
        least = std::max(least, worthwhile * fall);
    }
}

// Where the axes stand with other scatters. A component without any has no say.
void Orientation::enter(const double* weight, const double* scatter) {
    n_ = 0.0;
    for (std::int64_t k = 0; k < k_; ++k) {
        const std::int64_t at = k * d_ * d_;
        turned(axes_.data(), scatter + at, d_, scratch_.data(), &turned_[size(at)]);
        double largest = 0.0;
        for (std::int64_t j = 0; j < d_; ++j) largest = std::max(largest, spread(k, j));
        least_[size(k)] = rounding * largest;
        weight_[size(k)] = largest > 0.0 ? weight[k] : 0.0;
        n_ += weight_[size(k)];
        double sum = 0.0;
        if (equal_volume_ && largest > 0.0)
            for (std::int64_t j = 0; j < d_; ++j) sum += std::log(length(k, j));
        volumes_[size(k)] = largest > 0.0 ? std::exp(sum / static_cast<double>(d_)) : 0.0;
    }
    share();
}

// m_kj, or what is its rounding.
double Orientation::length(std::int64_t k, std::int64_t j) const {
    return std::max(spread(k, j), least_[size(k)]);
}

// c_k.
void Orientation::share() {
    if (!equal_volume_) {
        shares_ = weight_;
        return;
    }
    double sum = 0.0;
    for (const double volume : volumes_) sum += volume;
    for (std::size_t k = 0; k < volumes_.size(); ++k) shares_[k] = n_ * volumes_[k] / sum;
}

Orientation::Model Orientation::model(std::int64_t p, std::int64_t q) const {
    Model pair{0.0, 0.0};
    for (std::int64_t k = 0; k < k_; ++k) {
        if (!(shares_[size(k)] > 0.0)) continue;
        const double a = length(k, p), b = length(k, q);
        const double weighed = shares_[size(k)] * (b - a) / (a * b);
        pair.slope += weighed * turned_[size((k * d_ + p) * d_ + q)];
        pair.curvature += weighed * (b - a);
    }
    return pair;
}

// Σ_{p<q} G² / H: by how much φ would fall, were it what its model is.
double Orientation::promised() const {
    double sum = 0.0;
    for (std::int64_t p = 0; p < d_; ++p)
        for (std::int64_t q = p + 1; q < d_; ++q) {
            const auto [slope, curvature] = model(p, q);
            if (curvature > 0.0) sum += slope * slope / curvature;
        }
    return sum;
}

// The tangent is a constant less ½ H cos 2θ, and G sin 2θ.
void Orientation::turn(std::int64_t p, std::int64_t q) {
    const auto [slope, curvature] = model(p, q);
    const double radius = std::hypot(0.5 * curvature, slope);
    if (!(radius > 0.0) || slope == 0.0) return;
    const double c = std::sqrt(0.5 + 0.25 * curvature / radius), s = -0.5 * slope / (radius * c);
    rotate(&axes_[size(p * d_)], &axes_[size(q * d_)], d_, 1, c, s);
    for (std::int64_t k = 0; k < k_; ++k) {
        double* own = &turned_[size(k * d_ * d_)];
        const double before = equal_volume_ ? length(k, p) * length(k, q) : 1.0;
        rotate(own + p * d_, own + q * d_, d_, 1, c, s);
        rotate(own + p, own + q, d_, d_, c, s);
        if (equal_volume_ && before > 0.0)
            volumes_[size(k)] *=
                std::pow(length(k, p) * length(k, q) / before, 1.0 / static_cast<double>(d_));
    }
    if (equal_volume_) share();
}

}  // namespace mixtura
