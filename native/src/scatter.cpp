#include "scatter.hpp"

#include <algorithm>
#include <cmath>

#include "mixtura/size.hpp"

namespace mixtura {
namespace {

// The least share of a square that taking a row away may leave.
constexpr double least_left = 1e-6;

std::int64_t entries(ScatterForm form, std::int64_t d) {
    return form == ScatterForm::full ? d * d : form == ScatterForm::diagonal ? d : 1;
}

double squares(const double* u, std::int64_t d) {
    double sum = 0.0;
    for (std::int64_t j = 0; j < d; ++j) sum += u[j] * u[j];
    return sum;
}

}  // namespace

Scatter::Scatter(ScatterForm form, std::int64_t d, const double* prior)
    : form_(form), d_(d), held_(prior, prior + entries(form, d)), scratch_(size(d)) {
    measure();
}

void Scatter::start(const double* prior) {
    std::copy_n(prior, held_.size(), held_.begin());
    measure();
}

double Scatter::gain(const double* u) {
    if (form_ == ScatterForm::spherical) return std::log1p(squares(u, d_) / held_[0]);
    if (form_ == ScatterForm::diagonal) {
        double sum = 0.0;
        for (std::int64_t j = 0; j < d_; ++j) sum += std::log1p(u[j] * u[j] / held_[size(j)]);
        return sum;
    }
    double sum = 0.0;  // |L⁻¹ u|²
    for (std::int64_t j = 0; j < d_; ++j) {
        const double* row = &held_[size(j * d_)];
        double left = u[j];
        for (std::int64_t i = 0; i < j; ++i) left -= row[i] * scratch_[size(i)];
        scratch_[size(j)] = left / row[j];
        sum += scratch_[size(j)] * scratch_[size(j)];
    }
    return std::log1p(sum);
}

// Of the factor by rotations of (L, u) that leave nothing of u, column by column.
void Scatter::add(const double* u) {
    if (form_ == ScatterForm::spherical) held_[0] += squares(u, d_);
    else if (form_ == ScatterForm::diagonal)
        for (std::int64_t j = 0; j < d_; ++j) held_[size(j)] += u[j] * u[j];
    else {
        std::copy_n(u, d_, scratch_.begin());
        for (std::int64_t j = 0; j < d_; ++j) {
            double& diagonal = held_[size(j * d_ + j)];
            const double root =
                std::sqrt(diagonal * diagonal + scratch_[size(j)] * scratch_[size(j)]);
            const double c = diagonal / root, s = scratch_[size(j)] / root;
            diagonal = root;
            for (std::int64_t i = j + 1; i < d_; ++i) {
                double &entry = held_[size(i * d_ + j)], &left = scratch_[size(i)];
                const double before = entry;
                entry = c * before + s * left;
                left = c * left - s * before;
            }
        }
    }
    measure();
}

// By the rotations that undo those.
bool Scatter::take(const double* u) {
    const auto enough = [](double left, double of) { return left > least_left * of; };
    if (form_ != ScatterForm::full) {
        const bool one = form_ == ScatterForm::spherical;
        for (std::int64_t j = 0; j < (one ? 1 : d_); ++j) {
            const double left = held_[size(j)] - (one ? squares(u, d_) : u[j] * u[j]);
            if (!enough(left, held_[size(j)])) return false;
            held_[size(j)] = left;
        }
        measure();
        return true;
    }
    std::copy_n(u, d_, scratch_.begin());
    for (std::int64_t j = 0; j < d_; ++j) {
        double& diagonal = held_[size(j * d_ + j)];
        const double s = scratch_[size(j)] / diagonal, left = (1.0 - s) * (1.0 + s);
        if (!enough(left, 1.0)) return false;
        const double c = std::sqrt(left);
        diagonal *= c;
        for (std::int64_t i = j + 1; i < d_; ++i) {
            double& entry = held_[size(i * d_ + j)];
            entry = (entry - s * scratch_[size(i)]) / c;
            scratch_[size(i)] = c * scratch_[size(i)] - s * entry;
        }
    }
    measure();
    return true;
}

void Scatter::measure() {
    double sum = 0.0;
    if (form_ == ScatterForm::full)
        for (std::int64_t j = 0; j < d_; ++j) sum += 2.0 * std::log(held_[size(j * d_ + j)]);
    else
        for (const double square : held_) sum += std::log(square);
    log_determinant_ = sum;
}

}  // namespace mixtura
