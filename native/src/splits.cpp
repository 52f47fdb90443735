// Splits: what cells gain by two components in place of one.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "climber.hpp"
#include "dense.hpp"
#include "mixtura/kernel.hpp"
#include "mixtura/size.hpp"
#include "mixtura/truncated.hpp"
#include "structures.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double log_two_pi = 1.8378770664093454836;
// Steps of the power method: an axis to begin with, no more.
constexpr int n_turns = 8;
// A half begins with this share of the rows at least: fewer are a tail.
constexpr double slice = 0.1;
// Further steps of EM, as long as each gains so much, nats of all rows of the cell.
constexpr std::int64_t most_steps = 30;
constexpr double enough_gained = 0.5;

using Values = std::vector<double>;

// The rows of one cell, and what its halves are found from.
class Cell {
  public:
    Cell(const HeldRows& of, const Splits& splits)
        : of_(of), splits_(splits), d_(of.n_features), mean_(size(d_)), axis_(size(d_)),
          place_mean_(size(2 * d_)), place_covariance_(size(2 * d_ * d_)),
          scatter_(size(2 * d_ * d_)), turned_(size(d_)), lower_(size(d_ * d_)),
          inverse_(size(d_ * d_)) {}

    void take(const std::int32_t* order, std::int64_t n) {
        n_ = n;
        rows_.resize(size(n * d_));
        weights_.resize(size(n));
        total_ = 0.0;
        std::fill(mean_.begin(), mean_.end(), 0.0);
        for (std::int64_t i = 0; i < n; ++i) {
            std::copy_n(of_.values + order[i] * d_, d_, &rows_[size(i * d_)]);
            const double weight = of_.weights ? of_.weights[order[i]] : 1.0;
            weights_[size(i)] = weight;
            total_ += weight;
            for (std::int64_t j = 0; j < d_; ++j) mean_[size(j)] += weight * row(i)[j];
        }
        for (double& value : mean_) value /= total_;
    }

    // The gain, and the halves; −∞ where one would rest on fewer rows than it has numbers.
    double split(double* weight, double* means, double* covariances) {
        const bool diagonal = is_diagonal(splits_.structure);
        find_axis();
        if (!cut()) return -infinity;
        double shares[2] = {};
        std::fill(place_mean_.begin(), place_mean_.end(), 0.0);
        for (std::int64_t i = 0; i < n_; ++i) {
            const std::int64_t half = side_[size(i)];
            shares[half] += weights_[size(i)];
            for (std::int64_t j = 0; j < d_; ++j)
                place_mean_[size(half * d_ + j)] +=
                    weights_[size(i)] * (row(i)[j] - mean_[size(j)]);
        }
        for (int half = 0; half < 2; ++half)
            for (std::int64_t j = 0; j < d_; ++j) {
                double& value = place_mean_[size(half * d_ + j)];
                value = mean_[size(j)] + value / shares[half];
            }
        const double one = height_of_one();
        scatter_about(place_mean_.data(), side_.data(), diagonal);
        set_covariances(2, shares);
        Place place{2, shares, place_mean_.data(), place_covariance_.data(), 0.0, -infinity};
        climb(place);
        if (!std::isfinite(place.log_likelihood) || std::min(shares[0], shares[1]) < least())
            return -infinity;
        std::copy_n(shares, 2, weight);
        std::copy_n(place_mean_.data(), 2 * d_, means);
        if (!diagonal) {
            std::copy(place_covariance_.begin(), place_covariance_.end(), covariances);
        } else {
            for (std::int64_t at = 0; at < 2 * d_; ++at)
                covariances[at] = place_covariance_[size(at * d_ + at % d_)];
        }
        return total_ * (place.log_likelihood - one);
    }

  private:
    const double* row(std::int64_t i) const { return &rows_[size(i * d_)]; }

    // How many rows, of the mean weight, a half has at least.
    double least() const {
        const double numbers = static_cast<double>(is_diagonal(splits_.structure) ? 2 : d_ + 1);
        return (numbers + 1.0) * total_ / static_cast<double>(n_);
    }

    double along(std::int64_t i) const {
        double sum = 0.0;
        for (std::int64_t j = 0; j < d_; ++j)
            sum += axis_[size(j)] * (row(i)[j] - mean_[size(j)]) * splits_.scale[j];
        return sum;
    }

    // The longest axis in the units: by the power method, from the row that is farthest out.
    void find_axis() {
        double farthest = -1.0;
        std::int64_t which = 0;
        for (std::int64_t i = 0; i < n_; ++i) {
            double sum = 0.0;
            for (std::int64_t j = 0; j < d_; ++j) {
                const double z = (row(i)[j] - mean_[size(j)]) * splits_.scale[j];
                sum += z * z;
            }
            if (sum > farthest) {
                farthest = sum;
                which = i;
            }
        }
        for (std::int64_t j = 0; j < d_; ++j)
            axis_[size(j)] = (row(which)[j] - mean_[size(j)]) * splits_.scale[j];
        const bool few = d_ <= 2 * n_turns;  // where sums over the rows are taken once
        if (few) scatter_about(mean_.data(), nullptr, false);
        for (int turn = 0; turn < n_turns; ++turn) {
            std::fill(turned_.begin(), turned_.end(), 0.0);
            if (few) turn_by_scatter();
            else turn_by_rows();
            double norm = 0.0;
            for (double value : turned_) norm += value * value;
            if (!(norm > 0.0)) return;
            for (std::int64_t j = 0; j < d_; ++j)
                axis_[size(j)] = turned_[size(j)] / std::sqrt(norm);
        }
    }

    // Σ w (zᵀ a) z of the axis a, with rows z about the mean, in the units.
    void turn_by_rows() {
        for (std::int64_t i = 0; i < n_; ++i) {
            const double share = weights_[size(i)] * along(i);
            for (std::int64_t j = 0; j < d_; ++j)
                turned_[size(j)] += share * (row(i)[j] - mean_[size(j)]) * splits_.scale[j];
        }
    }
    void turn_by_scatter() {
        for (std::int64_t j = 0; j < d_; ++j)
            for (std::int64_t l = 0; l < d_; ++l) {
                const double entry = scatter_[size(std::max(j, l) * d_ + std::min(j, l))];
                turned_[size(j)] += splits_.scale[j] * entry * splits_.scale[l] * axis_[size(l)];
            }
    }

    // Which side of the best cut across the axis each row is on: that where two normal
    // distributions of the rows' places along it gain most over one. A place at the mean variance
    // counts with each side, so that few rows side by side are none. False where a side has too
    // few.
    bool cut() {
        sorted_.resize(size(n_));
        side_.resize(size(n_));
        double variance = 0.0;
        for (std::int64_t i = 0; i < n_; ++i) {
            const double place = along(i);
            sorted_[size(i)] = {place, i};
            variance += weights_[size(i)] * place * place / total_;
        }
        if (!(variance > 0.0)) return false;
        std::sort(sorted_.begin(), sorted_.end());
        const double enough = std::max(least(), slice * total_);
        const double unit = total_ / static_cast<double>(n_);
        const auto height = [&](double weight, double sum, double square) {
            const double scatter = std::max(square - sum * sum / weight, 0.0);
            return weight * (std::log(weight) -
                             0.5 * std::log((scatter + unit * variance) / (weight + unit)));
        };
        double weight = 0.0, sum = 0.0, square = 0.0, best = -infinity;
        std::int64_t at = 0;
        for (std::int64_t i = 0; i + 1 < n_; ++i) {
            const auto [place, which] = sorted_[size(i)];
            const double own = weights_[size(which)];
            weight += own;
            sum += own * place;
            square += own * place * place;
            if (weight < enough || total_ - weight < enough) continue;
            if (place == sorted_[size(i + 1)].first) continue;
            const double both = height(weight, sum, square) +
                                height(total_ - weight, -sum, variance * total_ - square);
            if (both > best) {
                best = both;
                at = i + 1;
            }
        }
        for (std::int64_t i = 0; i < n_; ++i) side_[size(sorted_[size(i)].second)] = i >= at;
        return at > 0;
    }

    // The scatter (D, D) of each side's rows about its mean, or of all about theirs: its lower
    // triangle, or the diagonal.
    void scatter_about(const double* means, const char* side, bool diagonal) {
        std::fill(scatter_.begin(), scatter_.end(), 0.0);
        for (std::int64_t i = 0; i < n_; ++i) {
            const std::int64_t half = side ? side[i] : 0;
            const double* mean = means + half * d_;
            double* to = &scatter_[size(half * d_ * d_)];
            for (std::int64_t j = 0; j < d_; ++j) {
                const double weighted = weights_[size(i)] * (row(i)[j] - mean[j]);
                for (std::int64_t l = diagonal ? j : 0; l <= j; ++l)
                    to[j * d_ + l] += weighted * (row(i)[l] - mean[l]);
            }
        }
    }

    // The covariances of so many components of these weights: the scatter a row, in the structure,
    // and the ridge. What all have in common counts with each as as many rows as it has numbers.
    void set_covariances(std::int64_t n, const double* shares) {
        const double prior = n > 1 ? least() : 0.0;
        for (std::int64_t c = 0; c < n; ++c) {
            const auto entry = [&](std::int64_t at) {
                double all = 0.0;
                for (std::int64_t other = 0; other < n; ++other)
                    all += scatter_[size(other * d_ * d_ + at)];
                return (scatter_[size(c * d_ * d_ + at)] + prior * all / total_) /
                       (shares[c] + prior);
            };
            double mean = 0.0;
            for (std::int64_t j = 0; j < d_; ++j)
                mean += entry(j * d_ + j) / static_cast<double>(d_);
            for (std::int64_t j = 0; j < d_; ++j)
                for (std::int64_t l = 0; l <= j; ++l) {
                    double value = entry(j * d_ + l);
                    if (splits_.structure == Structure::VII) value = j == l ? mean : 0.0;
                    value += splits_.ridge[j * d_ + l];
                    place_covariance_[size((c * d_ + j) * d_ + l)] =
                        place_covariance_[size((c * d_ + l) * d_ + j)] = value;
                }
        }
    }

    // So many steps of EM, and more as long as they gain.
    void climb(Place& place) const {
        const double* weights = of_.weights ? weights_.data() : nullptr;
        const Hill hill{rows_.data(),      weights,       n_,        d_,
                        splits_.structure, splits_.ridge, -infinity, false};
        Climber climber(hill, place.n_components);
        climber.set(parameters(hill, place));
        const Climbed done = climber.run(place.log_likelihood, splits_.n_steps + 1, -infinity);
        if (done.sound) climber.run(place.log_likelihood, most_steps, enough_gained / total_);
        write(hill, climber.here(), place);
    }

    // The mean log-likelihood of the rows under the one component that is likeliest, Σ with the
    // ridge: −½ (D log 2π + log|Σ| + tr(Σ⁻¹ S) / n). −∞ where Σ is singular.
    double height_of_one() {
        const bool diagonal = is_diagonal(splits_.structure);
        scatter_about(mean_.data(), nullptr, diagonal);
        set_covariances(1, &total_);
        double half = 0.0, trace = 0.0;  // ½ log|Σ|, and tr(Σ⁻¹ S)
        if (diagonal) {
            for (std::int64_t at = 0; at < d_ * d_; at += d_ + 1) {
                const double variance = place_covariance_[size(at)];
                if (!(variance > 0.0)) return -infinity;
                half += 0.5 * std::log(variance);
                trace += scatter_[size(at)] / variance;
            }
        } else {
            double *lower = lower_.data(), *inverse = inverse_.data();
            if (!cholesky(place_covariance_.data(), d_, lower)) return -infinity;
            half = log_determinant(lower, d_);
            invert_lower(lower, 1, d_, inverse);
            for (std::int64_t i = 0; i < d_; ++i, inverse += d_)
                for (std::int64_t j = 0; j <= i; ++j) {
                    const double *scatter = &scatter_[size(j * d_)], own = inverse[j] * scatter[j];
                    trace += inverse[j] * (2.0 * product(inverse, scatter, j) + own);
                }
        }
        return -half - 0.5 * (static_cast<double>(d_) * log_two_pi + trace / total_);
    }

    HeldRows of_;
    Splits splits_;
    std::int64_t d_, n_ = 0;
    double total_ = 0.0;
    Values rows_, weights_, mean_, axis_, place_mean_, place_covariance_, scatter_;
    Values turned_, lower_, inverse_;
    std::vector<std::pair<double, std::int64_t>> sorted_;  // places along the axis, and whose
    std::vector<char> side_;
};

}  // namespace

void split_cells(const HeldRows& rows, const Cells& cells, std::int64_t first, std::int64_t last,
                 const Splits& splits) {
    const std::int64_t d = rows.n_features;
    const std::int64_t entries = is_diagonal(splits.structure) ? d : d * d;
    Cell cell(rows, splits);
    for (std::int64_t c = first; c < last; ++c) {
        const std::int64_t n = cells.offsets[c + 1] - cells.offsets[c];
        splits.gains[c] = -infinity;
        if (n < 4) continue;
        cell.take(cells.order + cells.offsets[c], n);
        const double gain = cell.split(splits.weight + 2 * c, splits.means + 2 * c * d,
                                       splits.covariances + 2 * c * entries);
        if (std::isfinite(gain)) splits.gains[c] = gain;
    }
}

}  // namespace mixtura
