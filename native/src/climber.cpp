#include "climber.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixtura {
namespace {

// Keeps every weight positive: ten times the distance from 1 to the next number.
constexpr double least_weight = 10.0 * std::numeric_limits<double>::epsilon();
constexpr double log_two_pi = 1.8378770664093454836;

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

Climber::Climber(const Hill& hill, std::int64_t n_components)
    : hill_(hill), k_(n_components), d_(hill.n_features),
      noisy_(hill.noise_log_density > -std::numeric_limits<double>::infinity()), n_(k_ + noisy_),
      diagonal_(is_diagonal(hill.structure)), entries_(diagonal_ ? d_ : d_ * d_),
      form_(form_of(hill.structure)), m_step_(hill.structure, k_, d_),
      here_{std::vector<double>(size(k_)), std::vector<double>(size(k_ * d_)),
            std::vector<double>(size(k_ * entries_))},
      next_(here_), means_(size(n_ * d_)), constants_(size(n_)), whitening_(size(n_ * d_ * d_)),
      lower_(size(d_ * d_)), half_(size(k_)), volumes_(size(k_)), shift_(size(d_)),
      weight_(size(n_)), first_(size(n_ * d_)), second_(size(n_ * entries_)) {
    // Beside noise, which whitens by zero, no component can share the whitening of another.
    if (noisy_ && form_ == Form::shared_triangular) form_ = Form::triangular;
    passes_ = passes(form_, hill.rows, hill.weights, hill.n_rows, n_, d_, diagonal_);
    total_weight_ = static_cast<double>(hill.n_rows);
    if (!hill.weights) return;
    total_weight_ = 0.0;
    for (std::int64_t i = 0; i < hill.n_rows; ++i) total_weight_ += hill.weights[i];
}

void Climber::set(const Parameters& from) {
    here_ = from;
    sound_ = factored(here_);
}

Climbed Climber::run(double& log_likelihood, std::int64_t n_steps, double least_gain) {
    Climbed done{std::numeric_limits<double>::infinity(), 0, sound_};
    if (sound_) m_step_.begin(here_.covariances.data());
    while (done.sound && done.n_steps < n_steps) {
        const double reached = expected() / total_weight_;
        if (done.sound = sound_ = std::isfinite(reached) && maximised(); !sound_) break;
        std::swap(here_, next_);
        ++done.n_steps;
        done.gain = reached - log_likelihood;
        log_likelihood = reached;
        if (done.gain < least_gain) break;
    }
    return done;
}

// The E-step under the parameters that were factored last: Σ v_i log p(x_i), and the sums.
double Climber::expected() {
    const Components components{form_, n_, d_, constants_.data(), means_.data(), whitening_.data()};
    return passes_->over(components, weight_.data(), first_.data(), second_.data());
}

// The M-step, into `next_`; whether another E-step can follow.
bool Climber::maximised() {
    for (std::int64_t k = 0; k < k_; ++k) {
        const double weight = next_.weight[size(k)] = weight_[size(k)] + least_weight;
        const double* first = &first_[size(k * d_)];
        for (std::int64_t j = 0; j < d_; ++j) {
            shift_[size(j)] = first[j] / weight;
            next_.means[size(k * d_ + j)] = here_.means[size(k * d_ + j)] + shift_[size(j)];
        }
        about_its_mean(first, &second_[size(k * entries_)]);
    }
    if (noisy_) next_.noise_weight = weight_[size(k_)] + least_weight;
    const bool after = is_ridged_after(hill_.structure);
    if (!after) add_ridge(second_.data(), next_.weight.data());
    m_step_({next_.weight.data(), second_.data(), volumes_.data()}, next_.covariances.data());
    if (after) add_ridge(next_.covariances.data(), nullptr);
    const auto finite = [](double value) { return std::isfinite(value); };
    return std::all_of(next_.means.begin(), next_.means.end(), finite) && factored(next_);
}

// W_k from the second moment about the mean before; re-centring over a long way leaves rounding
// that is not the same on both sides of the diagonal.
void Climber::about_its_mean(const double* first, double* second) const {
    if (diagonal_) {
        for (std::int64_t j = 0; j < d_; ++j) second[j] -= first[j] * shift_[size(j)];
        return;
    }
    for (std::int64_t i = 0; i < d_; ++i)
        for (std::int64_t j = 0; j <= i; ++j)
            second[i * d_ + j] = second[j * d_ + i] =
                second[i * d_ + j] -
                0.5 * (first[i] * shift_[size(j)] + first[j] * shift_[size(i)]);
}

// The ridge, times each component's factor; of a diagonal structure its diagonal, and of a
// spherical one the mean of that.
void Climber::add_ridge(double* matrices, const double* factors) const {
    const bool sphere = form_ == Form::spherical;
    double mean = 0.0;
    for (std::int64_t j = 0; j < d_; ++j) mean += hill_.ridge[j * d_ + j] / static_cast<double>(d_);
    for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t i = 0; i < entries_; ++i)
            matrices[k * entries_ + i] +=
                (factors ? factors[k] : 1.0) *
                (sphere ? mean : hill_.ridge[diagonal_ ? i * (d_ + 1) : i]);
}

// Make ready for an E-step under `p`, unless a covariance is not positive definite.
bool Climber::factored(const Parameters& p) {
    double sum = p.noise_weight;
    for (const double weight : p.weight) sum += weight;
    for (std::int64_t k = 0; k < k_; ++k) {
        if (!(diagonal_ ? scaled(p, k) : whitened(p, k))) return false;
        const double share = hill_.equal_weights
                                 ? (1.0 - p.noise_weight / sum) / static_cast<double>(k_)
                                 : p.weight[size(k)] / sum;
        constants_[size(k)] =
            std::log(share) - half_[size(k)] - 0.5 * log_two_pi * static_cast<double>(d_);
        volumes_[size(k)] = std::exp(2.0 / static_cast<double>(d_) * half_[size(k)]);
    }
    if (noisy_) constants_[size(k_)] = std::log(p.noise_weight / sum) + hill_.noise_log_density;
    std::copy(p.means.begin(), p.means.end(), means_.begin());
    return true;
}

// 1/σ of component k, and ½ log|Σ_k|.
bool Climber::scaled(const Parameters& p, std::int64_t k) {
    const bool sphere = form_ == Form::spherical;
    const double* variances = &p.covariances[size(k * d_)];
    double product = 0.0;
    for (std::int64_t j = 0; j < (sphere ? 1 : d_); ++j) {
        if (!(variances[j] > 0.0 && std::isfinite(variances[j]))) return false;
        const double deviation = std::sqrt(variances[j]);
        whitening_[size(sphere ? k : k * d_ + j)] = 1.0 / deviation;
        product += std::log(deviation);
    }
    half_[size(k)] = sphere ? static_cast<double>(d_) * product : product;
    return true;
}

// L⁻¹ of component k, and log|L|; where all have the same, the first's.
bool Climber::whitened(const Parameters& p, std::int64_t k) {
    double* inverse = &whitening_[size(k * d_ * d_)];
    if (k > 0 && hill_.structure == Structure::EEE) {
        if (form_ == Form::triangular) std::copy_n(whitening_.data(), d_ * d_, inverse);
        half_[size(k)] = half_[0];
        return true;
    }
    if (!cholesky(&p.covariances[size(k * d_ * d_)], d_, lower_.data())) return false;
    invert_lower(lower_.data(), 1, d_, inverse);
    half_[size(k)] = log_determinant(lower_.data(), d_);
    return true;
}

}  // namespace mixtura
