// Halves: two components in place of one.
#pragma once

#include <vector>

#include "climber.hpp"

namespace mixtura {

// Parameters of one component more, for each component and each of its longest axes, at most
// `n_axes`: it is cut across, its halves `apart` standard deviations to either side of its mean.
std::vector<Parameters> halved(const Hill& hill, const Parameters& from, std::int64_t n_axes,
                               double apart);

}  // namespace mixtura
