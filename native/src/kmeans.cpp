#include "mixtura/kmeans.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "mixtura/kernel.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

using Values = std::vector<double>;

// K centres as components of log p_k(x) = −½‖x − c_k‖².
class Spheres {
  public:
    explicit Spheres(std::int64_t n_features) : d_(n_features) {}
    void clear() { centres_.clear(); }
    void add(const double* centre) { centres_.insert(centres_.end(), centre, centre + d_); }
    Components components() {
        const std::size_t k = centres_.size() / size(d_);
        constants_.assign(k, 0.0);
        whitening_.assign(k, 1.0);
        return {
            Form::spherical,  static_cast<std::int64_t>(k), d_, constants_.data(), centres_.data(),
            whitening_.data()};
    }

  private:
    std::int64_t d_;
    Values centres_, constants_, whitening_;
};

// The row at which a running sum of values, times their weights, comes up to a target.
std::int64_t row_at(double target, const double* values, const double* weights, std::int64_t n) {
    double reached = 0.0;
    for (std::int64_t i = 0; i < n; ++i) {
        reached += weights ? values[i] * weights[i] : values[i];
        if (reached >= target) return i;
    }
    return n - 1;
}

// The row that a number from [0, 1) draws, each as likely as it weighs.
std::int64_t any_row(const WeightedRows& of, double draw) {
    if (!of.weights) return static_cast<std::int64_t>(draw * static_cast<double>(of.n_rows));
    Values reached(size(of.n_rows));
    double sum = 0.0;
    for (std::int64_t i = 0; i < of.n_rows; ++i) reached[size(i)] = sum += of.weights[i];
    const auto after = std::upper_bound(reached.begin(), reached.end(), draw * sum);
    return std::min<std::int64_t>(after - reached.begin(), of.n_rows - 1);
}

// The mean variance of the features, about a mean that is found first.
double mean_variance(const WeightedRows& of, double total_weight) {
    const std::size_t d = size(of.n_features);
    double sum = 0.0;
    for (std::size_t j = 0; j < d; ++j) {
        double reference = of.rows[j], second = 0.0;
        for (int pass = 0; pass < 2; ++pass) {
            double first = 0.0;
            second = 0.0;
            for (std::int64_t i = 0; i < of.n_rows; ++i) {
                const double deviation = of.rows[size(i) * d + j] - reference;
                const double weighted = of.weights ? of.weights[i] * deviation : deviation;
                first += weighted;
                second += weighted * deviation;
            }
            reference += first / total_weight;
        }
        sum += second;
    }
    return sum / static_cast<double>(d) / total_weight;
}

// How much nearer the second-nearest centre may have come to a row of each, (K,), by their steps.
void losses(const Values& after, const Values& before, std::int64_t d, double rounding,
            Values& loss) {
    double most = 0.0, next = 0.0;  // the longest step, and the longest of the others
    std::size_t farthest = 0;
    for (std::size_t k = 0; k < loss.size(); ++k) {
        double sum = 0.0;
        for (std::size_t at = k * size(d); at < (k + 1) * size(d); ++at)
            sum += (after[at] - before[at]) * (after[at] - before[at]);
        loss[k] = std::sqrt(sum);
        if (k > 0 && loss[k] <= most) {
            next = std::max(next, loss[k]);
            continue;
        }
        next = k > 0 ? most : 0.0;
        most = loss[k];
        farthest = k;
    }
    for (std::size_t k = 0; k < loss.size(); ++k)
        loss[k] = (1.0 + rounding) * (loss[k] + (k == farthest ? next : most));
}

}  // namespace

void far_apart(const WeightedRows& of, const double* draws, std::int64_t n_tries, double rounding,
               std::int64_t n_seeds, std::int64_t* chosen) {
    const std::int64_t n = of.n_rows, d = of.n_features;
    Values nearest(size(n), std::numeric_limits<double>::infinity()), sums(size(n_tries));
    std::vector<std::int64_t> tried(size(n_tries));
    Spheres spheres(d);
    chosen[0] = any_row(of, *draws++);
    for (std::int64_t k = 1; k < n_seeds; ++k) {
        double total = 0.0;
        spheres.clear();
        spheres.add(of.rows + chosen[k - 1] * d);
        potentials(spheres.components(), of.rows, of.weights, n, nearest.data(), true, &total);
        spheres.clear();
        for (std::int64_t& row : tried) {
            row = row_at(total * *draws++, nearest.data(), of.weights, n);
            spheres.add(of.rows + row * d);
        }
        potentials(spheres.components(), of.rows, of.weights, n, nearest.data(), false,
                   sums.data());
        const double most = (1.0 + rounding) * *std::min_element(sums.begin(), sums.end());
        const auto best =
            std::find_if(sums.begin(), sums.end(), [&](double sum) { return sum <= most; });
        chosen[k] = best == sums.end() ? tried[0] : tried[size(best - sums.begin())];
    }
}

bool lloyd(const WeightedRows& of, const LloydRule& rule, std::int64_t n_centres, double* centres,
           const Results& results) {
    const std::int64_t k = n_centres, d = of.n_features;
    const double rest = rule.tolerance * mean_variance(of, rule.total_weight);
    const Values reference(centres, centres + k * d);
    Values points = reference, before = reference, loss(size(k));
    Values weight(size(k), 0.0), first(size(k * d), 0.0), more_weight(weight), more_first(first);
    std::vector<std::int32_t> labels(size(of.n_rows), -1);
    Values slack(size(of.n_rows), 0.0);
    Results gained{};
    gained.weight = more_weight.data();
    gained.first = more_first.data();
    for (std::int64_t step = 0; step < rule.n_steps; ++step) {
        losses(points, before, d, rule.rounding, loss);
        const Followed followed =
            hamerly_step({k, d, points.data(), reference.data(), loss.data(), rule.rounding},
                         of.rows, of.weights, of.n_rows, {labels.data(), slack.data()}, gained);
        if (followed.far) return false;
        if (!followed.moved) break;
        for (std::size_t at = 0; at < first.size(); ++at) first[at] += more_first[at];
        double all = 0.0, least = std::numeric_limits<double>::infinity(), movement = 0.0;
        for (std::size_t j = 0; j < weight.size(); ++j) {
            weight[j] += more_weight[j];
            all += weight[j];
            least = std::min(least, weight[j]);
        }
        if (!(least > rule.residue * all)) return false;
        std::swap(before, points);
        for (std::size_t at = 0; at < points.size(); ++at) {
            points[at] = reference[at] + first[at] / weight[at / size(d)];
            movement += (points[at] - before[at]) * (points[at] - before[at]);
        }
        if (movement <= rest) break;
    }
    std::copy(points.begin(), points.end(), centres);
    Spheres spheres(d);
    for (std::int64_t j = 0; j < k; ++j) spheres.add(centres + j * d);
    pass(spheres.components(), Posterior::hard, of.rows, of.weights, of.n_rows, results);
    return std::isfinite(*results.total);
}

}  // namespace mixtura
