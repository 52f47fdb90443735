// Coordinates: a mixture as a vector without constraints, and the length of a step there.
#pragma once

#include <vector>

#include "em_step.hpp"

namespace mixtura {

// Coordinates in which every vector is a mixture: log weights (n,), the noise's last, then means
// (K, D), then the Cholesky factors L_k as logarithms of their diagonals l_k and the triangles of
// L_k diag(l_k)⁻¹, of each component or once where all share them; or log σ.
//
// The length of a step is that of the complete-data information at a mixture,
//
//     ‖s‖² = Σ_k w_k (ds_k² + ‖L_k⁻¹ dμ_k‖² + ½‖M_k + M_kᵀ‖²),   M_k = L_k⁻¹ dL_k,
//
// with s the log weights, in which EM is a step along the gradient (Xu & Jordan 1996).
class Coordinates {
  public:
    Coordinates(const EMStep& step, std::int64_t n_components, std::int64_t n_features);

    // P, how many there are.
    std::int64_t size() const { return n_ + k_ * d_ + spread_; }

    // Those of a point, (P,).
    void of(const Point& point, double* vector) const;

    // The point of a vector, ready for an E-step; false where it leaves the floating-point range.
    bool point_of(const double* vector, Point& to);

    // A step (P,) in units in which its length, measured at a point, is the Euclidean one (P,).
    void whitened(const Point& at, const double* step, double* to);

  private:
    void matrices_of(const double* spread, Point& to);
    void whitened_matrix(const Point& at, std::int64_t k, double root, const double* spread,
                         double* to);

    const EMStep& step_;
    std::int64_t k_, d_, n_;
    bool diagonal_, spherical_;
    std::int64_t n_factors_;             // K, or 1 where all share one
    std::int64_t packed_, spread_;       // coordinates of a factor, and of all
    std::vector<double> lower_, moved_;  // (D, D)
};

}  // namespace mixtura
