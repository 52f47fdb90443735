// Beliefs: variational EM over rows in memory, in one call.
//
// Letters: N rows, D features, K components, C laws of precisions: K, or 1 where one is for all.
#pragma once

#include <cstdint>

#include "mixtura/kernel.hpp"

namespace mixtura {

// The prior of each component's mean and precision, μ | Λ ~ N(m₀, (β₀ Λ)⁻¹) and Λ of a Wishart's
// law, or of Gammas', with ν₀ degrees of freedom and the scale S₀.
struct ConjugatePrior {
    Form form;           // of scales; shared_triangular is one matrix for all components
    bool wishart;        // or Gammas, one for each variance that is free
    bool pooled;         // one precision for all components
    bool averaged;       // a precision for each, whose laws are held to be one
    const double* mean;  // (D,)
    double mean_precision;
    double degrees;
    const double* scale;  // (D, D), (D,) or (1,)
    const double* root;   // (D, D) its Cholesky factor, where it is a matrix
    double log_normaliser;
    double ridge;  // is added to the variance of every row
};

// The prior of the weights: a Dirichlet's law, or sticks' of a Dirichlet process; of the latter α
// may be unknown, of the law Gamma(shape, rate).
struct WeightPrior {
    bool process, unknown;
    double alpha, shape, rate;
};

// Sums over all rows about `reference`, each row as often as it counts.
struct BeliefSums {
    double* reference;  // (K, D)
    double* weight;     // (K,)
    double* first;      // (K, D)
    double* second;     // (K, D, D), or its diagonals (K, D) where the form is diagonal
};

// Which rows, and when it ends.
struct AscentRule {
    const double* rows;     // (N, D)
    const double* weights;  // (N,), or null where each counts once
    std::int64_t n_rows, n_features, n_components;
    double unit;  // how many rows a weight of 1 stands for
    bool theirs;  // whether the bound is scikit-learn's, and a change below `tol` ends it
    double tol;   // nats
    std::int64_t n_steps;
};

// How far it went: steps, whether the rule ended it, and whether every step was sound.
struct BeliefAscent {
    std::int64_t n_steps;
    bool ended, sound;
};

// Steps from `sums` on; `last` is the bound before. Each makes the belief in the sums, and from a
// pass under it the next sums.
//
// As we go, `before` are the sums that the last belief was made from, `sums` those under it, and
// `trace` (n_steps,) its bound on log p(X); components are put in the falling order of their rows
// where their order counts. As scikit-learn goes, the first belief is made from `sums`, and each
// step's bound is that of responsibilities under one belief and of the next.
BeliefAscent ascend(const ConjugatePrior& prior, const WeightPrior& weights, const AscentRule& rule,
                    BeliefSums& sums, BeliefSums& before, double last, double* trace);

}  // namespace mixtura
