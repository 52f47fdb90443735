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
// whose slope in m_kj is c_k / m_kj, c_k = n_k or n v_k / Σ v. It is concave in m, so its tangent
// lies above it: two axes at a time are turned to where that is least, along an eigenvector. Turned
// by a small θ it changes by 2 G θ + H θ², with G = Σ_k c_k M_kpq (1/m_kp − 1/m_kq) and
// H = Σ_k c_k (m_kp/m_kq + m_kq/m_kp − 2), which is Newton's model too where O makes all scatters
// diagonal.
//
// Flury & Gautschi 1986, "An algorithm for simultaneous orthogonal transformation of several
// positive definite symmetric matrices to nearly diagonal form"; Browne & McNicholas 2014,
// "Estimating common principal components in high dimensions"; Pham 2001 for H.
class Orientation {
  public:
    Orientation(std::int64_t k, std::int64_t d, bool equal_volume);

    // The axes of covariances (K, D, D) that share them.
    void begin(const double* covariances);

    // Lower φ for n_k (K,) and W_k (K, D, D), from the present axes on; φ never rises.
    void descend(const double* weight, const double* scatter);

    const double* axes() const { return axes_.data(); }    // (D, D), one a row
    double spread(std::int64_t k, std::int64_t j) const {  // m_kj
        return turned_[static_cast<std::size_t>((k * d_ + j) * d_ + j)];
    }

  private:
    struct Model {
        double slope, curvature;  // G, H
    };
    void enter(const double* weight, const double* scatter);
    void share();
    Model model(std::int64_t p, std::int64_t q) const;
    double promised() const;
    void turn(std::int64_t p, std::int64_t q);
    double length(std::int64_t k, std::int64_t j) const;

    std::int64_t k_, d_;
    bool equal_volume_;
    double n_ = 0.0;  // Σ n_k
    std::vector<double> axes_, turned_, scratch_, weight_, least_, volumes_, shares_, values_;
};

}  // namespace mixtura
