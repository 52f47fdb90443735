#include "weight_law.hpp"

#include <cmath>

#include "mixtura/size.hpp"

namespace mixtura {
namespace {

double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

}  // namespace

// By the recurrence to 10 and more, and from there on by the asymptotic series.
double digamma(double x) {
    double value = 0.0;
    for (; x < 10.0; x += 1.0) value -= 1.0 / x;
    const double y = 1.0 / (x * x);
    double series = 0.0;
    for (const double term :
         {1.0 / 12, -691.0 / 32760, 1.0 / 132, -1.0 / 240, 1.0 / 252, -1.0 / 120, 1.0 / 12})
        series = (series + term) * y;
    return value + std::log(x) - 0.5 / x - series;
}

WeightLaw::WeightLaw(const WeightPrior& prior, std::int64_t k)
    : log_weights(size(k)), prior_(prior), broken_(size(k)), rest_(size(k)), k_(k) {}

void WeightLaw::of(const double* weight) {
    if (!prior_.process) return dirichlet(weight);
    if (!prior_.unknown) {
        broken(weight, prior_.alpha);
        return told(prior_.alpha, std::log(prior_.alpha), 0.0);
    }
    const double shape = prior_.shape + static_cast<double>(k_);
    // The secant of log α, to where α = shape / rate(α).
    double at = std::log(prior_.shape / prior_.rate), value = 0.0, step = 0.0, rate = 0.0;
    for (int number = 0; number < 60; ++number) {
        rate = prior_.rate - broken(weight, std::exp(at));
        const double past = value;
        value = std::log(shape / rate) - at;
        if (std::fabs(value) <= 1e-11) break;
        const double slope = number ? (value - past) / step : -1.0;
        step = 1.0 / slope > -1e3 && 1.0 / slope < -0.3 ? -value / slope : value;
        at += step;
    }
    const double psi = digamma(shape), ratio = prior_.rate / rate;
    const double apart = (shape - prior_.shape) * psi - std::lgamma(shape) +
                         std::lgamma(prior_.shape) - prior_.shape * std::log(ratio) +
                         shape * (ratio - 1.0);
    told(shape / rate, psi - std::log(rate), apart);
}

void WeightLaw::dirichlet(const double* weight) {
    double total = 0.0, normaliser = 0.0;
    for (std::int64_t k = 0; k < k_; ++k) total += prior_.alpha + weight[k];
    const double whole = digamma(total), n = static_cast<double>(k_);
    divergence = 0.0;
    for (std::int64_t k = 0; k < k_; ++k) {
        const double alpha = prior_.alpha + weight[k];
        log_weights[size(k)] = digamma(alpha) - whole;
        divergence += weight[k] * log_weights[size(k)];
        normaliser -= std::lgamma(alpha);
    }
    log_normaliser = normaliser + std::lgamma(total);
    divergence += log_normaliser - std::lgamma(n * prior_.alpha) + n * std::lgamma(prior_.alpha);
}

// The sticks for an α; Σ E log(1 − v_k).
double WeightLaw::broken(const double* weight, double alpha) {
    double after = alpha, sum = 0.0;
    for (std::int64_t k = k_ - 1; k >= 0; --k) {
        const double a = 1.0 + weight[k], b = after, both = digamma(a + b);
        rest_[size(k)] = b;
        broken_[size(k)] = digamma(b) - both;
        log_weights[size(k)] = digamma(a) - both;
        sum += broken_[size(k)];
        after += weight[k];
    }
    weight_ = weight;
    return sum;
}

// What follows from the sticks, once the law of α is known.
void WeightLaw::told(double alpha, double log_alpha, double apart) {
    double before = 0.0;
    log_normaliser = 0.0;
    divergence = apart - static_cast<double>(k_) * log_alpha;
    for (std::int64_t k = 0; k < k_; ++k) {
        const double rest = rest_[size(k)], left = broken_[size(k)];
        divergence += weight_[k] * log_weights[size(k)] + (rest - alpha) * left;
        log_normaliser -= log_beta(1.0 + weight_[k], rest);
        log_weights[size(k)] += before;
        before += left;
    }
    divergence += log_normaliser;
}

}  // namespace mixtura
