// Race: a few steps from each of several places, and more from those that lead.
#pragma once

#include "mixtura/swaps.hpp"

namespace mixtura {

// How long: steps from each place, how many places are followed, and at most how many steps from
// those, until one gains less than `gain` nats a row.
struct Race {
    std::int64_t n_brief, n_followed, n_steps;
    double gain;
};

// The places (n,) of one K climbed, and in `order` (n,) those that were followed first, the best of
// them before the others, by fewer spurious components and then by the likelihood; the first of
// equals. How many steps were done, or −1 where EM cannot go on from one of the places.
//
// Of a rule what is spurious is asked. One thread; memory is allocated before the first step only.
std::int64_t race(const Hill& hill, const SwapRule& rule, const Race& race, Place* places,
                  std::int64_t n, std::int64_t* order);

}  // namespace mixtura
