// Truncated EM: each row keeps the few components that are likeliest, and looks for better ones
// among their neighbours.
//
// Letters: N rows, D features, K components, C components that a row keeps, G neighbours that a
// component has. Rows are numbered by 32 bits; −1 is no component.
#pragma once

#include <cstdint>

#include "mixtura/climb.hpp"
#include "mixtura/kernel.hpp"

namespace mixtura {

// Rows (N, D) in memory, with weights (N,) or null where each counts once.
struct HeldRows {
    const double* values;
    const double* weights;
    std::int64_t n_rows;
    std::int64_t n_features;
};

// Members of each cell one after the other: those of cell c stand from offsets[c] on.
struct Cells {
    std::int64_t n_cells;
    const std::int32_t* order;    // (n,) the rows' numbers
    const std::int64_t* offsets;  // (n_cells + 1,)
};

// Which components each row keeps, the likeliest first, and its responsibilities among them.
struct Sets {
    std::int64_t n_kept;  // C
    std::int32_t* ids;    // (N, C)
    double* shares;       // (N, C), or null
};

// Components that are scored where one is asked for: lists of one length.
struct Lists {
    std::int64_t n_lists;
    std::int64_t length;
    const std::int32_t* ids;  // (n_lists, length)
};

// How rows expand their sets: all components on the lists that a row asks for are scored for the
// rows about it too, and one that is drawn, where `draw` is not negative.
struct Expanding {
    const double* log_weights;  // (K,) of the components; null where no graph is wanted
    std::int64_t n_asked;
    const std::int32_t* asked;  // (N, n_asked) lists; may be the sets' ids, which are overwritten
    std::int64_t draw;          // the number of the round
    std::int32_t* graph;        // (K, length) of `lists`: a cell's component and its neighbours
    std::int64_t reach;         // so much of each list counts, but of the first that a row asks for
    double background;          // log density of noise, which every row keeps besides; −∞ for none
    double* bounds;             // (n_cells,) what each cell has of the bound; or null
};

struct Expanded {
    double bound;              // Σ_n v_n log Σ_{c in its set} p_c(x_n)
    double noise;              // Σ_n v_n r_n0, what of the rows is noise
    std::int64_t n_densities;  // how many were found
};

// The E-step over the rows of the cells from `first` to before `last`.
//
// With a graph, cell c holds rows whose likeliest component was c, and each of them asks for list
// c. Its next neighbours are those k of least mean log p_c(x) − log p_k(x) over the rows, but for
// the weights: an estimate of the divergence KL(p_c ‖ p_k). A cell without rows keeps its list, and
// rows count as far as they are c's rather than noise.
Expanded expand(const Components& components, const HeldRows& rows, const Cells& cells,
                std::int64_t first, std::int64_t last, const Lists& lists, const Expanding& how,
                const Sets& sets);

// The first `n_slots` of the sets of rows from `first` to before `last`, by component: how many
// there are of each (K,), shares up to 1e-20 left out.
void count_members(const Sets& sets, std::int64_t n_slots, std::int64_t first, std::int64_t last,
                   std::int64_t* counts);

// The same, put where `next` (K,) says, which moves on: the row, and its share times its weight,
// where that is wanted.
void place_members(const Sets& sets, std::int64_t n_slots, std::int64_t first, std::int64_t last,
                   const double* weights, std::int64_t* next, std::int32_t* order, double* shares);

// Sums of the components from `first` to before `last` about `reference` (K, D), over the members
// of each, who count as much as their shares: of `results`, `weight`, `first` and `second`.
void moments_of_cells(const HeldRows& rows, const Cells& members, const double* shares,
                      const double* reference, std::int64_t first, std::int64_t last,
                      const Results& results);

// Where the seeds so far are.
struct SeedPlaces {
    std::int64_t capacity;  // K, and what is lacking to a multiple of 8
    double* values;         // (D, capacity), ∞ where there is none yet
};

// The squared distances of the rows `drawn` from `first` to before `last` to the nearest of the
// first `n_known` seeds.
void seed_distances(const HeldRows& rows, const double* scale, const std::int32_t* drawn,
                    std::int64_t first, std::int64_t last, const SeedPlaces& places,
                    std::int64_t n_known, double* far);

// Seeds from `first`, a multiple of 8, to before `last`, each the end of a chain of `length` rows
// that are drawn by `proposed`: from one row to the next with the probability
// min(1, d² q / (d'² q')), d² being the squared distance to the seeds before (Bachem, Lucic,
// Hassani & Krause 2016).
struct Chains {
    std::int64_t length;
    const std::int32_t* rows;  // (K, length) drawn
    const double* proposed;    // (K, length) q of each
    const double* draws;       // (K, length) from [0, 1)
    const double* far;         // (K, length) squared distances to the seeds before `first`
};
void chain_seeds(const HeldRows& rows, const double* scale, const Chains& chains,
                 std::int64_t first, std::int64_t last, const SeedPlaces& places,
                 std::int32_t* chosen);

// What a cell gains by two components in place of one: each fitted to its rows by EM.
struct Splits {
    Structure structure;
    const double* ridge;  // (D, D)
    const double* scale;  // (D,) units of features, in which the longest axis is found
    std::int64_t n_steps;
    double* gains;        // (K,) nats, of all rows of the cell; −∞ where there are too few
    double* weight;       // (K, 2) effective rows of each half
    double* means;        // (K, 2, D)
    double* covariances;  // (K, 2, D, D), or their diagonals (K, 2, D) where the structure is so
};
void split_cells(const HeldRows& rows, const Cells& cells, std::int64_t first, std::int64_t last,
                 const Splits& splits);

}  // namespace mixtura
