// A tree of very many components, by which most are known to be far from a row without a look.
//
// Letters: m rows, D features, K components, P axes, C components that are told of a row.
#pragma once

#include <cstdint>
#include <memory>

#include "mixtura/kernel.hpp"

namespace mixtura {

// What bounds the distances of rows from components: with y = A (x − c),
// ½‖W_k (x − μ_k)‖² ≥ Σ_p rate_kp · max(low_kp − y_p, y_p − high_kp, 0)².
struct Bounds {
    std::int64_t n_axes;    // P
    const double* centre;   // (D,) c
    const double* axes;     // (P, D) A
    const double* low;      // (K, P) below the components' means by what rounding may take
    const double* high;     // (K, P) and above
    const double* rates;    // (K, P)
    const double* reaches;  // (K,) how far a component is felt, in the unit of y
};

// What is asked of rows; a null pointer is not asked for.
struct Likeliest {
    std::int64_t n_told;     // C
    std::int64_t* labels;    // (m, C) components of largest log p_k(x), the first of equals first
    double* shares;          // (m, C) their responsibilities
    double* log_likelihood;  // (m,) log Σ_k exp(log p_k(x))
};

class ComponentTree {
  public:
    ComponentTree() = default;
    ComponentTree(const ComponentTree&) = delete;
    ComponentTree& operator=(const ComponentTree&) = delete;
    virtual ~ComponentTree();

    // How many densities were found, those of rows in vain that were scored with others included.
    //
    // Labels are those of the pass. A sum leaves out what is below e⁻⁴⁰ / K of its largest term,
    // which is e⁻⁴⁰ of it at most. What is told of a row depends on that row alone, −1 and −∞ where
    // every squared distance overflows.
    virtual std::int64_t look(const double* rows, std::int64_t n_rows,
                              const Likeliest& to) const = 0;
};

// The tree of components, whose numbers are copied, by the instruction set now in use.
std::unique_ptr<ComponentTree> component_tree(const Components& components, const Bounds& bounds);

}  // namespace mixtura
