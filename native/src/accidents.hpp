// Accidents: components whose likelihood is one of few rows.
#pragma once

#include <vector>

#include "climber.hpp"
#include "mixtura/swaps.hpp"

namespace mixtura {

class Accidents {
  public:
    // The rule has to stay where it is.
    Accidents(const Hill& hill, const SwapRule& rule);

    // Of fewer rows than the least, or of few and thin.
    std::int64_t count(const Parameters& p);

  private:
    bool is_thin(const double* covariance);

    const SwapRule& rule_;
    std::int64_t d_;
    bool diagonal_;
    std::vector<double> rest_, lower_;
};

}  // namespace mixtura
