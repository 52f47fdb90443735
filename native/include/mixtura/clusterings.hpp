// Clusterings: drawn from their posterior, the parameters of a finite mixture integrated out.
#pragma once

#include <cstdint>

namespace mixtura {

// How a law of precisions holds its sum of squares S.
enum class ScatterForm { full, diagonal, spherical };

// Rows, and the joint law of them and a clustering of t clusters of n_1 … n_t of the N rows:
//
//   log p(X, C) = log V(t) + Σ_c size(n_c) + Σ_laws [normaliser(n) − ½(ν₀ + e n) log|S|],
//
// a law for each cluster, or one of all rows where it is pooled; e is D where one variance is for
// all features, else 1. S is the prior's plus β/(β+1) (x − m)(x − m)ᵀ for each row in turn, with m
// the mean and β = β₀ + n before it. For no row normaliser(0) − ½ν₀ log|S₀| is 0.
struct ClusteringProblem {
    const double* rows;  // (N, D), less a point near to all
    std::int64_t n, d;
    const double* mean;  // (D,), of the prior, less the same
    double mean_precision, degrees;
    const double* scale;  // S₀: its Cholesky factor (D, D), or (D,), or (1,)
    ScatterForm form;
    bool pooled;
    const double* sizes;        // (N + 1,), nats, 0 for no row
    const double* normalisers;  // (N + 1,), nats
    const double* counts;       // (N + 2,), log V(t), −∞ where there cannot be so many clusters
};

// How many sweeps of Gibbs over all rows, each after how many moves that split a cluster or merge
// two, and how many restricted scans lead to the place that such a move is proposed from.
struct ClusteringRule {
    std::int64_t n_sweeps, n_moves, n_scans;
};

// What is known of sweep after sweep; `accepted` counts the splits and the merges that were done.
struct ClusteringTrace {
    std::int32_t* labels;    // (sweeps, N), a cluster's number is how many begin at earlier rows
    double* heights;         // (sweeps,), log p(X, C), nats
    std::int64_t* accepted;  // (2,)
};

// From labels (N,) on, which are overwritten, as `state` is, of the numbers at random: what a sweep
// does depends on those two alone.
//
// One thread. Neal 2000, "Markov chain sampling methods for Dirichlet process mixture models",
// algorithm 3; Jain & Neal 2004, "A split-merge Markov chain Monte Carlo procedure for the
// Dirichlet process mixture model"; Miller & Harrison 2018, "Mixture models with a prior on the
// number of components", for V(t).
void sample_clusterings(const ClusteringProblem& problem, const ClusteringRule& rule,
                        std::int64_t* labels, std::int64_t* state, const ClusteringTrace& trace);

}  // namespace mixtura
