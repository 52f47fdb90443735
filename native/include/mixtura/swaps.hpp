// Swaps: components taken from where they are and set elsewhere, for as long as that helps.
#pragma once

#include "mixtura/climb.hpp"

namespace mixtura {

// Of a swap, of the steps after it, and of what is better. Heights are log-likelihoods, nats a row.
struct SwapRule {
    double close;                   // how often what is taken is one of two that are nearly one
    std::int64_t n_pairs;           // so many pairs are
    double local;                   // how often rows about the new place tell the covariance there
    double soft;                    // the share of a neighbour's covariance that it has besides
    std::int64_t n_first;           // steps after which one is first asked for its pace
    std::int64_t n_settled;         // and after which it should have settled
    double pace;                    // lacking more than so many last gains it will not arrive
    double gain, same;              // a gain that is none, and heights that are the same
    double least_rows;              // a component of fewer is spurious
    double few_rows, thin;          // and one of fewer than these whose least eigenvalue is below,
    const double* units = nullptr;  // in these (D,), the variances of the features
};

// How long it goes on: until so many swaps in a row have failed, the effort is spent, or the best
// is as high as what is `known` (infinity for nothing).
struct Effort {
    double known;
    std::int64_t patience, n_failed;
    double left, call,
        step;  // what is left, and what is paid for a climb and for each of its steps
};

// What a swap is drawn by, each from [0, 1): how what is taken is chosen, and which; whether it is
// merged, or dropped; the row; how the covariance there is told; and of how many rows.
constexpr std::int64_t draws_per_swap = 6;

// From the place `best` on, to the best that is found; the number of `draws` (n, 6) that were used.
//
// A place is better that has fewer spurious components, or as many and a larger likelihood. One
// from where EM cannot go on is no better than any. One thread, all sums in a fixed order; memory
// is allocated before the first swap only.
std::int64_t swap(const Hill& hill, const SwapRule& rule, Place& best, Effort& effort,
                  const double* draws, std::int64_t n_draws);

}  // namespace mixtura
