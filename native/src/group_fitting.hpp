// GroupFitting: one candidate fitted to the rows of a group.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "climber.hpp"
#include "group_rows.hpp"
#include "group_starts.hpp"

namespace mixtura {

// An end of EM, or a place on the way.
struct GroupEnd {
    Parameters at;
    double height = -1.0 / 0.0;  // mean log-likelihood, nats a row
    std::int64_t n_spurious = 0;
    std::int64_t n_steps = 0;
    bool converged = false;
};

class GroupFitting {
  public:
    // No end is wanted that is not above the height `wanted`. The rows have to stay as they are.
    GroupFitting(GroupRows& rows, const GroupCandidate& candidate, const GroupRule& rule,
                 std::int64_t d, double wanted);

    // The best end from several starts and after some swaps that is no accident of few rows, if
    // there is one; `smaller` is an end of one component less, or null.
    std::optional<GroupEnd> best(std::int64_t seed, const Parameters* smaller);

  private:
    using Trace = std::array<double, 4>;  // the last heights of a run

    std::vector<GroupEnd> begun(Draws& draws, const Parameters* smaller);
    bool climbed(GroupEnd& from, std::int64_t n_steps);
    GroupEnd swapped(GroupEnd from, Draws& draws);
    std::optional<GroupEnd> ended(GroupEnd from, double wanted);
    static double remaining(const Trace& trace, std::int64_t step, double least);
    double least_rows() const;
    std::int64_t n_spurious(const Parameters& p);
    bool is_held_up(const Parameters& p);
    bool is_below(const Parameters& p, std::int64_t k, double share, double variance);

    const GroupRows& rows_;
    const GroupRule& rule_;
    double wanted_;
    bool given_up_ = false;  // whether the last run was, since its end would not be wanted
    std::int64_t k_, d_;
    const char* letters_;
    bool bounded_;  // the likelihood, however few rows a component has
    bool diagonal_;
    std::int64_t entries_;  // of a component's covariance: D² or D
    std::vector<double> ridge_, units_, matrix_, lower_;
    Hill hill_;
    Climber climber_;
    GroupStarts starts_;
};

}  // namespace mixtura
