// Structures: the M-steps for the covariances of the fourteen families.
#pragma once

#include <limits>

#include "mixtura/climb.hpp"
#include "mixtura/kernel.hpp"
#include "orientation.hpp"

namespace mixtura {

// Keeps every weight positive: ten times the distance from 1 to the next number.
inline constexpr double least_weight = 10.0 * std::numeric_limits<double>::epsilon();

struct Scatters {
    const double* weight;    // (K,) n_k, positive
    const double* matrices;  // (K, D, D) W_k, or their diagonals (K, D) for a diagonal structure
    const double* volumes;   // (K,) |Σ_k|^(1/D) of the covariances before, or null for none
    const double* before;    // (K, D, D) those covariances, from whose axes an orientation goes on
};

// W_k from second moments about another point than the mean, in place, by the shift (D,) from
// there.
void about_mean(const double* first, const double* shift, std::int64_t d, bool diagonal,
                double* second);

// A ridge (D, D) on matrices (K, D, D), times each one's factor where there are factors; of a
// diagonal structure its diagonal, and of a spherical one the mean of that.
void add_ridge(Structure structure, const double* ridge, const double* factors, std::int64_t k,
               std::int64_t d, double* matrices);

// How the covariances of a structure are held for a pass.
Form form_of(Structure structure);
constexpr bool is_diagonal(Structure structure) { return structure <= Structure::VVI; }

// Whether each component's covariance is a matter of its own, or one of all components: then a
// ridge comes after the M-step, and else before, lest it make the shared parts differ.
bool is_ridged_after(Structure structure);

// The covariances of largest −½ Σ_k [n_k log|Σ_k| + tr(Σ_k⁻¹ W_k)] in the family, for K components
// of D features; where those are iterated, the next ones, or where there are none before the last.
// They are not positive definite, or not finite, where the scatters leave none.
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
    void begin_volumes(const Scatters& of);
    void of_one_volume(const Scatters& of, const double* matrices, std::int64_t entries,
                       double* covariances) const;
    double along_shape(const double* scatter) const;
    double total(const double* values) const;

    Structure structure_;
    bool varying_volume_;
    std::int64_t k_, d_, entries_;  // of a component's covariance: D² or D
    Orientation orientation_;
    std::vector<double> axes_, spread_, shape_, lower_, inverse_, volumes_;
};

}  // namespace mixtura
