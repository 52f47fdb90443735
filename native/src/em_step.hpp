// EMStep: the E-step and the M-step over the rows of a hill.
#pragma once

#include <memory>
#include <vector>

#include "mixtura/climb.hpp"
#include "mixtura/passes.hpp"
#include "mixtura/run.hpp"
#include "structures.hpp"

namespace mixtura {

// A place while it is climbed from; covariances are variances (K, D) of diagonal structures.
struct Parameters {
    std::vector<double> weight, means, covariances;
    double noise_weight = 0.0;
};

Parameters parameters(const Hill& hill, const Place& from);
void write(const Hill& hill, const Parameters& from, Place& to);

// Covariances that a pass for the structure can take: its form, if not its letters.
void restrain(const Hill& hill, Parameters& p);

// Parameters, and what an E-step needs of them. What belongs to the noise comes last: its whitening
// is zero, and its density a constant.
struct Point {
    Parameters at;
    std::vector<double> shares;      // (n,) of all rows
    std::vector<double> log_shares;  // (n,)
    std::vector<double> constants;   // (n,)
    std::vector<double> means;       // (n, D)
    std::vector<double> whitening;   // (n, D, D), (D, D), (n, D) or (n,)
    std::vector<double> factors;     // (K, D, D) L_k, of a shared one the first; or σ (K, D)
    std::vector<double> half;        // (K,) ½ log|Σ_k|
    std::vector<double> volumes;     // (K,) |Σ_k|^(1/D)
};

// Memory is allocated when it is made, and never later.
class EMStep {
  public:
    // The hill, and what has been seen before, have to stay where they are.
    EMStep(const Hill& hill, std::int64_t n_components, const SeenBefore& seen = {});

    // Room for a point of this hill.
    Point point() const;

    // Σ v_i log p(x_i), and the sums, of which `maximised` makes the next point.
    double expected(const Point& at);

    // The next point; whether an E-step can follow.
    bool maximised(const Point& from, Point& to);

    // Make ready for an E-step parameters of which shares, means and covariances are known; whether
    // the covariances are positive definite.
    bool factored(Point& p) const;

    // Shares from weights.
    void share(Point& p) const;

    // The logarithm of the prior's density, but for a constant.
    double log_prior(const Point& at) const;

    double total_weight() const { return total_weight_; }
    std::int64_t n_terms() const { return n_; }
    std::int64_t entries() const { return entries_; }
    bool shared() const { return hill_.structure == Structure::EEE; }
    bool diagonal() const { return diagonal_; }
    bool spherical() const { return form_ == Form::spherical; }

  private:
    void about_its_mean(const double* first, double* second) const;
    void join(Point& to);
    void add_ridge(double* matrices, const double* factors) const;
    bool scaled(Point& p) const;
    bool whitened(Point& p) const;

    const Hill& hill_;
    SeenBefore seen_;
    std::int64_t k_, d_;
    bool noisy_;
    std::int64_t n_;  // of components in a pass: K, and one for the noise
    bool diagonal_;
    std::int64_t entries_;  // of a component's covariance: D² or D
    Form form_;
    MStep m_step_;
    double total_weight_ = 0.0;
    std::unique_ptr<Passes> passes_;
    std::vector<double> weight_, first_, second_;  // sums of the last pass
    std::vector<double> counted_;                  // (K,) the rows that covariances rest on
    std::vector<double> shift_;                    // (D,)
};

}  // namespace mixtura
