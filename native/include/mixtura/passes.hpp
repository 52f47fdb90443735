// Passes: one after the other over the same rows, each of other components.
#pragma once

#include <memory>

#include "mixtura/kernel.hpp"

namespace mixtura {

class Passes {
  public:
    Passes() = default;
    Passes(const Passes&) = delete;
    Passes& operator=(const Passes&) = delete;
    virtual ~Passes();

    // What `pass` gives for a soft posterior: Σ v_i log p(x_i), and the statistics, overwritten:
    // weight (K,), first (K, D) and second, (K, D, D) or its diagonals (K, D). Nothing is
    // allocated.
    virtual double over(const Components& components, double* weight, double* first,
                        double* second) = 0;
};

// Passes over rows (m, D) with weights (m,) or null, which both stay where they are; by the
// instruction set now in use.
std::unique_ptr<Passes> passes(Form form, const double* rows, const double* weights,
                               std::int64_t n_rows, std::int64_t n_components,
                               std::int64_t n_features, bool diagonal);

}  // namespace mixtura
