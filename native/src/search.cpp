#include "mixtura/search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "accidents.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class Searches {
  public:
    Searches(const Hill& hill, const SwapRule& rule, const Searching& how, const Effort& effort,
             std::span<const double> draws)
        : hill_(hill), rule_(rule), how_(how), draws_(draws), accidents_(hill, rule),
          effort_(effort) {}

    bool run(std::vector<End> started, Found& found) {
        auto& ends = found.ends;
        if (how_.scattered && !scatter(started)) return false;
        if (!searched(started, infinity)) return false;
        ends.push_back(best_);
        End best = best_;
        while (times(best, ends) < how_.n_met && effort_.left > 0.0) {
            started.clear();
            if (!scatter(started)) return false;
            if (!searched(started, best.log_likelihood)) return false;
            ends.push_back(best_);
            if (better(rule_, best_, best)) best = best_;
        }
        std::stable_sort(ends.begin(), ends.end(), [](const End& a, const End& b) {
            if (a.n_spurious != b.n_spurious) return a.n_spurious < b.n_spurious;
            return ranked(a) > ranked(b);
        });
        found.times = times(ends.front(), ends);
        found.n_used = used_;
        return true;
    }

    const Effort& effort() const { return effort_; }

  private:
    // One search, over as soon as it comes to a height that is known; `best_` is its end.
    bool searched(std::vector<End>& started, double known) {
        std::vector<Place> places;
        for (End& each : started) places.push_back(each.place());
        const std::int64_t n = std::ssize(places);
        std::vector<std::int64_t> order(size(n));
        const std::int64_t n_steps = race(hill_, rule_, how_.race, places.data(), n, order.data());
        if (n_steps < 0) return false;
        const auto n_calls = static_cast<double>(n + std::min(how_.race.n_followed, n));
        effort_.left -= n_calls * effort_.call + static_cast<double>(n_steps) * effort_.step;
        best_ = started[size(order[0])];
        best_.moved(places[size(order[0])]);
        if (!swapped(known)) return false;
        best_.n_spurious = accidents_.count(parameters(hill_, best_.place()));
        return true;
    }

    // Swaps for as long as they help; false where there are no draws for them.
    bool swapped(double known) {
        Effort effort = effort_;
        effort.known = known;
        effort.n_failed = 0;
        while (effort.n_failed < effort.patience && effort.left > 0.0 &&
               !same(best_.log_likelihood, known)) {
            const double* draws = drawn(how_.n_drawn * draws_per_swap);
            if (!draws) return false;
            Place place = best_.place();
            swap(hill_, rule_, place, effort, draws, how_.n_drawn);
            best_.moved(place);
        }
        effort_.left = effort.left;
        return true;
    }

    // Starts at random, besides those that there are.
    bool scatter(std::vector<End>& started) {
        const Scatter& how = how_.scatter;
        const std::int64_t k = how.n_components, d = hill_.n_features;
        const double* draws = drawn(how.n_starts * k);
        if (!draws) return false;
        for (std::int64_t i = 0; i < how.n_starts; ++i) {
            End& start = started.emplace_back(End{{how.weight, how.weight + k},
                                                  {},
                                                  std::vector<double>(size(k * d * d)),
                                                  how.noise_weight,
                                                  -infinity,
                                                  0});
            for (std::int64_t j = 0; j < k; ++j) {
                const auto at =
                    static_cast<std::int64_t>(*draws++ * static_cast<double>(hill_.n_rows));
                const double* row = hill_.rows + at * d;
                start.means.insert(start.means.end(), row, row + d);
                for (std::int64_t i_d = 0; i_d < d; ++i_d)
                    start.covariances[size((j * d + i_d) * d + i_d)] = how.variance;
            }
        }
        return true;
    }

    // So many draws more, or null.
    const double* drawn(std::int64_t n) {
        if (used_ + n > std::ssize(draws_)) return nullptr;
        return draws_.data() + std::exchange(used_, used_ + n);
    }

    bool same(double one, double other) const { return std::abs(one - other) < rule_.same; }

    std::int64_t times(const End& best, const std::vector<End>& ends) const {
        return std::count_if(ends.begin(), ends.end(), [&](const End& each) {
            return same(each.log_likelihood, best.log_likelihood);
        });
    }

    static double ranked(const End& end) {
        return std::isfinite(end.log_likelihood) ? end.log_likelihood : -infinity;
    }

    const Hill& hill_;
    const SwapRule& rule_;
    const Searching& how_;
    std::span<const double> draws_;
    Accidents accidents_;
    Effort effort_;
    std::int64_t used_ = 0;
    End best_;
};

}  // namespace

Place End::place() {
    return {std::ssize(weight), weight.data(), means.data(),
            covariances.data(), noise_weight,  log_likelihood};
}

void End::moved(const Place& to) {
    noise_weight = to.noise_weight;
    log_likelihood = to.log_likelihood;
}

bool better(const SwapRule& rule, const End& one, const End& other) {
    if (one.log_likelihood > other.log_likelihood + rule.gain)
        return one.n_spurious <= other.n_spurious;
    return std::isfinite(one.log_likelihood) && one.n_spurious < other.n_spurious;
}

bool search(const Hill& hill, const SwapRule& rule, const Searching& how, std::vector<End> started,
            Effort& effort, std::span<const double> draws, Found& found) {
    Searches searches(hill, rule, how, effort, draws);
    const bool ended = searches.run(std::move(started), found);
    effort.left = searches.effort().left;
    return ended;
}

}  // namespace mixtura
