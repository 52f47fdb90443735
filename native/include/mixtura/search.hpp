// Search: searches that begin independently, until the best has been met often enough.
#pragma once

#include <span>
#include <vector>

#include "mixtura/race.hpp"

namespace mixtura {

// Starts at random: as many, each of spheres of one variance about K rows that are drawn.
struct Scatter {
    std::int64_t n_starts, n_components;
    const double* weight;  // (K,)
    double variance, noise_weight;
};

// What a search is: a race, and swaps for as long as they help, of the `effort`. The last is over
// once so many have `met` the best.
struct Searching {
    Race race;
    Scatter scatter;
    std::int64_t n_met;
    std::int64_t n_drawn;  // of swaps, that are drawn at a time
    bool scattered;        // whether a scatter joins what the first begins with
};

// A place with memory of its own.
struct End {
    std::vector<double> weight, means, covariances;
    double noise_weight, log_likelihood;
    std::int64_t n_spurious;

    Place place();
    // What a place that is of this memory has come to.
    void moved(const Place& to);
};

// Whether one has fewer spurious components than the other, or as many and a larger likelihood.
bool better(const SwapRule& rule, const End& one, const End& other);

// Where the searches ended, the best first; how many met that, and how many draws they took.
struct Found {
    std::vector<End> ends;
    std::int64_t times, n_used;
};

// The first search begins with what is `started`, each other with a scatter, until the effort is
// spent. Draws are used for K rows of each start, then `n_drawn` swaps at a time.
//
// False where EM cannot go on from one of the starts, or there are too few draws. One thread, all
// sums in a fixed order.
bool search(const Hill& hill, const SwapRule& rule, const Searching& how, std::vector<End> started,
            Effort& effort, std::span<const double> draws, Found& found);

}  // namespace mixtura
