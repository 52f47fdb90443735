#include "mixtura/clusterings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "clustering.hpp"
#include "draws.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

class Sampler {
  public:
    Sampler(const ClusteringProblem& problem, const std::int64_t* labels, std::int64_t state)
        : problem_(problem), now_(problem, labels), draws_(state) {}

    const Clustering& now() const { return now_; }
    std::int64_t state() const { return draws_.state(); }

    // Each row in turn leaves its cluster, and enters one by how likely it is of each.
    void sweep() {
        for (std::int64_t i = 0; i < problem_.n; ++i) {
            now_.leave(i);
            places_ = now_.present();
            const std::int64_t t = now_.n_clusters();
            logs_.clear();
            for (const std::int64_t place : places_) logs_.push_back(now_.log_predictive(i, place));
            const double beyond = problem_.counts[t + 1] - problem_.counts[t];
            if (beyond > -infinity) {
                places_.push_back(now_.vacant());
                logs_.push_back(beyond + now_.log_predictive(i, places_.back()));
            }
            now_.enter(i, places_[size(drawn())]);
        }
    }

    // Two rows are drawn: if they are together their cluster is split, if not their two are merged.
    // 0 or 1 where a split or a merge was accepted, else −1.
    std::int64_t split_or_merge(std::int64_t n_scans) {
        if (problem_.n < 2) return -1;
        const std::int64_t one = draws_.of(problem_.n);
        const std::int64_t other = (one + 1 + draws_.of(problem_.n - 1)) % problem_.n;
        const Clustering before = now_;
        const std::int64_t here = now_.cluster_of(one), there = now_.cluster_of(other);
        const bool split = here == there;
        const bool possible = problem_.counts[now_.n_clusters() + 1] > -infinity;
        if (split && !possible) return -1;
        gather(one, other);
        const std::int64_t apart = split ? now_.vacant() : there;
        if (split) move(other, apart);
        launch(here, apart);
        for (std::int64_t scan = 0; scan < n_scans; ++scan) restricted(here, apart, nullptr);
        const double chance = restricted(here, apart, split ? nullptr : &before);
        if (!split) {
            for (const std::int64_t row : rows_) move(row, here);
            move(other, here);
        }
        const double gain = now_.log_density() - before.log_density();
        if (std::log(1.0 - draws_()) < gain + (split ? -chance : chance)) return split ? 0 : 1;
        now_ = before;
        return -1;
    }

  private:
    static constexpr double infinity = std::numeric_limits<double>::infinity();

    void gather(std::int64_t one, std::int64_t other) {
        const std::int64_t here = now_.cluster_of(one), there = now_.cluster_of(other);
        rows_.clear();
        for (std::int64_t i = 0; i < problem_.n; ++i)
            if (i != one && i != other)
                if (now_.cluster_of(i) == here || now_.cluster_of(i) == there) rows_.push_back(i);
    }

    // The other rows of two clusters allocated anew, one after the other, in an order that is
    // drawn: whatever they were before, so that splits and merges are launched alike.
    void launch(std::int64_t here, std::int64_t apart) {
        for (const std::int64_t row : rows_) now_.leave(row);
        order_ = rows_;
        for (std::int64_t left = std::ssize(order_); left > 0; --left) {
            std::swap(order_[size(draws_.of(left))], order_[size(left - 1)]);
            const std::int64_t row = order_[size(left - 1)];
            const double odds = now_.log_predictive(row, apart) - now_.log_predictive(row, here);
            now_.enter(row, draws_() < std::exp(-log_one_plus_exp(-odds)) ? apart : here);
        }
    }

    void move(std::int64_t row, std::int64_t place) {
        if (now_.cluster_of(row) == place) return;
        now_.leave(row);
        now_.enter(row, place);
    }

    // Gibbs over the rows between two clusters, and the log of the chance of what came; or, with
    // `wanted`, of how the rows are there, which is done.
    double restricted(std::int64_t here, std::int64_t apart, const Clustering* wanted) {
        double chance = 0.0;
        for (const std::int64_t row : rows_) {
            now_.leave(row);
            const double odds = now_.log_predictive(row, apart) - now_.log_predictive(row, here);
            const double stays = -log_one_plus_exp(odds), goes = -log_one_plus_exp(-odds);
            const bool away = wanted ? wanted->cluster_of(row) == apart : draws_() < std::exp(goes);
            chance += away ? goes : stays;
            now_.enter(row, away ? apart : here);
        }
        return chance;
    }

    static double log_one_plus_exp(double x) {
        return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
    }

    // One of the numbers that the logs are of, by its share.
    std::int64_t drawn() {
        const double top = *std::max_element(logs_.begin(), logs_.end());
        double sum = 0.0;
        for (double& value : logs_) sum += value = std::exp(value - top);
        double left = draws_() * sum;
        std::int64_t chosen = 0;
        while (chosen + 1 < std::ssize(logs_) && (left -= logs_[size(chosen)]) >= 0.0) ++chosen;
        return chosen;
    }

    const ClusteringProblem& problem_;
    Clustering now_;
    Draws draws_;
    std::vector<std::int64_t> rows_, order_, places_;
    std::vector<double> logs_;
};

}  // namespace

void sample_clusterings(const ClusteringProblem& problem, const ClusteringRule& rule,
                        std::int64_t* labels, std::int64_t* state, const ClusteringTrace& trace) {
    for (std::int64_t sweep = 0; sweep < rule.n_sweeps; ++sweep) {
        // From the labels anew, so that rounding does not add up.
        Sampler sampler(problem, labels, *state);
        for (std::int64_t move = 0; move < rule.n_moves; ++move) {
            const std::int64_t accepted = sampler.split_or_merge(rule.n_scans);
            if (accepted >= 0) ++trace.accepted[accepted];
        }
        sampler.sweep();
        std::int32_t* own = trace.labels + sweep * problem.n;
        sampler.now().write(own);
        std::copy_n(own, problem.n, labels);
        trace.heights[sweep] = sampler.now().log_density();
        *state = sampler.state();
    }
}

}  // namespace mixtura
