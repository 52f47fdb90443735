#include "group_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "dense.hpp"
#include "mixtura/kernel.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

// Values beyond it have no square that can be summed up.
constexpr double widest = 1e100;
// A standard deviation below so many ulp of the mean is rounding, and nothing to be measured by.
constexpr double grain = 1e4 * std::numeric_limits<double>::epsilon();
constexpr double least_variance = 1e-280;

}  // namespace

GroupRows::GroupRows(std::int64_t d)
    : d_(d), mean_(size(d)), covariance_(size(d * d)), variances_(size(d)), lower_(size(d * d)),
      inverse_(size(d * d)) {}

bool GroupRows::take(const GroupedRows& of, std::int64_t group) {
    rows_.clear();
    weights_.clear();
    measured_.clear();
    n_ = 0;
    total_ = 0.0;
    bool finite = true;
    for (std::int64_t at = of.starts[group]; at < of.stops[group]; ++at) {
        const std::int64_t i = of.order ? of.order[at] : at;
        const double weight = of.weights ? of.weights[i] : 1.0;
        const double* x = of.rows + i * d_;
        for (std::int64_t j = 0; j < d_; ++j) finite = finite && std::abs(x[j]) < widest;
        if (weight == 0.0) continue;
        rows_.insert(rows_.end(), x, x + d_);
        if (of.weights) weights_.push_back(weight);
        total_ += weight;
        ++n_;
    }
    return n_ > 0 && finite && summed();
}

// Mean and covariance; whether no feature is constant, up to the rounding of its values.
bool GroupRows::summed() {
    std::fill(mean_.begin(), mean_.end(), 0.0);
    for (std::int64_t i = 0; i < n_; ++i)
        for (std::int64_t j = 0; j < d_; ++j) mean_[size(j)] += weight(i) * row(i)[j];
    for (double& each : mean_) each /= total_;
    std::fill(covariance_.begin(), covariance_.end(), 0.0);
    for (std::int64_t i = 0; i < n_; ++i)
        for (std::int64_t j = 0; j < d_; ++j) {
            const double apart = weight(i) * (row(i)[j] - mean_[size(j)]);
            for (std::int64_t l = 0; l <= j; ++l)
                covariance_[size(j * d_ + l)] += apart * (row(i)[l] - mean_[size(l)]);
        }
    bool spread = true;
    for (std::int64_t j = 0; j < d_; ++j) {
        for (std::int64_t l = 0; l <= j; ++l)
            covariance_[size(l * d_ + j)] = covariance_[size(j * d_ + l)] /= total_;
        variances_[size(j)] = covariance_[size(j * (d_ + 1))];
        const double rounding = grain * mean_[size(j)];
        spread = spread && variances_[size(j)] > std::max(rounding * rounding, least_variance);
    }
    return spread;
}

const double* GroupRows::measured_for(Structure structure) {
    if (!measured_.empty() && measured_structure_ == structure) return measured_.data();
    measured_structure_ = structure;
    const std::string_view letters = structure_names[static_cast<int>(structure)];
    const bool oriented = letters[1] == letters[2] && letters[1] != 'I';
    const bool whole = oriented && cholesky(covariance_.data(), d_, lower_.data());
    if (whole) invert_lower(lower_.data(), 1, d_, inverse_.data());
    const bool apart = oriented || (letters[1] != 'I' && letters[2] == 'I');
    measured_.resize(rows_.size());
    for (std::int64_t i = 0; i < n_; ++i)
        for (std::int64_t j = 0; j < d_; ++j) {
            double& to = measured_[size(i * d_ + j)] = 0.0;
            if (!whole)
                to = (row(i)[j] - mean_[size(j)]) / (apart ? std::sqrt(variances_[size(j)]) : 1.0);
            for (std::int64_t l = 0; whole && l <= j; ++l)
                to += inverse_[size(j * d_ + l)] * (row(i)[l] - mean_[size(l)]);
        }
    return measured_.data();
}

}  // namespace mixtura
