// Scatter: a sum of squares to which rows are added and from which they are taken.
#pragma once

#include <cstdint>
#include <vector>

#include "mixtura/clusterings.hpp"

namespace mixtura {

class Scatter {
  public:
    Scatter(ScatterForm form, std::int64_t d, const double* prior);

    // The prior's again.
    void start(const double* prior);
    // log|S + u uᵀ| − log|S| over the Gammas of the law.
    double gain(const double* u);
    void add(const double* u);
    // S − u uᵀ; false, with S spoilt, where too few digits would be left of it.
    bool take(const double* u);
    double log_determinant() const { return log_determinant_; }

  private:
    void measure();

    ScatterForm form_;
    std::int64_t d_;
    double log_determinant_;
    std::vector<double> held_;  // the Cholesky factor (D, D), or S itself: (D,) or (1,)
    std::vector<double> scratch_;
};

}  // namespace mixtura
