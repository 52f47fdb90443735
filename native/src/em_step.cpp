#include "em_step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dense.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// Keeps every weight positive: ten times the distance from 1 to the next number.
constexpr double least_weight = 10.0 * std::numeric_limits<double>::epsilon();
// Of a component that has no row; it has a logarithm.
constexpr double least_share = std::numeric_limits<double>::min();
// The share of noise where components have none; they keep a weight.
constexpr double all_noise = 1.0 - 0x1p-50;
constexpr double log_two_pi = 1.8378770664093454836;

}  // namespace

EMStep::EMStep(const Hill& hill, std::int64_t n_components, const SeenBefore& seen)
    : hill_(hill), seen_(seen), k_(n_components), d_(hill.n_features),
      noisy_(hill.noise_log_density > -infinity), n_(k_ + noisy_),
      diagonal_(is_diagonal(hill.structure)), entries_(diagonal_ ? d_ : d_ * d_),
      form_(form_of(hill.structure)), m_step_(hill.structure, k_, d_), weight_(size(n_)),
      first_(size(n_ * d_)), second_(size(n_ * entries_)), counted_(size(k_)), shift_(size(d_)) {
    // Beside noise, which whitens by zero, no component can share the whitening of another.
    if (noisy_ && form_ == Form::shared_triangular) form_ = Form::triangular;
    passes_ = passes(form_, hill.rows, hill.weights, hill.n_rows, n_, d_, diagonal_);
    total_weight_ = static_cast<double>(hill.n_rows);
    if (!hill.weights) return;
    total_weight_ = 0.0;
    for (std::int64_t i = 0; i < hill.n_rows; ++i) total_weight_ += hill.weights[i];
}

Point EMStep::point() const {
    const std::int64_t whitening = form_ == Form::spherical           ? n_
                                   : form_ == Form::shared_triangular ? d_ * d_
                                                                      : n_ * entries_;
    return {{std::vector<double>(size(k_)), std::vector<double>(size(k_ * d_)),
             std::vector<double>(size(k_ * entries_))},
            std::vector<double>(size(n_)),
            std::vector<double>(size(n_)),
            std::vector<double>(size(n_)),
            std::vector<double>(size(n_ * d_)),
            std::vector<double>(size(whitening)),
            std::vector<double>(size(k_ * entries_)),
            std::vector<double>(size(k_)),
            std::vector<double>(size(k_))};
}

double EMStep::expected(const Point& at) {
    const Components components{
        form_, n_, d_, at.constants.data(), at.means.data(), at.whitening.data()};
    return passes_->over(components, weight_.data(), first_.data(), second_.data());
}

bool EMStep::maximised(const Point& from, Point& to) {
    Parameters& next = to.at;
    for (std::int64_t k = 0; k < k_; ++k) {
        const double weight = next.weight[size(k)] = weight_[size(k)] + least_weight;
        const double* first = &first_[size(k * d_)];
        for (std::int64_t j = 0; j < d_; ++j) {
            shift_[size(j)] = first[j] / weight;
            next.means[size(k * d_ + j)] = from.at.means[size(k * d_ + j)] + shift_[size(j)];
        }
        about_its_mean(first, &second_[size(k * entries_)]);
        counted_[size(k)] = weight;
    }
    if (seen_.scatter) join(to);
    if (noisy_) next.noise_weight = weight_[size(k_)] + least_weight;
    const bool after = is_ridged_after(hill_.structure);
    if (!after) add_ridge(second_.data(), counted_.data());
    m_step_({counted_.data(), second_.data(), from.volumes.data(), from.at.covariances.data()},
            next.covariances.data());
    if (after) add_ridge(next.covariances.data(), nullptr);
    const auto finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(next.means.begin(), next.means.end(), finite)) return false;
    share(to);
    return factored(to);
}

// W_k from the second moment about the mean before; re-centring over a long way leaves rounding
// that is not the same on both sides of the diagonal.
void EMStep::about_its_mean(const double* first, double* second) const {
    if (diagonal_) {
        for (std::int64_t j = 0; j < d_; ++j) second[j] -= first[j] * shift_[size(j)];
        return;
    }
    for (std::int64_t i = 0; i < d_; ++i)
        for (std::int64_t j = 0; j < d_; ++j)
            second[i * d_ + j] = 0.5 * ((second[i * d_ + j] - first[i] * shift_[size(j)]) +
                                        (second[i * d_ + j] - first[j] * shift_[size(i)]));
}

// The rows seen before: μ_k = m_k − κ/(n_k + κ) δ and W_k + Λ_k + n_k κ/(n_k + κ) δ δᵀ with
// δ = m_k − μ_P, which rest on n_k + a rows.
void EMStep::join(Point& to) {
    for (std::int64_t k = 0; k < k_; ++k) {
        const double weight = to.at.weight[size(k)];
        const double pulled = seen_.shrinkage / (weight + seen_.shrinkage);
        double* mean = &to.at.means[size(k * d_)];
        for (std::int64_t j = 0; j < d_; ++j) {
            shift_[size(j)] = mean[j] - seen_.centre[j];
            mean[j] -= pulled * shift_[size(j)];
        }
        double* scatter = &second_[size(k * entries_)];
        const double* before = seen_.scatter + k * entries_;
        const double between = weight * pulled;
        for (std::int64_t i = 0; i < d_; ++i) {
            const double own = between * shift_[size(i)];
            if (diagonal_) scatter[i] = scatter[i] + own * shift_[size(i)] + before[i];
            else
                for (std::int64_t j = 0; j <= i; ++j)
                    scatter[i * d_ + j] = scatter[j * d_ + i] =
                        scatter[i * d_ + j] + own * shift_[size(j)] + before[i * d_ + j];
        }
        counted_[size(k)] = weight + seen_.rows;
    }
}

// The ridge, times each component's factor; of a diagonal structure its diagonal, and of a
// spherical one the mean of that.
void EMStep::add_ridge(double* matrices, const double* factors) const {
    if (!hill_.ridge) return;
    const bool sphere = form_ == Form::spherical;
    double mean = 0.0;
    for (std::int64_t j = 0; j < d_; ++j) mean += hill_.ridge[j * d_ + j] / static_cast<double>(d_);
    for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t i = 0; i < entries_; ++i)
            matrices[k * entries_ + i] +=
                (factors ? factors[k] : 1.0) *
                (sphere ? mean : hill_.ridge[diagonal_ ? i * (d_ + 1) : i]);
}

void EMStep::share(Point& p) const {
    double sum = 0.0;
    for (const double weight : p.at.weight) sum += weight;
    sum += p.at.noise_weight;
    const double noise = noisy_ ? std::min(p.at.noise_weight / sum, all_noise) : 0.0;
    for (std::int64_t k = 0; k < k_; ++k)
        p.shares[size(k)] = hill_.equal_weights ? (1.0 - noise) / static_cast<double>(k_)
                                                : std::max(p.at.weight[size(k)] / sum, least_share);
    if (noisy_) p.shares[size(k_)] = noise;
}

bool EMStep::factored(Point& p) const {
    const double d = static_cast<double>(d_), normalisation = 0.5 * d * log_two_pi;
    if (!(diagonal_ ? scaled(p) : whitened(p))) return false;
    for (std::int64_t c = 0; c < n_; ++c) p.log_shares[size(c)] = std::log(p.shares[size(c)]);
    for (std::int64_t k = 0; k < k_; ++k) {
        p.constants[size(k)] = p.log_shares[size(k)] - p.half[size(k)] - normalisation;
        p.volumes[size(k)] = std::exp(2.0 / d * p.half[size(k)]);
    }
    if (noisy_) p.constants[size(k_)] = p.log_shares[size(k_)] + hill_.noise_log_density;
    std::copy(p.at.means.begin(), p.at.means.end(), p.means.begin());
    return true;
}

// σ_k, 1/σ_k and ½ log|Σ_k|.
bool EMStep::scaled(Point& p) const {
    const bool sphere = form_ == Form::spherical;
    for (std::int64_t k = 0; k < k_; ++k) {
        const double* variances = &p.at.covariances[size(k * d_)];
        double sum = 0.0;
        for (std::int64_t j = 0; j < (sphere ? 1 : d_); ++j) {
            if (!(variances[j] > 0.0 && std::isfinite(variances[j]))) return false;
            const double deviation = p.factors[size(k * d_ + j)] = std::sqrt(variances[j]);
            p.whitening[size(sphere ? k : k * d_ + j)] = 1.0 / deviation;
            sum += std::log(deviation);
        }
        p.half[size(k)] = sphere ? static_cast<double>(d_) * sum : sum;
    }
    return true;
}

// L_k, L_k⁻¹ and log|L_k|; where all have the same, the first's.
bool EMStep::whitened(Point& p) const {
    const std::int64_t n = shared() ? 1 : k_;
    const double* covariances = p.at.covariances.data();
    double *lower = p.factors.data(), *inverse = p.whitening.data(), *half = p.half.data();
    if (n > 1 && d_ <= most_at_once) {
        if (!factor(covariances, n, d_, lower, inverse, half)) return false;
    } else {
        for (std::int64_t k = 0; k < n; ++k) {
            if (!cholesky(covariances + k * entries_, d_, lower + k * entries_)) return false;
            half[k] = log_determinant(lower + k * entries_, d_);
        }
        invert_lower(lower, n, d_, inverse);
    }
    for (std::int64_t k = n; k < k_; ++k) {
        if (form_ == Form::triangular) std::copy_n(inverse, entries_, inverse + k * entries_);
        half[k] = half[0];
    }
    return true;
}

// −½ Σ_k [a log|Σ_k| + tr(Σ_k⁻¹ Λ_k) + κ (μ_k − μ_P)ᵀ Σ_k⁻¹ (μ_k − μ_P)], by whitened columns.
double EMStep::log_prior(const Point& at) const {
    if (!seen_.scatter) return 0.0;
    double halves = 0.0, squares = 0.0;
    for (const double half : at.half) halves += half;
    const double reach = std::sqrt(seen_.shrinkage);
    for (std::int64_t k = 0; k < k_; ++k) {
        const double* mean = &at.at.means[size(k * d_)];
        const double* root = seen_.roots + k * entries_;
        const auto apart = [&](std::int64_t j) { return reach * (mean[j] - seen_.centre[j]); };
        if (diagonal_) {
            for (std::int64_t j = 0; j < d_; ++j) {
                const double scale = at.factors[size(k * d_ + (spherical() ? 0 : j))];
                const double own = root[j] / scale, far = apart(j) / scale;
                squares += own * own + far * far;
            }
            continue;
        }
        const double* inverse = &at.whitening[size(shared() ? 0 : k * entries_)];
        for (std::int64_t i = 0; i < d_; ++i, inverse += d_) {
            double far = 0.0;
            for (std::int64_t j = 0; j <= i; ++j) far += inverse[j] * apart(j);
            squares += far * far;
            for (std::int64_t c = 0; c < d_; ++c) {
                double own = 0.0;
                for (std::int64_t j = 0; j <= i; ++j) own += inverse[j] * root[j * d_ + c];
                squares += own * own;
            }
        }
    }
    return -0.5 * (2.0 * seen_.rows * halves + squares);
}

}  // namespace mixtura
