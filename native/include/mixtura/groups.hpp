// Groups: a mixture fitted to each of many groups of rows, with K and the structure chosen for it.
//
// Letters: N rows, D features, G groups, C candidates, K components. Arrays are row-major.
#pragma once

#include <cstdint>

#include "mixtura/climb.hpp"

namespace mixtura {

// All rows (N, D), with weights (N,) or null; group g has those numbered order[starts[g]] up to
// order[stops[g] − 1], or from starts[g] on where `order` is null.
struct GroupedRows {
    const double* rows;
    const double* weights;
    const std::int64_t* order;
    const std::int64_t* starts;  // (G,)
    const std::int64_t* stops;   // (G,)
    const std::int64_t* seeds;   // (G,), of the draws of each group
    std::int64_t n_groups;
    std::int64_t n_features;
};

// A number of components and a structure.
struct GroupCandidate {
    std::int64_t n_components;
    Structure structure;
};

// How each group is fitted. Heights and gains are nats.
struct GroupRule {
    double ridge;          // is added to every variance
    double floor;          // and no variance may end below this share of the data's own
    bool equal_weights;    // of the components
    double least_gain;     // a row, and
    double least_in_all;   // of all rows of a group: the larger ends a run
    bool hasty;            // whether the last gain alone decides, and not what is still to come
    std::int64_t n_steps;  // of a run, at most
    std::int64_t n_starts, n_short;  // starts, and the steps that tell them apart
    std::int64_t n_swaps;            // of components of the best
    bool by_rows;                    // whether a parameter costs log N, as in BIC, and not 2
    double thin;                     // variances, as a share of the data's own, and
    double few_rows;  // the rows of a component so flat, or fewer, that is no estimate
};

// What becomes of each group; of the candidate that is chosen K is at most the largest, and what
// lies beyond its own is left as it is.
struct GroupEnds {
    std::int64_t* chosen;    // (G,) the candidate's number; −1 where none can be ended here
    std::int64_t* n_steps;   // (G,)
    std::int64_t* n_rows;    // (G,) those that count
    bool* converged;         // (G,)
    double* log_likelihood;  // (G,) of all rows
    double* bic;             // (G,)
    double* weights;         // (G, K) that sum to 1
    double* means;           // (G, K, D)
    double* covariances;     // (G, K, D, D)
};

// Fit the candidates to each group, and keep the one whose criterion is least.
//
// A candidate is passed over that the rows are too few for, or every end of which is spurious. One
// thread; what becomes of a group depends on its rows, in their order, and on its seed alone.
void fit_groups(const GroupedRows& of, const GroupCandidate* candidates, std::int64_t n_candidates,
                const GroupRule& rule, const GroupEnds& ends);

}  // namespace mixtura
