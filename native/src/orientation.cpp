#include "orientation.hpp"

#include <algorithm>
#include <cmath>

#include "mixtura/size.hpp"

namespace mixtura {
namespace {

// Sweeps in one descent, while each promises such a share of what the first one fell.
constexpr int most_sweeps = 10;
constexpr double worthwhile = 0.05;
// A fall of φ, nats a row, at which it has arrived, and one that is lost in its rounding.
constexpr double settled = 1e-12, lost = 1e-14;
// With nothing to go on from: sweeps to the end, and a fall and sweeps that tell starts apart.
constexpr int all_sweeps = 200, brief = 20;
constexpr double roughly = 1e-4;
// The largest angle of a step, about.
constexpr double widest = 0.5;
// Variances this small beside the largest of the component are its rounding.
constexpr double rounding = 1e-18;

}  // namespace

Orientation::Orientation(std::int64_t k, std::int64_t d, bool equal_volume)
    : k_(k), d_(d), equal_volume_(equal_volume),
      here_{std::vector<double>(size(d * d)), std::vector<double>(size(k * d * d)),
            std::vector<double>(size(k * d)), 0.0},
      next_(here_), best_(here_), weight_(size(k)), shares_(size(k)), scratch_(size(d * d)),
      slope_(size(d * d)), curvature_(slope_), left_(slope_), right_(slope_), longest_(size(k)) {}

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
    eigen(scratch_.data(), d_, slope_.data(), here_.axes.data());
}

bool Orientation::descend(const double* weight, const double* scatter) {
    if (!take(weight, scatter)) return false;
    lower(scatter, settled, most_sweeps, worthwhile);
    return true;
}

bool Orientation::seek(const double* weight, const double* scatter) {
    if (!take(weight, scatter)) return false;
    for (std::int64_t start = 0; start <= k_; ++start) {
        std::fill(scratch_.begin(), scratch_.end(), 0.0);
        for (std::int64_t k = start ? start - 1 : 0; k < (start ? start : k_); ++k)
            for (std::int64_t i = 0; i < d_ * d_; ++i)
                scratch_[size(i)] += scatter[k * d_ * d_ + i] / scale_;
        eigen(scratch_.data(), d_, slope_.data(), here_.axes.data());
        lower(scatter, roughly, brief, 0.0);
        if (start == 0 || here_.value < best_.value) std::swap(here_, best_);
    }
    std::swap(here_, best_);
    lower(scatter, settled, all_sweeps, 0.0);
    return true;
}

// The scatters' weights and scale; false where one is none.
bool Orientation::take(const double* weight, const double* scatter) {
    n_ = scale_ = 0.0;
    for (std::int64_t k = 0; k < k_; ++k) {
        double trace = 0.0;
        for (std::int64_t j = 0; j < d_; ++j) trace += scatter[(k * d_ + j) * d_ + j];
        if (!(trace > 0.0)) return false;
        scale_ = std::max(scale_, trace);
        weight_[size(k)] = weight[k];
        n_ += weight[k];
    }
    return true;
}

// From where it stands, for so many sweeps at most, until φ falls by no more than `enough` a row,
// or another one promises less than a share of the fall of the first.
void Orientation::lower(const double* scatter, double enough, int sweeps, double share) {
    look(here_, scatter);
    double least = lost * n_;
    for (int sweep = 0; sweep < sweeps; ++sweep) {
        if (!(promised() > least)) break;
        turn(next_);
        look(next_, scatter);
        if (!(next_.value < here_.value)) {
            majorise(scatter, next_);
            look(next_, scatter);
        }
        if (!(next_.value < here_.value)) break;
        const double fall = here_.value - next_.value;
        std::swap(here_, next_);
        if (fall <= enough * n_) break;
        least = std::max(least, share * fall);
    }
}

// Where axes stand, for scatters that are divided by one number.
void Orientation::look(Place& at, const double* scatter) {
    double value = 0.0, volumes = 0.0;
    for (std::int64_t k = 0; k < k_; ++k) {
        double* own = &at.turned[size(k * d_ * d_)];
        turned(at.axes.data(), scatter + k * d_ * d_, d_, scratch_.data(), own);
        double largest = 0.0, logarithms = 0.0;
        for (std::int64_t i = 0; i < d_ * d_; ++i) own[i] /= scale_;
        for (std::int64_t j = 0; j < d_; ++j) largest = std::max(largest, own[j * (d_ + 1)]);
        for (std::int64_t j = 0; j < d_; ++j) {
            const double length = std::max(own[j * (d_ + 1)], rounding * largest);
            at.spread[size(k * d_ + j)] = length;
            logarithms += std::log(length);
        }
        value += weight_[size(k)] * logarithms;
        volumes += std::exp(logarithms / static_cast<double>(d_));
    }
    at.value = equal_volume_ ? n_ * static_cast<double>(d_) * std::log(volumes) : value;
}

// c_k.
void Orientation::share() {
    if (!equal_volume_) {
        shares_ = weight_;
        return;
    }
    double sum = 0.0;
    for (std::int64_t k = 0; k < k_; ++k) {
        double logarithms = 0.0;
        for (std::int64_t j = 0; j < d_; ++j)
            logarithms += std::log(here_.spread[size(k * d_ + j)]);
        sum += shares_[size(k)] = std::exp(logarithms / static_cast<double>(d_));
    }
    for (double& volume : shares_) volume = n_ * volume / sum;
}

// G and H of every pair; and by how much φ would fall, were it what its model is, Σ_{p<q} G² / H.
double Orientation::promised() {
    share();
    double sum = 0.0, all = 0.0;
    for (const double part : shares_) all += part;
    for (std::int64_t p = 0; p < d_; ++p)
        for (std::int64_t q = p + 1; q < d_; ++q) {
            double along = 0.0, back = 0.0, there = 0.0, other = 0.0;
            for (std::int64_t k = 0; k < k_; ++k) {
                const double part = shares_[size(k)];
                const double a = here_.spread[size(k * d_ + p)], b = here_.spread[size(k * d_ + q)];
                const double entry = here_.turned[size((k * d_ + p) * d_ + q)];
                along += entry * (part / a);
                back += entry * (part / b);
                there += part / a * b;
                other += part / b * a;
            }
            const double slope = along - back, curvature = there + other - 2.0 * all;
            const double step = curvature > 0.0 ? slope / curvature : 0.0;
            slope_[size(p * d_ + q)] = step;
            sum += slope * step;
        }
    return sum;
}

// O (I − X/2)⁻¹ (I + X/2), with angles of the skew X that are not too wide. The symmetric part of
// what is inverted is I, so that it needs no pivots.
void Orientation::turn(Place& to) {
    for (std::int64_t p = 0; p < d_; ++p) {
        left_[size(p * (d_ + 1))] = right_[size(p * (d_ + 1))] = 1.0;
        for (std::int64_t q = p + 1; q < d_; ++q) {
            const double half = 0.5 * std::clamp(slope_[size(p * d_ + q)], -widest, widest);
            left_[size(p * d_ + q)] = right_[size(q * d_ + p)] = -half;
            left_[size(q * d_ + p)] = right_[size(p * d_ + q)] = half;
        }
    }
    for (std::int64_t p = 0; p < d_; ++p)
        for (std::int64_t i = p + 1; i < d_; ++i) {
            const double factor = left_[size(i * d_ + p)] / left_[size(p * (d_ + 1))];
            for (std::int64_t j = p + 1; j < d_; ++j)
                left_[size(i * d_ + j)] -= factor * left_[size(p * d_ + j)];
            for (std::int64_t j = 0; j < d_; ++j)
                right_[size(i * d_ + j)] -= factor * right_[size(p * d_ + j)];
        }
    for (std::int64_t i = d_ - 1; i >= 0; --i)
        for (std::int64_t j = 0; j < d_; ++j) {
            double sum = right_[size(i * d_ + j)];
            for (std::int64_t l = i + 1; l < d_; ++l)
                sum -= left_[size(i * d_ + l)] * right_[size(l * d_ + j)];
            right_[size(i * d_ + j)] = sum / left_[size(i * (d_ + 1))];
        }
    // Axes are rows here, and columns of O.
    for (std::int64_t j = 0; j < d_; ++j)
        for (std::int64_t i = 0; i < d_; ++i) {
            double sum = 0.0;
            for (std::int64_t l = 0; l < d_; ++l)
                sum += here_.axes[size(l * d_ + i)] * right_[size(l * d_ + j)];
            to.axes[size(j * d_ + i)] = sum;
        }
}

// Two steps that minimise what lies above the tangent. A concave quadratic in O has its own tangent
// above it: first with W_k less its largest eigenvalue, then with B_k less its largest.
void Orientation::majorise(const double* scatter, Place& to) {
    for (std::int64_t k = 0; k < k_; ++k) {
        for (std::int64_t i = 0; i < d_ * d_; ++i)
            left_[size(i)] = scatter[k * d_ * d_ + i] / scale_;
        eigen(left_.data(), d_, curvature_.data(), right_.data());
        longest_[size(k)] = curvature_[size(d_ - 1)];
    }
    least_along(here_.axes.data(), scatter, true, to.axes.data());
    least_along(to.axes.data(), scatter, false, to.axes.data());
}

// The axes of least tr(Fᵀ O), −P Rᵀ for F = P S Rᵀ, where F = Σ_k W_k O B_k, with the one or the
// other less its largest.
void Orientation::least_along(const double* axes, const double* scatter, bool lowered, double* to) {
    std::fill(left_.begin(), left_.end(), 0.0);  // the columns of F
    for (std::int64_t k = 0; k < k_; ++k) {
        const double* spread = &here_.spread[size(k * d_)];
        const double least = *std::min_element(spread, spread + d_), part = shares_[size(k)];
        const double* own = scatter + k * d_ * d_;
        for (std::int64_t j = 0; j < d_; ++j) {
            const double factor = part / spread[j] - (lowered ? 0.0 : part / least);
            for (std::int64_t i = 0; i < d_; ++i) {
                double sum = 0.0;
                for (std::int64_t l = 0; l < d_; ++l) sum += own[i * d_ + l] * axes[j * d_ + l];
                sum /= scale_;
                if (lowered) sum -= longest_[size(k)] * axes[j * d_ + i];
                left_[size(j * d_ + i)] += factor * sum;
            }
        }
    }
    polar(left_.data(), d_, right_.data(), curvature_.data());
    for (std::int64_t i = 0; i < d_ * d_; ++i) to[i] = -left_[size(i)];
}

}  // namespace mixtura
