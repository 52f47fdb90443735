// GroupStarts: places from which EM is to begin on the rows of a group.
#pragma once

#include <cstdint>
#include <vector>

#include "climber.hpp"
#include "draws.hpp"
#include "group_rows.hpp"

namespace mixtura {

class GroupStarts {
  public:
    // The rows have to stay as they are.
    GroupStarts(GroupRows& rows, const GroupCandidate& candidate, std::int64_t d);

    // One component, of all rows.
    Parameters whole();
    // The clusters of k-means++, and with `refined` where k-means leads from there.
    Parameters clustered(Draws& draws, bool refined);
    // K − 1 components as they are, or of those of k-means++ where there are no others, and one on
    // the rows nearest to one that is drawn, as many as are drawn.
    //
    // Verbeek, Vlassis & Kröse 2003, "Efficient greedy learning of Gaussian mixture models".
    Parameters inserted(Draws& draws, const Parameters* others);

  private:
    void scatter_centres(Draws& draws);
    bool assign();
    void refine();
    double squared(std::int64_t i, std::int64_t centre) const;
    Parameters labelled();
    double reach(std::int64_t count);
    void add_near(std::int64_t place, std::int64_t count, Parameters& p);
    void add_square(std::int64_t i, double weight, const double* mean, double* scatter) const;
    void soften(Parameters& p);
    void restrain(Parameters& p) const;

    const GroupRows& rows_;
    const double* measured_;  // (N, D)
    const char* letters_;
    std::int64_t k_, d_;
    bool diagonal_;
    std::int64_t entries_;  // of a component's covariance: D² or D
    std::vector<std::int64_t> labels_;
    std::vector<double> nearest_, sorted_, centres_, held_, within_;
};

}  // namespace mixtura
