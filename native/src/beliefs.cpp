#include "mixtura/beliefs.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "dense.hpp"
#include "mixtura/passes.hpp"
#include "mixtura/size.hpp"
#include "weight_law.hpp"

namespace mixtura {
namespace {

constexpr double log_2 = 0.693147180559945309417, log_two_pi = 1.83787706640934548356;

class Believer {
  public:
    Believer(const ConjugatePrior& prior, const WeightPrior& weights, const AscentRule& rule)
        : prior_(prior), rule_(rule), d_(rule.n_features), k_(rule.n_components),
          diagonal_(prior.form == Form::diagonal || prior.form == Form::spherical),
          joint_(prior.pooled || prior.averaged), laws_(joint_ ? 1 : k_),
          gammas_(prior.form == Form::spherical && !prior.wishart ? 1 : d_), copies_(d_ / gammas_),
          entries_(diagonal_ ? d_ : d_ * d_), held_(prior.form == Form::spherical ? 1 : entries_),
          weights_(weights, k_), means_(size(k_ * d_)), precision_(size(k_)), degrees_(size(laws_)),
          scale_(size(laws_ * held_)), lower_(size(d_ * d_)), whitening_(size(k_ * held_)),
          half_(size(laws_)), constants_(size(k_)), shift_(size(d_)), apart_(size(d_)),
          passes_(passes(prior.form, rule.rows, rule.weights, rule.n_rows, k_, d_, diagonal_)) {}

    double divergence = 0.0, log_normaliser = 0.0;

    // The belief in sums; whether it is one.
    bool believe(const BeliefSums& sums) {
        weights_.of(sums.weight);
        gather(sums);
        if (!factored()) return false;
        told();
        return true;
    }

    // The sums under the belief; Σ_i log Σ_k exp(E log π_k + E log N), nats.
    double look(BeliefSums& sums) {
        const Components components{prior_.form,      k_, d_, constants_.data(), means_.data(),
                                    whitening_.data()};
        const double total = passes_->over(components, sums.weight, sums.first, sums.second);
        std::copy(means_.begin(), means_.end(), sums.reference);
        if (rule_.unit != 1.0) {
            for (std::int64_t i = 0; i < k_; ++i) sums.weight[i] *= rule_.unit;
            for (std::int64_t i = 0; i < k_ * d_; ++i) sums.first[i] *= rule_.unit;
            for (std::int64_t i = 0; i < k_ * entries_; ++i) sums.second[i] *= rule_.unit;
        }
        return total * rule_.unit;
    }

    // −Σ r log r of the responsibilities that the sums were taken with.
    double entropy(const BeliefSums& sums, double log_likelihood) const {
        double joint = 0.0, squares = 0.0;
        for (std::int64_t k = 0; k < k_; ++k) {
            joint += constants_[size(k)] * sums.weight[k];
            const double* second = sums.second + k * entries_;
            const double* w = whitening(k);
            if (diagonal_) {
                for (std::int64_t j = 0; j < d_; ++j) {
                    const double own = w[held_ == 1 ? 0 : j];
                    squares += own * own * second[j];
                }
                continue;
            }
            for (std::int64_t i = 0; i < d_; ++i, w += d_)  // Σ_i w_i S w_iᵀ
                for (std::int64_t a = 0; a <= i; ++a) {
                    double row = 0.0;
                    for (std::int64_t b = 0; b <= i; ++b) row += second[a * d_ + b] * w[b];
                    squares += w[a] * row;
                }
        }
        return log_likelihood - joint + 0.5 * squares;
    }

    std::int64_t entries() const { return entries_; }

  private:
    const double* whitening(std::int64_t k) const {
        return &whitening_[size(prior_.form == Form::shared_triangular ? 0 : k * held_)];
    }

    // β_k, m_k, ν and S of all rows.
    void gather(const BeliefSums& sums) {
        std::fill(scale_.begin(), scale_.end(), 0.0);
        std::fill(degrees_.begin(), degrees_.end(), 0.0);
        const double times = static_cast<double>(copies_);
        for (std::int64_t k = 0; k < k_; ++k) {
            const double n = sums.weight[k], kappa = prior_.mean_precision;
            precision_[size(k)] = kappa + n;
            for (std::int64_t j = 0; j < d_; ++j) {
                const double at = sums.reference[k * d_ + j];
                const double pulled = sums.first[k * d_ + j] + kappa * (prior_.mean[j] - at);
                const double mean = means_[size(k * d_ + j)] = at + pulled / precision_[size(k)];
                shift_[size(j)] = at - mean;
                apart_[size(j)] = prior_.mean[j] - mean;
            }
            add(sums.second + k * entries_, sums.first + k * d_, n,
                &scale_[size(joint_ ? 0 : k * held_)]);
            degrees_[size(joint_ ? 0 : k)] += times * n;
        }
        const double share = prior_.averaged ? 1.0 / static_cast<double>(k_) : 1.0;
        for (std::int64_t c = 0; c < laws_; ++c) {
            degrees_[size(c)] = prior_.degrees + share * degrees_[size(c)];
            double* scale = &scale_[size(c * held_)];
            for (std::int64_t e = 0; e < held_; ++e) scale[e] = prior_.scale[e] + share * scale[e];
        }
    }

    // The squares of a component's rows about its mean, and the mean's about the prior's.
    void add(const double* second, const double* first, double n, double* scale) const {
        const double kappa = prior_.mean_precision;
        const double more = prior_.ridge * static_cast<double>(copies_) * n;
        const auto about = [&](std::int64_t i, std::int64_t j, double value) {
            const double x = shift_[size(i)], y = shift_[size(j)];
            return value + (first[i] * y + x * first[j] + n * x * y) +
                   kappa * apart_[size(i)] * apart_[size(j)];
        };
        if (!diagonal_) {
            for (std::int64_t i = 0; i < d_; ++i) {
                for (std::int64_t j = 0; j < i; ++j) {
                    const double value = about(i, j, second[i * d_ + j]);
                    scale[i * d_ + j] += value;
                    scale[j * d_ + i] += value;
                }
                scale[i * d_ + i] += about(i, i, second[i * d_ + i]) + more;
            }
            return;
        }
        double sum = 0.0;
        for (std::int64_t j = 0; j < d_; ++j) {
            const double value = about(j, j, second[j]);
            if (held_ > 1 || d_ == 1) scale[held_ > 1 ? j : 0] += value + more;
            sum += value;
        }
        if (held_ == 1 && d_ > 1)
            scale[0] += sum * static_cast<double>(copies_) / static_cast<double>(d_) + more;
    }

    // Factors of (E Λ)⁻¹ = S / ν; whether all are positive definite.
    bool factored() {
        for (std::int64_t c = 0; c < laws_; ++c) {
            double* scale = &scale_[size(c * held_)];
            double* whitening = &whitening_[size(c * held_)];
            for (std::int64_t e = 0; e < held_; ++e) scale[e] /= degrees_[size(c)];
            if (!diagonal_) {
                if (!cholesky(scale, d_, lower_.data())) return false;
                invert_lower(lower_.data(), 1, d_, whitening);
                half_[size(c)] = log_determinant(lower_.data(), d_);
                continue;
            }
            double half = 0.0;
            for (std::int64_t e = 0; e < held_; ++e) {
                if (!(scale[e] > 0.0 && std::isfinite(scale[e]))) return false;
                whitening[e] = 1.0 / std::sqrt(scale[e]);
                half += 0.5 * std::log(scale[e]);
            }
            half_[size(c)] = held_ == 1 ? static_cast<double>(d_) * half : half;
        }
        if (joint_ && diagonal_)
            for (std::int64_t k = 1; k < k_; ++k)
                std::copy_n(whitening_.data(), held_, &whitening_[size(k * held_)]);
        return true;
    }

    // Constants of a pass, the divergence from the prior, and scikit-learn's part of the bound.
    void told() {
        const double d = static_cast<double>(d_), g = static_cast<double>(gammas_);
        const double times = prior_.averaged ? static_cast<double>(k_) : 1.0;
        divergence = weights_.divergence;
        log_normaliser = -weights_.log_normaliser;
        for (std::int64_t c = 0; c < laws_; ++c) {
            const double nu = degrees_[size(c)];
            double psi = 0.0, gamma = 0.0;
            for (std::int64_t j = 0; j < gammas_; ++j) {
                const double half = 0.5 * (nu - (prior_.wishart ? static_cast<double>(j) : 0.0));
                psi += digamma(half);
                gamma += std::lgamma(half);
            }
            const double logs =
                g * log_2 - 2.0 * half_[size(c)] / static_cast<double>(copies_) - g * std::log(nu);
            const double expected = psi + logs, normaliser = gamma + 0.5 * nu * logs;
            divergence +=
                times * (prior_.log_normaliser - normaliser +
                         0.5 * (nu - prior_.degrees) * expected - 0.5 * (nu * g - prior_trace(c)));
            log_normaliser += times * normaliser;
            half_[size(c)] = 0.5 * static_cast<double>(copies_) * expected;
        }
        for (std::int64_t k = 0; k < k_; ++k) {
            const double ratio = prior_.mean_precision / precision_[size(k)];
            divergence +=
                0.5 * (d * (ratio - 1.0 - std::log(ratio)) + prior_.mean_precision * distance(k));
            log_normaliser -= 0.5 * d * std::log(precision_[size(k)]);
            constants_[size(k)] = weights_.log_weights[size(k)] + half_[size(joint_ ? 0 : k)] -
                                  0.5 * d / precision_[size(k)] - 0.5 * d * log_two_pi;
        }
    }

    // tr S₀ E Λ over the Gammas of a law.
    double prior_trace(std::int64_t c) const {
        const double* w = &whitening_[size(c * held_)];
        double sum = 0.0;
        if (diagonal_) {
            for (std::int64_t e = 0; e < held_; ++e) sum += prior_.scale[e] * w[e] * w[e];
            return held_ == 1 ? static_cast<double>(gammas_) * sum : sum;
        }
        for (std::int64_t i = 0; i < d_; ++i, w += d_)
            for (std::int64_t j = 0; j <= i; ++j) {
                double entry = 0.0;
                for (std::int64_t l = j; l <= i; ++l) entry += w[l] * prior_.root[l * d_ + j];
                sum += entry * entry;
            }
        return sum;
    }

    // (m_k − m₀)ᵀ E[Λ_k] (m_k − m₀).
    double distance(std::int64_t k) const {
        const double* w = whitening(k);
        const double* mean = &means_[size(k * d_)];
        double sum = 0.0;
        for (std::int64_t i = 0; i < d_; ++i) {
            double z = 0.0;
            if (diagonal_) {
                z = w[held_ == 1 ? 0 : i] * (mean[i] - prior_.mean[i]);
            } else {
                for (std::int64_t j = 0; j <= i; ++j)
                    z += w[i * d_ + j] * (mean[j] - prior_.mean[j]);
            }
            sum += z * z;
        }
        return sum;
    }

    const ConjugatePrior& prior_;
    const AscentRule& rule_;
    std::int64_t d_, k_;
    bool diagonal_, joint_;
    std::int64_t laws_;     // C
    std::int64_t gammas_;   // of a law
    std::int64_t copies_;   // features that each of them is for
    std::int64_t entries_;  // of a component's second moments: D² or D
    std::int64_t held_;     // of a scale: D², D or 1
    WeightLaw weights_;
    std::vector<double> means_, precision_, degrees_, scale_, lower_, whitening_, half_;
    std::vector<double> constants_, shift_, apart_;
    std::unique_ptr<Passes> passes_;
};

// Components in the falling order of their rows.
void sort(BeliefSums& sums, std::int64_t k, std::int64_t d, std::int64_t entries) {
    if (std::is_sorted(sums.weight, sums.weight + k, std::greater<>())) return;
    std::vector<std::int64_t> order(size(k));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t one, std::int64_t other) {
        return sums.weight[one] > sums.weight[other];
    });
    const auto turned = [&](double* numbers, std::int64_t n) {
        const std::vector<double> old(numbers, numbers + k * n);
        for (std::int64_t i = 0; i < k; ++i)
            std::copy_n(&old[size(order[size(i)] * n)], n, numbers + i * n);
    };
    turned(sums.reference, d);
    turned(sums.weight, 1);
    turned(sums.first, d);
    turned(sums.second, entries);
}

void copy(const BeliefSums& from, BeliefSums& to, std::int64_t k, std::int64_t d,
          std::int64_t entries) {
    std::copy_n(from.reference, k * d, to.reference);
    std::copy_n(from.weight, k, to.weight);
    std::copy_n(from.first, k * d, to.first);
    std::copy_n(from.second, k * entries, to.second);
}

}  // namespace

BeliefAscent ascend(const ConjugatePrior& prior, const WeightPrior& weights, const AscentRule& rule,
                    BeliefSums& sums, BeliefSums& before, double last, double* trace) {
    Believer believer(prior, weights, rule);
    BeliefAscent done{0, false, true};
    if (rule.theirs && !believer.believe(sums)) return {0, false, false};
    while (done.n_steps < rule.n_steps) {
        if (!rule.theirs) {
            if (weights.process) sort(sums, rule.n_components, rule.n_features, believer.entries());
            if (!(done.sound = believer.believe(sums))) break;
            copy(sums, before, rule.n_components, rule.n_features, believer.entries());
        }
        const double total = believer.look(sums);
        if (!(done.sound = std::isfinite(total))) break;
        double bound = total - believer.divergence;
        if (rule.theirs) {
            const double entropy = believer.entropy(sums, total);
            if (!(done.sound = believer.believe(sums))) break;
            bound = entropy + believer.log_normaliser;
        }
        trace[done.n_steps++] = bound;
        const double change = bound - last;
        last = bound;
        if (done.ended = rule.theirs ? std::fabs(change) < rule.tol : change <= rule.tol;
            done.ended)
            break;
    }
    return done;
}

}  // namespace mixtura
