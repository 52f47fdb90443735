#include "mixtura/swaps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "accidents.hpp"
#include "climber.hpp"
#include "merges.hpp"
#include "mixtura/kernel.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
// Distances as far apart as this are one up to rounding.
constexpr double as_near = 1.0 + 1e-9;

// One of n, by a number from [0, 1).
std::int64_t drawn(double draw, std::int64_t n) {
    return std::min(static_cast<std::int64_t>(draw * static_cast<double>(n)), n - 1);
}

struct Candidate {
    Parameters at;
    double height;
    std::int64_t n_spurious;
};

class Swapping {
  public:
    Swapping(const Hill& hill, const SwapRule& rule, const Place& from)
        : hill_(hill), rule_(rule), k_(from.n_components), d_(hill.n_features),
          diagonal_(is_diagonal(hill.structure)), entries_(diagonal_ ? d_ : d_ * d_),
          climber_(hill, k_), losses_(k_, d_, diagonal_, rule.n_pairs), accidents_(hill, rule),
          lower_(size(d_ * d_)), whitening_(size(d_ * d_)), apart_(size(d_)), mean_(size(d_)),
          squared_(size(hill.n_rows)), sorted_(squared_),
          best_{parameters(hill, from), from.log_likelihood, 0}, tried_(best_) {
        best_.n_spurious = accidents_.count(best_.at);
        losses_.set(best_.at);
    }

    std::int64_t run(Effort& effort, const double* draws, std::int64_t n_draws) {
        std::int64_t used = 0;
        while (used < n_draws && effort.n_failed < effort.patience && effort.left > 0.0 &&
               !same(best_.height, effort.known)) {
            ++effort.n_failed;
            const bool better = swapped(draws + draws_per_swap * used++) && settled(effort);
            if (!better) continue;
            std::swap(best_, tried_);
            losses_.set(best_.at);
            effort.n_failed = 0;
        }
        return used;
    }

    const Candidate& best() const { return best_; }

  private:
    // One component of the best is merged into its neighbour, or dropped, and set elsewhere; false
    // where it cannot be.
    bool swapped(const double* draws) {
        Parameters& to = tried_.at;
        to = best_.at;
        const auto [taken, left] = pair(draws[0], draws[1]);
        if (draws[2] < 0.5) merge(best_.at, d_, left, taken, to);
        const double* place = hill_.rows + drawn(draws[3], hill_.n_rows) * d_;
        const double* metric = &best_.at.covariances[size(nearest_mean(place) * entries_)];
        if (draws[4] < rule_.local) {
            if (!set_locally(place, metric, draws[5], taken)) return false;
        } else {
            const double share = static_cast<double>(hill_.n_rows) / static_cast<double>(k_);
            to.weight[size(taken)] = 0.5 * share;
            std::copy_n(place, d_, &to.means[size(taken * d_)]);
            double* covariance = &to.covariances[size(taken * entries_)];
            for (std::int64_t i = 0; i < entries_; ++i) covariance[i] = 0.5 * metric[i];
        }
        restrain(hill_, to);
        return true;
    }

    // The component to take away, and the one nearest to it, which is left.
    std::pair<std::int64_t, std::int64_t> pair(double how, double which) const {
        if (how < rule_.close) {
            const auto& least = losses_.least();
            const std::int64_t at = least[size(drawn(which, std::ssize(least)))];
            if (at / k_ != at % k_) return {at / k_, at % k_};
        }
        const std::int64_t taken = drawn(which, k_);
        return {taken, losses_.nearest(taken)};
    }

    // Of the means as they are tried.
    std::int64_t nearest_mean(const double* place) const {
        std::int64_t nearest = 0;
        double least = infinity;
        for (std::int64_t k = 0; k < k_; ++k) {
            double sum = 0.0;
            for (std::int64_t j = 0; j < d_; ++j) {
                const double apart = tried_.at.means[size(k * d_ + j)] - place[j];
                sum += apart * apart;
            }
            if (sum < least) {
                least = sum;
                nearest = k;
            }
        }
        return nearest;
    }

    // Component `taken` becomes one of the rows nearest to the place in a metric, as many as `draw`
    // says, and of those that are as near as the last.
    bool set_locally(const double* place, const double* metric, double draw, std::int64_t taken) {
        if (!measured(place, metric)) return false;
        const double least = static_cast<double>(d_ + 2);
        const double most =
            std::max(static_cast<double>(hill_.n_rows) / static_cast<double>(k_), least + 1.0);
        const auto count =
            std::min(static_cast<std::int64_t>(least + draw * (most - least)), hill_.n_rows);
        std::copy(squared_.begin(), squared_.end(), sorted_.begin());
        const auto last = sorted_.begin() + (count - 1);
        std::nth_element(sorted_.begin(), last, sorted_.end());
        const double limit = as_near * *last;
        double total = 0.0;
        std::fill(mean_.begin(), mean_.end(), 0.0);
        near(limit, place, [&](double weight) {
            total += weight;
            for (std::int64_t j = 0; j < d_; ++j) mean_[size(j)] += weight * apart_[size(j)];
        });
        if (!(total > 0.0)) return false;
        for (double& each : mean_) each /= total;
        tried_.at.weight[size(taken)] = total;
        double* covariance = &tried_.at.covariances[size(taken * entries_)];
        std::fill_n(covariance, entries_, 0.0);
        near(limit, place, [&](double weight) { add_square(weight, covariance); });
        for (std::int64_t i = 0; i < entries_; ++i)
            covariance[i] = covariance[i] / total + rule_.soft * metric[i];
        for (std::int64_t j = 0; j < d_; ++j)
            tried_.at.means[size(taken * d_ + j)] = place[j] + mean_[size(j)];
        return true;
    }

    // Squared distances of all rows from a place in a metric; false where it is none.
    bool measured(const double* place, const double* metric) {
        if (diagonal_) {
            for (std::int64_t j = 0; j < d_; ++j) {
                if (!(metric[j] > 0.0)) return false;
                whitening_[size(j)] = 1.0 / std::sqrt(metric[j]);
            }
        } else {
            if (!cholesky(metric, d_, lower_.data())) return false;
            invert_lower(lower_.data(), 1, d_, whitening_.data());
        }
        const double* row = hill_.rows;
        for (double& squared : squared_) {
            for (std::int64_t j = 0; j < d_; ++j) apart_[size(j)] = row[j] - place[j];
            row += d_;
            double sum = 0.0;
            const double* factors = whitening_.data();
            for (std::int64_t j = 0; j < d_; ++j) {
                double along = 0.0;
                if (diagonal_) along = factors[j] * apart_[size(j)];
                else
                    for (std::int64_t i = 0; i <= j; ++i)
                        along += factors[j * d_ + i] * apart_[size(i)];
                sum += along * along;
            }
            squared = sum < largest ? sum : largest;
        }
        return true;
    }

    // Visit the weights of the rows up to a distance from the place, with `apart_` from there.
    template <class Visit> void near(double limit, const double* place, const Visit& visit) {
        for (std::int64_t i = 0; i < hill_.n_rows; ++i) {
            if (!(squared_[size(i)] <= limit)) continue;
            for (std::int64_t j = 0; j < d_; ++j)
                apart_[size(j)] = hill_.rows[i * d_ + j] - place[j];
            visit(hill_.weights ? hill_.weights[i] : 1.0);
        }
    }

    // The square of a row's deviation from the mean of those near.
    void add_square(double weight, double* covariance) {
        for (std::int64_t j = 0; j < d_; ++j) {
            apart_[size(j)] -= mean_[size(j)];
            const double weighed = weight * apart_[size(j)];
            if (diagonal_) {
                covariance[j] += weighed * apart_[size(j)];
                continue;
            }
            for (std::int64_t i = 0; i <= j; ++i)
                covariance[j * d_ + i] += weighed * apart_[size(i)];
            for (std::int64_t i = 0; i < j; ++i) covariance[i * d_ + j] = covariance[j * d_ + i];
        }
    }

    // Climb with what is tried, while it may yet be better than the best; whether it is then.
    bool settled(Effort& effort) {
        climber_.set(tried_.at);
        tried_.height = -infinity;
        if (!climbed(effort, rule_.n_first - 1, -infinity)) return false;
        for (std::int64_t done = rule_.n_first; done <= rule_.n_settled; ++done) {
            const double before = tried_.height;
            if (!climbed(effort, 1, -infinity)) return false;
            if (better()) return climbed(effort, rule_.n_settled, rule_.gain) && kept(better());
            const double gain = tried_.height - before, lacking = best_.height - tried_.height;
            if (!(gain >= 0.1 * rule_.gain && lacking <= rule_.pace * gain)) break;
        }
        return false;
    }

    // Some steps more, paid for; false where it ends in no place to go on from.
    bool climbed(Effort& effort, std::int64_t n_steps, double gain) {
        const Climbed done = climber_.run(tried_.height, n_steps, gain);
        effort.left -= effort.call + static_cast<double>(done.n_steps) * effort.step;
        return done.sound;
    }

    // Whether where the climber is has fewer spurious components than the best, or as many and a
    // larger likelihood.
    bool better() {
        const bool higher = tried_.height > best_.height + rule_.gain;
        if (!higher && !(std::isfinite(tried_.height) && best_.n_spurious > 0)) return false;
        tried_.n_spurious = accidents_.count(climber_.here());
        return higher ? tried_.n_spurious <= best_.n_spurious
                      : tried_.n_spurious < best_.n_spurious;
    }

    bool kept(bool is_better) {
        if (is_better) tried_.at = climber_.here();
        return is_better;
    }

    bool same(double one, double other) const { return std::abs(one - other) < rule_.same; }

    const Hill& hill_;
    const SwapRule& rule_;
    std::int64_t k_, d_;
    bool diagonal_;
    std::int64_t entries_;  // of a component's covariance: D² or D
    Climber climber_;
    MergeLosses losses_;
    Accidents accidents_;
    std::vector<double> lower_, whitening_, apart_, mean_, squared_, sorted_;
    Candidate best_, tried_;
};

}  // namespace

std::int64_t swap(const Hill& hill, const SwapRule& rule, Place& best, Effort& effort,
                  const double* draws, std::int64_t n_draws) {
    Swapping swapping(hill, rule, best);
    const std::int64_t used = swapping.run(effort, draws, n_draws);
    write(hill, swapping.best().at, best);
    best.log_likelihood = swapping.best().height;
    return used;
}

}  // namespace mixtura
