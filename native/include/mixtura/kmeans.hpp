// K-means over rows in memory: seeds far apart, and Lloyd's iteration from them to its end.
//
// Letters: N rows, D features, K centres. Arrays are row-major.
#pragma once

#include <cstdint>

#include "mixtura/kernel.hpp"

namespace mixtura {

// Rows (N, D) with weights (N,), or null where each counts once.
struct WeightedRows {
    const double* rows;
    const double* weights;
    std::int64_t n_rows;
    std::int64_t n_features;
};

// The numbers (K,) of K rows, chosen by greedy k-means++.
//
// The first is drawn as the rows weigh. Each next one is the best of `n_tries` that are drawn as
// their squared distances to the nearest seed: the first of those that leave the least sum of such
// distances, but for a share of `rounding`. Draws are from [0, 1): one, and then n_tries for each.
void far_apart(const WeightedRows& of, const double* draws, std::int64_t n_tries, double rounding,
               std::int64_t n_seeds, std::int64_t* chosen);

// When Lloyd's iteration is over, and what it leaves to others.
struct LloydRule {
    double tolerance;     // a movement of all centres that is rest, squared, in mean variances
    double residue;       // the share of all weight below which a cluster's may be rounding
    double rounding;      // of a distance, relative
    double total_weight;  // of all rows
    std::int64_t n_steps;
};

// Lloyd's iteration from the centres (K, D), which are overwritten; then a pass about them, rows
// being wholly the nearest one's, with the results that are asked for.
//
// False where a cluster lost its rows, or one lies so far out that its distances overflow.
bool lloyd(const WeightedRows& of, const LloydRule& rule, std::int64_t n_centres, double* centres,
           const Results& results);

}  // namespace mixtura
