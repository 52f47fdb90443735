// Orientation: the axes that all components share, for EVE and VVE.
#pragma once

#include <vector>

#include "dense.hpp"

namespace mixtura {

// With O the orientation and m_kj = (Oᵀ W_k O)_jj, what is to be minimised over orthogonal O is
//
//     varying volumes:  φ = Σ_k n_k Σ_j log m_kj
//     equal volumes:    φ = n D log Σ_k v_k,  v_k = (Π_j m_kj)^(1/D)
//
// whose slope in m_kj is c_k / m_kj, c_k = n_k or n v_k / Σ v. Turning axis p towards q by a small
// θ and q away from p changes φ by 2 G_pq θ + H_pq θ², with G_pq = Σ_k c_k M_kpq (1/m_kp − 1/m_kq)
// and, where O makes all M_k = Oᵀ W_k O diagonal, H_pq = Σ_k c_k (m_kp/m_kq + m_kq/m_kp − 2): so
// Newton's step is taken with that. Where it does not lower φ, the tangent is lowered that lies
// above it, Σ_k tr(W_k O B_k Oᵀ) with B_k = diag(c_k / m_k).
//
// Browne & McNicholas 2014, "Estimating common principal components in high dimensions";
// Flury & Gautschi 1986, "An algorithm for simultaneous orthogonal transformation of several
// positive definite symmetric matrices to nearly diagonal form"; Pham 2001, "Joint approximate
// diagonalization of positive definite Hermitian matrices", for H.
class Orientation {
  public:
    Orientation(std::int64_t k, std::int64_t d, bool equal_volume);

    // The axes of covariances (K, D, D) that share them.
    void begin(const double* covariances);

    // Lower φ for n_k (K,) and W_k (K, D, D), from the present axes on; φ never rises. False where
    // a scatter is none.
    bool descend(const double* weight, const double* scatter);

    // The same with nothing to go on from: from the axes of every scatter, and of their sum, a
    // little, and from the best of these to the end. φ has several minima.
    bool seek(const double* weight, const double* scatter);

    const double* axes() const { return here_.axes.data(); }  // (D, D), one a row
    double spread(std::int64_t k, std::int64_t j) const {     // m_kj, of W_k as it was given
        return here_.turned[static_cast<std::size_t>((k * d_ + j) * d_ + j)] * scale_;
    }

  private:
    // Axes, what the scatters are along them (K, D, D) and (K, D), and φ.
    struct Place {
        std::vector<double> axes, turned, spread;
        double value;
    };
    bool take(const double* weight, const double* scatter);
    void lower(const double* scatter, double enough, int sweeps, double share);
    void look(Place& at, const double* scatter);
    void share();
    double promised();
    void turn(Place& to);
    void majorise(const double* scatter, Place& to);
    void least_along(const double* axes, const double* scatter, bool lowered, double* to);

    std::int64_t k_, d_;
    bool equal_volume_;
    double n_ = 0.0, scale_ = 1.0;  // Σ n_k, and the largest trace
    Place here_, next_, best_;
    std::vector<double> weight_, shares_, scratch_, slope_, curvature_, left_, right_, longest_;
};

}  // namespace mixtura
