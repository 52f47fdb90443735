// GroupRows: the rows of one group, and what they are like together.
#pragma once

#include <cstdint>
#include <vector>

#include "mixtura/groups.hpp"

namespace mixtura {

class GroupRows {
  public:
    explicit GroupRows(std::int64_t d);

    // Take the rows of a group that count; whether they can be computed with: there are some, all
    // finite, and no feature is constant.
    bool take(const GroupedRows& of, std::int64_t group);

    // The rows (N, D) in units in which distances mean something to a structure: of their own
    // covariance, of each feature, or as they are.
    const double* measured_for(Structure structure);

    const double* rows() const { return rows_.data(); }
    const double* row(std::int64_t i) const { return &rows_[static_cast<std::size_t>(i * d_)]; }
    const double* weights() const { return weights_.empty() ? nullptr : weights_.data(); }
    double weight(std::int64_t i) const {
        return weights_.empty() ? 1.0 : weights_[static_cast<std::size_t>(i)];
    }
    std::int64_t count() const { return n_; }
    double total() const { return total_; }
    const double* mean() const { return mean_.data(); }              // (D,)
    const double* covariance() const { return covariance_.data(); }  // (D, D)
    const double* variances() const { return variances_.data(); }    // (D,)

  private:
    bool summed();

    std::int64_t d_, n_ = 0;
    double total_ = 0.0;
    std::vector<double> rows_, weights_, mean_, covariance_, variances_, lower_, inverse_;
    std::vector<double> measured_;
    Structure measured_structure_{};
};

}  // namespace mixtura
