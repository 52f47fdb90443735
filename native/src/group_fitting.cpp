#include "group_fitting.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "dense.hpp"
#include "mixtura/size.hpp"
#include "mixtura/swaps.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
// Gains up to this share of the mean log-likelihood are rounding.
constexpr double rounding = 16.0 * std::numeric_limits<double>::epsilon();
// A component of fewer rows has none.
constexpr double no_rows = 1e-6;
// The rows that tell a component's variances, where it has no orientation of its own.
constexpr double aligned = 5.0;
// A run that lacks more than so many times what it is still to gain is given up.
constexpr double hope = 4.0;
// What swaps may yet gain, nats of all rows: an end that lacks more is not swapped.
constexpr double swaps_gain = 3.0;
// Every third start is one of k-means++, and the first of these of k-means.
constexpr std::int64_t clusters_each = 3;
// Of swaps, as the search of a single fit has it, but that a gain below 1e-4 nats a row is none.
constexpr SwapRule how_swapped{0.25, 3, 0.75, 0.02, 3, 60, 1e-4, 1e-3, 0.0, 0.0, 0.0};

bool better(const GroupEnd& one, const GroupEnd& other) {
    return one.n_spurious != other.n_spurious ? one.n_spurious < other.n_spurious
                                              : one.height > other.height;
}

}  // namespace

GroupFitting::GroupFitting(GroupRows& rows, const GroupCandidate& candidate, const GroupRule& rule,
                           std::int64_t d, double wanted)
    : rows_(rows), rule_(rule), wanted_(wanted), k_(candidate.n_components), d_(d),
      letters_(structure_names[static_cast<int>(candidate.structure)]),
      bounded_(letters_[0] == 'E' && letters_[1] != 'V'),
      diagonal_(is_diagonal(candidate.structure)), entries_(diagonal_ ? d : d * d),
      ridge_(size(d * d)), units_(rows.variances(), rows.variances() + d), matrix_(size(d * d)),
      lower_(size(d * d)),
      hill_{rows.rows(),         rows.weights(), rows.count(), d,
            candidate.structure, ridge_.data(),  -infinity,    rule.equal_weights},
      climber_(hill_, k_), starts_(rows, candidate, d) {
    for (std::int64_t j = 0; j < d; ++j) ridge_[size(j * (d + 1))] = rule.ridge;
    if (letters_[1] != 'I') return;
    const double sum = std::accumulate(units_.begin(), units_.end(), 0.0);
    std::fill(units_.begin(), units_.end(), sum / static_cast<double>(d));
}

std::optional<GroupEnd> GroupFitting::best(std::int64_t seed, const Parameters* smaller) {
    if (k_ == 1) return ended({starts_.whole()}, wanted_);
    Draws draws(seed + 0x100000000 * k_);
    const std::vector<GroupEnd> starts = begun(draws, smaller);
    const double near = wanted_ - swaps_gain / rows_.total();
    std::optional<GroupEnd> end;
    for (auto each = starts.begin(); each != starts.end() && !end && !given_up_; ++each)
        end = ended(*each, rule_.n_swaps > 0 ? near : wanted_);
    if (rule_.n_swaps == 0 || starts.empty() || given_up_ || (end && end->height < near))
        return end;
    const GroupEnd from = end ? *end : starts.front(), to = swapped(from, draws);
    if (end && to.height == from.height) return end;  // none has helped
    const auto other = ended(to, wanted_);
    return !other || (end && better(*end, *other)) ? end : other;
}

// The starts, of which the best third after a step goes on for some more, the best first.
std::vector<GroupEnd> GroupFitting::begun(Draws& draws, const Parameters* smaller) {
    std::vector<GroupEnd> found;
    for (std::int64_t s = 0; s < rule_.n_starts; ++s) {
        GroupEnd start{s % clusters_each == 0 ? starts_.clustered(draws, s == 0)
                                              : starts_.inserted(draws, smaller)};
        if (climbed(start, 1)) found.push_back(std::move(start));
    }
    std::stable_sort(found.begin(), found.end(), better);
    found.resize((found.size() + 2) / 3);
    std::erase_if(found, [this](GroupEnd& each) { return !climbed(each, rule_.n_short - 1); });
    std::stable_sort(found.begin(), found.end(), better);
    return found;
}

// Some steps on; whether more could follow.
bool GroupFitting::climbed(GroupEnd& from, std::int64_t n_steps) {
    climber_.set(from.at);
    const bool sound = climber_.run(from.height, n_steps, -infinity).sound;
    from.at = climber_.here();
    from.n_steps += n_steps;
    from.n_spurious = n_spurious(from.at);
    return sound;
}

// The best after random swaps of components.
GroupEnd GroupFitting::swapped(GroupEnd from, Draws& draws) {
    std::vector<double> weight = from.at.weight, means = from.at.means;
    std::vector<double> covariances(size(k_ * d_ * d_));
    Place place{k_, weight.data(), means.data(), covariances.data(), 0.0, from.height};
    write(hill_, from.at, place);
    SwapRule by = how_swapped;
    by.least_rows = bounded_ ? 0.0 : least_rows();
    by.few_rows = bounded_ ? 0.0 : rule_.few_rows;
    by.thin = rule_.thin;
    by.units = units_.data();
    Effort effort{infinity, rule_.n_swaps, 0, infinity, 0.0, 0.0};
    std::vector<double> drawn(size(rule_.n_swaps * draws_per_swap));
    for (double& each : drawn) each = draws();
    swap(hill_, by, place, effort, drawn.data(), rule_.n_swaps);
    from.at = parameters(hill_, place);
    from.height = place.log_likelihood;
    return from;
}

// On from a place until little is to be gained; nothing where that leads to no estimate, or, at
// the pace of its last steps, to none that is above the height that is wanted.
std::optional<GroupEnd> GroupFitting::ended(GroupEnd from, double wanted) {
    const double least = std::max(rule_.least_gain, rule_.least_in_all / rows_.total());
    climber_.set(from.at);
    Trace trace{};
    double height = from.height;
    from.converged = given_up_ = false;
    for (std::int64_t step = 0; !from.converged && step < rule_.n_steps; ++step) {
        if (!climber_.run(height, 1, -infinity).sound) return std::nullopt;
        std::rotate(trace.begin(), trace.begin() + 1, trace.end());
        trace.back() = height;  // of the parameters before this step
        ++from.n_steps;
        if (step == 0) continue;
        const double left = step > 1 ? remaining(trace, step, least) : infinity;
        from.converged = rule_.hasty ? std::abs(height - trace[2]) < least : left < least;
        if (given_up_ = height + hope * left < wanted; given_up_) return std::nullopt;
    }
    from.at = climber_.here();
    if (!climber_.run(from.height, 1, -infinity).sound) return std::nullopt;
    from.n_spurious = n_spurious(from.at);
    if (from.n_spurious > 0 || is_held_up(from.at)) return std::nullopt;
    return from;
}

// What is still to be gained, by Aitken's estimate: `remaining_gain` of the loop's rules.
double GroupFitting::remaining(const Trace& trace, std::int64_t step, double least) {
    const double last = trace[3] - trace[2], before = trace[2] - trace[1];
    const double most = std::max(std::abs(last), std::abs(before));
    if (most <= rounding * std::max(1.0, std::abs(trace[3]))) return 0.0;
    if (most < least && last <= 0.0) return 0.0;
    if (!(last > 0.0 && before > 0.0)) return infinity;
    double ratio = last / before;
    const double earlier = trace[1] - trace[0];
    if (step > 2 && earlier > 0.0) ratio = std::max(ratio, before / earlier);
    return ratio < 1.0 ? last * ratio / (1.0 - ratio) : infinity;
}

double GroupFitting::least_rows() const {
    const double span = static_cast<double>(d_) + 1.0;
    if (letters_[0] == 'E') return 0.0;
    return letters_[2] == 'V' ? span : std::min(span, aligned);
}

// How many components are an accident of few rows: `spurious` of the search for starts.
std::int64_t GroupFitting::n_spurious(const Parameters& p) {
    const double share = static_cast<double>(rows_.count()) / rows_.total();
    std::int64_t count = 0;
    for (std::int64_t k = 0; k < k_; ++k) {
        const double held = p.weight[size(k)] * share;
        const bool own = !bounded_ && (held < least_rows() ||
                                       (held < rule_.few_rows && is_below(p, k, rule_.thin, 0.0)));
        count += p.weight[size(k)] < no_rows || own;
    }
    return count;
}

// Whether a covariance is as small as the floor, or the ridge, lets it be.
bool GroupFitting::is_held_up(const Parameters& p) {
    for (std::int64_t k = 0; k < k_; ++k)
        if (is_below(p, k, rule_.floor, 2.0 * rule_.ridge)) return true;
    return false;
}

// Whether the least eigenvalue of a covariance is below a share of the data's variances, or below
// a variance: where what is left without it has no root.
bool GroupFitting::is_below(const Parameters& p, std::int64_t k, double share, double variance) {
    const double* covariance = &p.covariances[size(k * entries_)];
    const auto least = [&](std::int64_t j) { return std::max(share * units_[size(j)], variance); };
    if (diagonal_) {
        bool below = false;
        for (std::int64_t j = 0; j < d_; ++j) below |= !(covariance[j] > least(j));
        return below;
    }
    std::copy_n(covariance, entries_, matrix_.begin());
    for (std::int64_t j = 0; j < d_; ++j) matrix_[size(j * (d_ + 1))] -= least(j);
    return !cholesky(matrix_.data(), d_, lower_.data());
}

}  // namespace mixtura
