#include "mixtura/ratio.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "accidents.hpp"
#include "halves.hpp"
#include "merges.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

End end_of(const Hill& hill, const Parameters& from) {
    const std::int64_t k = std::ssize(from.weight), d = hill.n_features;
    End end{from.weight,       from.means, std::vector<double>(size(k * d * d)),
            from.noise_weight, -infinity,  0};
    Place place = end.place();
    write(hill, from, place);
    return end;
}

class Ends {
  public:
    Ends(const Hill& hill, const SwapRule& rule) : hill_(hill), rule_(rule) {}

    // The places that led in a race, the best first; none where it cannot be.
    std::vector<End> raced(std::vector<End> started, const Race& how) const {
        const std::int64_t n = std::ssize(started);
        std::vector<Place> places;
        for (End& each : started) places.push_back(each.place());
        std::vector<std::int64_t> order(size(n));
        std::vector<End> led;
        if (n == 0 || race(hill_, rule_, how, places.data(), n, order.data()) < 0) return led;
        Accidents accidents(hill_, rule_);
        for (std::int64_t i = 0; i < std::min(n, how.n_followed); ++i) {
            End& end = led.emplace_back(std::move(started[size(order[size(i)])]));
            end.moved(places[size(order[size(i)])]);
            end.n_spurious = accidents.count(parameters(hill_, end.place()));
        }
        return led;
    }

    std::vector<End> split(End& from, const RatioRule& how) const {
        std::vector<End> ends;
        for (const Parameters& each :
             halved(hill_, parameters(hill_, from.place()), how.n_axes, how.apart))
            ends.push_back(end_of(hill_, each));
        return ends;
    }

    std::vector<End> merged(End& from, std::int64_t n_pairs) const {
        const std::int64_t k = std::ssize(from.weight), d = hill_.n_features;
        const Parameters parts = parameters(hill_, from.place());
        MergeLosses losses(k, d, is_diagonal(hill_.structure), n_pairs);
        losses.set(parts);
        std::vector<End> ends;
        for (const std::int64_t pair : losses.least()) {
            const std::int64_t left = pair / k, taken = pair % k;
            if (left >= taken) continue;
            Parameters to = parts;
            merge(parts, d, left, taken, to);
            const std::int64_t entries = std::ssize(to.covariances) / k;
            const auto without = [taken](std::vector<double>& values, std::int64_t width) {
                const auto at = values.begin() + taken * width;
                values.erase(at, at + width);
            };
            without(to.weight, 1);
            without(to.means, d);
            without(to.covariances, entries);
            restrain(hill_, to);
            ends.push_back(end_of(hill_, to));
        }
        return ends;
    }

  private:
    const Hill& hill_;
    const SwapRule& rule_;
};

}  // namespace

std::optional<double> log_ratio(const Hill& hill, const SwapRule& rule, const RatioRule& how,
                                const Searching& searching, End from, const Effort& effort,
                                std::span<const double> draws) {
    const Ends ends(hill, rule);
    const bool alone = from.weight.size() == 1;
    std::vector<End> one = ends.raced({std::move(from)}, how.alone);
    if (one.empty()) return std::nullopt;
    std::vector<End> begun = ends.raced(ends.split(one.front(), how), how.between);
    Effort left = effort;
    Found found;
    if (begun.empty() || !search(hill, rule, searching, std::move(begun), left, draws, found))
        return std::nullopt;
    End& other = found.ends.front();
    if (!alone) {
        std::vector<End> again = ends.raced(ends.merged(other, how.n_merges), how.between);
        if (again.empty()) return std::nullopt;
        if (better(rule, again.front(), one.front())) {
            one = std::move(again);
            std::vector<End> higher = ends.raced(ends.split(one.front(), how), how.between);
            if (higher.empty()) return std::nullopt;
            if (better(rule, higher.front(), other)) other = std::move(higher.front());
        }
    }
    const auto last_other = ends.raced({std::move(other)}, how.last);
    const auto last_one = ends.raced({std::move(one.front())}, how.last);
    if (last_other.empty() || last_one.empty()) return std::nullopt;
    if (last_other[0].n_spurious > 0 || last_one[0].n_spurious > 0)
        return std::numeric_limits<double>::quiet_NaN();
    // Every mixture of K components is one of K + 1.
    return std::max(last_other[0].log_likelihood - last_one[0].log_likelihood, 0.0);
}

}  // namespace mixtura
