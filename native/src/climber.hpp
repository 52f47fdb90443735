// Climber: EM over the rows of a hill, from wherever it is set.
#pragma once

#include <memory>
#include <vector>

#include "mixtura/climb.hpp"
#include "mixtura/passes.hpp"
#include "structures.hpp"

namespace mixtura {

// A place while it is climbed from; covariances are variances (K, D) of diagonal structures.
struct Parameters {
    std::vector<double> weight, means, covariances;
    double noise_weight = 0.0;
};

Parameters parameters(const Hill& hill, const Place& from);
void write(const Hill& hill, const Parameters& from, Place& to);

// Memory is allocated when it is made, and never later.
class Climber {
  public:
    // The hill has to stay where it is.
    Climber(const Hill& hill, std::int64_t n_components);

    void set(const Parameters& from);
    const Parameters& here() const { return here_; }

    // At most `n_steps` steps from here on, as `climb`.
    Climbed run(double& log_likelihood, std::int64_t n_steps, double least_gain);

  private:
    double expected();
    bool maximised();
    void about_its_mean(const double* first, double* second) const;
    void add_ridge(double* matrices, const double* factors) const;
    bool factored(const Parameters& p);
    bool scaled(const Parameters& p, std::int64_t k);
    bool whitened(const Parameters& p, std::int64_t k);

    const Hill& hill_;
    std::int64_t k_, d_;
    bool noisy_;
    std::int64_t n_;  // of components in a pass: K, and one for the noise
    bool diagonal_;
    std::int64_t entries_;  // of a component's covariance: D² or D
    Form form_;
    MStep m_step_;
    Parameters here_, next_;
    bool sound_ = false;  // whether an E-step can follow
    double total_weight_ = 0.0;
    std::unique_ptr<Passes> passes_;
    // For the E-step; what belongs to the noise is zero, but for its constant.
    std::vector<double> means_, constants_, whitening_;
    std::vector<double> lower_, half_, volumes_, shift_;
    std::vector<double> weight_, first_, second_;  // sums of the last pass
};

}  // namespace mixtura
