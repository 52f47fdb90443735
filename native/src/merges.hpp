// Merges: two components taken for one.
#pragma once

#include <vector>

#include "climber.hpp"

namespace mixtura {

// Component `left` becomes it and `taken` together, as they are in `from`: of both the weight, the
// mean and the covariance.
void merge(const Parameters& from, std::int64_t d, std::int64_t left, std::int64_t taken,
           Parameters& to);

// What the likelihood loses at most by a merge, nats: ½ [(n_i + n_j) log|Σ_ij| − n_i log|Σ_i| −
// n_j log|Σ_j|]; Runnalls 2007, "Kullback–Leibler approach to Gaussian mixture reduction".
class MergeLosses {
  public:
    MergeLosses(std::int64_t k, std::int64_t d, bool diagonal, std::int64_t n_pairs);

    void set(const Parameters& of);

    // Of the pairs in both orders that lose least, 2 `n_pairs` at most, and of each component with
    // itself where there are no others: number i K + j.
    const std::vector<std::int64_t>& least() const { return least_; }
    // The component that k merges with at the least loss.
    std::int64_t nearest(std::int64_t k) const;

  private:
    double log_determinant_of(const double* covariance);

    std::int64_t k_, d_;
    bool diagonal_;
    Parameters both_;
    std::vector<double> lower_, own_, losses_;
    std::vector<std::int64_t> order_, least_;
};

}  // namespace mixtura
