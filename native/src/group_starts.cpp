#include "group_starts.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// Rounds of k-means at most.
constexpr std::int64_t most_rounds = 3;
// A component set on few rows has so much of the covariance of all besides theirs.
constexpr double soft = 0.02;
// And one of clusters so much of the variances, lest rows in a plane leave none.
constexpr double softest = 1e-4;
// The least that a component holds, rows.
constexpr double least_held = 1e-3;
// So many rows tell how far away a share of all of them is.
constexpr std::int64_t some_rows = 20;
// Distances as far apart as this are one up to rounding.
constexpr double as_near = 1.0 + 1e-9;

}  // namespace

GroupStarts::GroupStarts(GroupRows& rows, const GroupCandidate& candidate, std::int64_t d)
    : rows_(rows), measured_(rows.measured_for(candidate.structure)),
      letters_(structure_names[static_cast<int>(candidate.structure)]), k_(candidate.n_components),
      d_(d), diagonal_(is_diagonal(candidate.structure)), entries_(diagonal_ ? d : d * d),
      labels_(size(rows.count())), nearest_(size(rows.count())), sorted_(nearest_),
      centres_(size(k_ * d)), held_(size(k_)), within_(size(entries_)) {}

Parameters GroupStarts::whole() {
    std::fill(labels_.begin(), labels_.end(), 0);
    return labelled();
}

Parameters GroupStarts::clustered(Draws& draws, bool refined) {
    scatter_centres(draws);
    assign();
    if (refined) refine();
    return labelled();
}

Parameters GroupStarts::inserted(Draws& draws, const Parameters* others) {
    Parameters p = others ? *others : clustered(draws, false);
    p.weight.resize(size(k_ - 1));
    p.means.resize(size((k_ - 1) * d_));
    p.covariances.resize(size((k_ - 1) * entries_));
    const std::int64_t n = rows_.count(), least = d_ + 2, most = std::max(n / k_, least + 1);
    const std::int64_t place = draws.of(n);
    add_near(place, std::min(least + draws.of(most - least), n), p);
    restrain(p);
    return p;
}

// k-means++: rows that are drawn by their squared distance from those before.
void GroupStarts::scatter_centres(Draws& draws) {
    std::fill(nearest_.begin(), nearest_.end(), 1.0);  // the first is any
    for (std::int64_t k = 0; k < k_; ++k) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < rows_.count(); ++i) sum += rows_.weight(i) * nearest_[size(i)];
        double left = draws() * sum;
        std::int64_t chosen = 0;
        for (std::int64_t i = 0; i < rows_.count() && left >= 0.0; ++i) {
            const double potential = rows_.weight(i) * nearest_[size(i)];
            if (potential > 0.0) chosen = i;
            left -= potential;
        }
        std::copy_n(measured_ + chosen * d_, d_, &centres_[size(k * d_)]);
        if (k == 0) std::fill(nearest_.begin(), nearest_.end(), infinity);
        for (std::int64_t i = 0; i < rows_.count(); ++i)
            nearest_[size(i)] = std::min(nearest_[size(i)], squared(i, k));
    }
}

double GroupStarts::squared(std::int64_t i, std::int64_t centre) const {
    double sum = 0.0;
    for (std::int64_t j = 0; j < d_; ++j) {
        const double apart = measured_[i * d_ + j] - centres_[size(centre * d_ + j)];
        sum += apart * apart;
    }
    return sum;
}

// Each row to its nearest centre; whether any has moved.
bool GroupStarts::assign() {
    bool moved = false;
    for (std::int64_t i = 0; i < rows_.count(); ++i) {
        std::int64_t nearest = 0;
        double least = infinity;
        for (std::int64_t k = 0; k < k_; ++k)
            if (const double apart = squared(i, k); apart < least) {
                least = apart;
                nearest = k;
            }
        moved = moved || labels_[size(i)] != nearest;
        labels_[size(i)] = nearest;
    }
    return moved;
}

void GroupStarts::refine() {
    bool moved = true;
    for (std::int64_t round = 0; moved && round < most_rounds; ++round) {
        std::fill(held_.begin(), held_.end(), 0.0);
        std::fill(centres_.begin(), centres_.end(), 0.0);
        for (std::int64_t i = 0; i < rows_.count(); ++i) {
            const std::int64_t k = labels_[size(i)];
            held_[size(k)] += rows_.weight(i);
            for (std::int64_t j = 0; j < d_; ++j)
                centres_[size(k * d_ + j)] += rows_.weight(i) * measured_[i * d_ + j];
        }
        for (std::int64_t k = 0; k < k_; ++k)
            for (std::int64_t j = 0; j < d_; ++j)
                if (held_[size(k)] > 0.0) centres_[size(k * d_ + j)] /= held_[size(k)];
        moved = assign();
    }
}

// The moments of the rows by their labels.
Parameters GroupStarts::labelled() {
    Parameters p{std::vector<double>(size(k_)), std::vector<double>(size(k_ * d_)),
                 std::vector<double>(size(k_ * entries_))};
    for (std::int64_t i = 0; i < rows_.count(); ++i) {
        const std::int64_t k = labels_[size(i)];
        p.weight[size(k)] += rows_.weight(i);
        for (std::int64_t j = 0; j < d_; ++j)
            p.means[size(k * d_ + j)] += rows_.weight(i) * rows_.row(i)[j];
    }
    for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t j = 0; j < d_; ++j) {
            double& mean = p.means[size(k * d_ + j)];
            mean = p.weight[size(k)] > 0.0 ? mean / p.weight[size(k)] : rows_.mean()[j];
        }
    for (std::int64_t i = 0; i < rows_.count(); ++i) {
        const std::int64_t k = labels_[size(i)];
        add_square(i, rows_.weight(i), &p.means[size(k * d_)], &p.covariances[size(k * entries_)]);
    }
    soften(p);
    restrain(p);
    for (double& weight : p.weight) weight = std::max(weight, least_held);
    return p;
}

// One more component, of the rows nearest to one of them.
void GroupStarts::add_near(std::int64_t place, std::int64_t count, Parameters& p) {
    std::copy_n(measured_ + place * d_, d_, centres_.begin());
    for (std::int64_t i = 0; i < rows_.count(); ++i) nearest_[size(i)] = squared(i, 0);
    const double limit = as_near * reach(count);
    p.means.resize(size(k_ * d_), 0.0);
    p.covariances.resize(size(k_ * entries_), 0.0);
    double *mean = &p.means[size((k_ - 1) * d_)], held = 0.0;
    for (std::int64_t i = 0; i < rows_.count(); ++i) {
        if (!(nearest_[size(i)] <= limit)) continue;
        held += rows_.weight(i);
        for (std::int64_t j = 0; j < d_; ++j) mean[j] += rows_.weight(i) * rows_.row(i)[j];
    }
    for (std::int64_t j = 0; j < d_; ++j) mean[j] /= held;
    double* covariance = &p.covariances[size((k_ - 1) * entries_)];
    for (std::int64_t i = 0; i < rows_.count(); ++i)
        if (nearest_[size(i)] <= limit) add_square(i, rows_.weight(i) / held, mean, covariance);
    for (std::int64_t i = 0; i < entries_; ++i)
        covariance[i] += soft * rows_.covariance()[diagonal_ ? i * (d_ + 1) : i];
    p.weight.push_back(held);
}

// A distance within which about `count` rows are, by those of some rows, which are in no order.
double GroupStarts::reach(std::int64_t count) {
    const std::int64_t n = rows_.count(), step = std::max(n / some_rows, std::int64_t{1});
    sorted_.clear();
    for (std::int64_t i = 0; i < n; i += step) sorted_.push_back(nearest_[size(i)]);
    const std::int64_t rank = std::max(count * std::ssize(sorted_) / n, std::int64_t{1}) - 1;
    std::nth_element(sorted_.begin(), sorted_.begin() + rank, sorted_.end());
    const double limit = sorted_[size(rank)];
    std::int64_t within = 0;
    for (const double each : nearest_) within += each <= limit;
    if (within > d_ + 1) return limit;
    sorted_ = nearest_;
    std::nth_element(sorted_.begin(), sorted_.begin() + (count - 1), sorted_.end());
    return sorted_[size(count - 1)];
}

// The square of a row's deviation from a mean, weighed, or its diagonal.
void GroupStarts::add_square(std::int64_t i, double weight, const double* mean,
                             double* scatter) const {
    const double* x = rows_.row(i);
    for (std::int64_t j = 0; j < d_; ++j) {
        const double apart = weight * (x[j] - mean[j]);
        if (diagonal_) scatter[j] += apart * (x[j] - mean[j]);
        else
            for (std::int64_t l = 0; l < d_; ++l) scatter[j * d_ + l] += apart * (x[l] - mean[l]);
    }
}

// From scatters to covariances, each with D + 1 rows' worth of what all have within them: few rows
// may lie in a plane.
void GroupStarts::soften(Parameters& p) {
    const double few = static_cast<double>(d_) + 1.0;
    std::fill(within_.begin(), within_.end(), 0.0);
    for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t i = 0; i < entries_; ++i)
            within_[size(i)] += p.covariances[size(k * entries_ + i)] / rows_.total();
    for (std::int64_t j = 0; j < d_; ++j)
        within_[size(diagonal_ ? j : j * (d_ + 1))] += softest * rows_.variances()[j];
    for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t i = 0; i < entries_; ++i) {
            double& to = p.covariances[size(k * entries_ + i)];
            to = (to + few * within_[size(i)]) / (p.weight[size(k)] + few);
        }
}

// Covariances that a pass for the structure can take: its form, if not its letters.
void GroupStarts::restrain(Parameters& p) const {
    const bool shared = std::string_view(letters_).find('V') == std::string_view::npos;
    double total = 0.0;
    for (const double weight : p.weight) total += weight;
    for (std::int64_t i = 0; shared && i < entries_; ++i) {
        double sum = 0.0;
        for (std::int64_t k = 0; k < k_; ++k)
            sum += p.weight[size(k)] / total * p.covariances[size(k * entries_ + i)];
        for (std::int64_t k = 0; k < k_; ++k) p.covariances[size(k * entries_ + i)] = sum;
    }
    for (std::int64_t k = 0; letters_[1] == 'I' && k < k_; ++k) {
        double mean = 0.0;
        double* to = &p.covariances[size(k * d_)];
        for (std::int64_t j = 0; j < d_; ++j) mean += to[j] / static_cast<double>(d_);
        std::fill_n(to, d_, mean);
    }
}

}  // namespace mixtura
