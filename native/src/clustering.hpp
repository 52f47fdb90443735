// Clustering: which rows are together, and the sums that tell how likely that is.
#pragma once

#include <cstdint>
#include <vector>

#include "scatter.hpp"

namespace mixtura {

class Clustering {
  public:
    // Of labels (N,), whatever their numbers. The problem has to stay where it is.
    Clustering(const ClusteringProblem& problem, const std::int64_t* labels);

    std::int64_t n_clusters() const { return static_cast<std::int64_t>(present_.size()); }
    // The places of the clusters that there are; a place is a cluster's as long as it has rows.
    const std::vector<std::int64_t>& present() const { return present_; }
    std::int64_t cluster_of(std::int64_t row) const {
        return label_[static_cast<std::size_t>(row)];
    }

    // A place without rows.
    std::int64_t vacant();
    // log p(x, C with the row there) − log p(X, C) of a row that is nowhere, but for V(t).
    double log_predictive(std::int64_t row, std::int64_t place);
    void enter(std::int64_t row, std::int64_t place);
    void leave(std::int64_t row);

    // log p(X, C), nats.
    double log_density() const;
    // By which clusters come first, (N,).
    void write(std::int32_t* labels) const;

  private:
    struct Cluster {
        std::int64_t n_rows;
        std::vector<double> mean;
    };

    std::int64_t law_of(std::int64_t place) const { return problem_->pooled ? 0 : place; }
    std::int64_t rows_of_law(std::int64_t law) const;
    double degrees_of(std::int64_t n_rows) const;
    double of_law(std::int64_t law) const;
    // √(β/(β ± 1)) (x − m): what a row adds to its law's sum of squares, or had added.
    const double* deviation(std::int64_t row, std::int64_t place, double step);
    void move_mean(std::int64_t row, std::int64_t place, double step);
    void vacant_at(std::int64_t place);
    void rebuild(std::int64_t law);

    const ClusteringProblem* problem_;
    std::int64_t n_placed_ = 0;
    std::vector<std::int64_t> label_, present_;
    std::vector<Cluster> clusters_;
    std::vector<Scatter> laws_;
    std::vector<double> deviation_;
};

}  // namespace mixtura
