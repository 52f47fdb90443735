// AndersonHistory: EM's last points and their images, from which the next point is extrapolated.
#pragma once

#include <span>
#include <vector>

#include "coordinates.hpp"

namespace mixtura {

// What is expected of a point: the gain up to the maximum of the likelihood's quadratic model, nats
// a row; and whether all of a full history went into it, so that there is something to that.
struct Promise {
    double gain;
    bool whole;
};

// With f_j = g(x_j) − x_j of points x_j and images g(x_j), the step from the last point x is
//
//     x + f − Σ_j γ_j (Δx_j + Δf_j),      γ = argmin ‖f − Σ_j γ_j Δf_j‖
//
// in the length of the coordinates. Differences are forgotten, the oldest first, until the
// likelihood is concave on the span of the others, where −Δx·Δf is its curvature.
//
// Anderson 1965, "Iterative procedures for nonlinear integral equations"; Walker & Ni 2011,
// "Anderson acceleration for fixed-point iterations".
class AndersonHistory {
  public:
    // The differences that an extrapolation combines at most.
    static constexpr std::int64_t depth = Run::most_points - 1;

    // Of mixtures with as many free parameters.
    AndersonHistory(std::int64_t n_coordinates, std::int64_t n_parameters);

    void clear() { count_ = 0; }
    std::int64_t count() const { return count_; }
    std::span<const double> points() const { return {points_.data(), at(count_)}; }
    std::span<const double> images() const { return {images_.data(), at(count_)}; }
    void restore(std::span<const double> points, std::span<const double> images);

    // One more pair; the oldest is forgotten where there are too many.
    void join(Coordinates& by, const Point& point, const Point& image);

    // The next point (P,) into `vector`, in lengths as they are at `here`; false where there is
    // nothing to go by.
    bool extrapolate(Coordinates& by, const Point& here, double* vector, Promise& promise);

  private:
    std::size_t at(std::int64_t row) const { return static_cast<std::size_t>(row * p_); }
    bool concave(std::int64_t oldest, std::int64_t h);
    void factorise(const double* columns, std::int64_t h);
    void least_squares(std::int64_t oldest, std::int64_t h, const double* residual);

    std::int64_t p_, n_parameters_, count_ = 0;
    std::vector<double> points_, images_;        // (depth + 1, P), the oldest first
    std::vector<double> steps_, changes_;        // (depth, P) Δx and Δf
    std::vector<double> across_, along_;         // (depth, P) the same, whitened
    std::vector<double> residual_, far_, step_;  // (P,)
    std::vector<double> basis_;                  // (depth, P), orthonormal
    double triangle_[depth * depth];             // R of the columns, upper
    double gamma_[depth];
};

}  // namespace mixtura
