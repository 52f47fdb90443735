// Weight law: what numbers of rows leave of the weights' prior.
#pragma once

#include <cstdint>
#include <vector>

#include "mixtura/beliefs.hpp"

namespace mixtura {

// ψ(x), the derivative of log Γ(x), for x > 0.
double digamma(double x);

// The law of the weights given how many rows each component has, and its divergence from the prior.
class WeightLaw {
  public:
    WeightLaw(const WeightPrior& prior, std::int64_t k);

    // Believe in numbers of rows (K,), which are to stay where they are.
    void of(const double* weight);

    std::vector<double> log_weights;  // (K,) E log π_k
    double divergence = 0.0, log_normaliser = 0.0;

  private:
    void dirichlet(const double* weight);
    double broken(const double* weight, double alpha);
    void told(double alpha, double log_alpha, double apart);

    const WeightPrior& prior_;
    std::vector<double> broken_;  // (K,) E log(1 − v_k)
    std::vector<double> rest_;    // (K,)
    const double* weight_ = nullptr;
    std::int64_t k_;
};

}  // namespace mixtura
