// Ratio: the likelihood of K + 1 components over that of K.
#pragma once

#include <optional>
#include <span>

#include "mixtura/search.hpp"

namespace mixtura {

// How the ends of both are sought, and at last climbed.
struct RatioRule {
    std::int64_t n_axes;    // each component of K is split along so many of its axes,
    double apart;           // into halves so many standard deviations to either side
    std::int64_t n_merges;  // so many pairs of K + 1 are merged
    Race alone, between, last;
};

// log L_{K+1} − log L_K, nats a row, NaN where an end is spurious; nothing where EM cannot go on
// from a start, or there are too few draws.
//
// K is climbed from a place; K + 1 is sought by searches, the first of which begins with the ends
// to which splits of that lead, and with a scatter; and K again with those to which merges lead.
// One thread, all sums in a fixed order.
std::optional<double> log_ratio(const Hill& hill, const SwapRule& rule, const RatioRule& how,
                                const Searching& searching, End from, const Effort& effort,
                                std::span<const double> draws);

}  // namespace mixtura
