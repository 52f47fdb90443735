// Structures: the M-steps for the covariances of the fourteen families.
#pragma once

#include "mixtura/climb.hpp"
#include "mixtura/kernel.hpp"
#include "orientation.hpp"

namespace mixtura {

struct Scatters {
    const double* weight;    // (K,) n_k, positive
    const double* matrices;  // (K, D, D) W_k, or their diagonals (K, D) for a diagonal structure
    const double* volumes;   // (K,) |Σ_k|^(1/D) of the covariances before
    const double* before;    // (K, D, D) those covariances, from whose axes an orientation goes on
};

// How the covariances of a structure are held for a pass.
Form form_of(Structure structure);
constexpr bool is_diagonal(Structure structure) { return structure <= Structure::VVI; }

// Whether each component's covariance is a matter of its own, or one of all components: then a
// ridge comes after the M-step, and else before, lest it make the shared parts differ.
bool is_ridged_after(Structure structure);

// The covariances of largest −½ Σ_k [n_k log|Σ_k| + tr(Σ_k⁻¹ W_k)] in the family, for K components
// of D features; where those are iterated, the next ones. They are not positive definite, or not
// finite, where the scatters leave none.
//
// Celeux & Govaert 1995, "Gaussian parsimonious clustering models".
class MStep {
  public:
    MStep(Structure structure, std::int64_t k, std::int64_t d);

    // Covariances (K, D, D), or variances (K, D) for a diagonal structure; never allocates.
    void operator()(const Scatters& of, double* covariances);

  private:
    void spheres(const Scatters& of, double* covariances) const;
    void shared(const Scatters& of, double* covariances) const;
    void separate(const Scatters& of, double* covariances) const;
    void one_volume(const Scatters& of, double* covariances);
    void one_shape(const Scatters& of, double* covariances);
    void one_spectrum(const Scatters& of, double* covariances);
    void one_orientation(const Scatters& of, double* covariances);
    void proportional(const Scatters& of, const double* spread, double* lengths);
    void of_one_volume(const Scatters& of, const double* matrices, std::int64_t entries,
                       double* covariances) const;
    double total(const double* values) const;

    Structure structure_;
    bool varying_volume_;
    std::int64_t k_, d_, entries_;  // of a component's covariance: D² or D
    Orientation orientation_;
    std::vector<double> axes_, spread_, shape_, lower_, inverse_, volumes_;
};

}  // namespace mixtura
