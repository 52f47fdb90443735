// The binding of the search for a start: k-means, climbs, races and swaps.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "binding.hpp"
#include "mixtura/kmeans.hpp"
#include "mixtura/ratio.hpp"
#include "mixtura/search.hpp"

namespace {

void check_draws(const double* draws, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i)
        if (!(draws[i] >= 0.0 && draws[i] < 1.0))
            throw nb::value_error("draws are not all from 0 to below 1");
}

// In the order of `SwapRule`, and of `Effort`.
using Rule = std::tuple<double, std::int64_t, double, double, std::int64_t, std::int64_t, double,
                        double, double, double, double, double>;
using Effort = std::tuple<double, std::int64_t, std::int64_t, double, double, double>;

mixtura::Hill hill_of(const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
                      std::string_view letters, const Matrix<const double>& ridge,
                      double noise_log_density, bool equal_weights) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    if (d < 1) throw nb::value_error("there are no features");
    return {rows.data(),
            checked(weights, "weights", {m}),
            m,
            d,
            structure_called(letters),
            checked(ridge, "ridge", {d, d}),
            noise_log_density,
            equal_weights};
}

mixtura::Place place_of(const Vector<double>& weight, const Matrix<double>& means,
                        const Matrices<double>& covariances, std::int64_t d, double noise_weight,
                        double log_likelihood) {
    const auto k = static_cast<std::int64_t>(weight.shape(0));
    return {k,
            weight.data(),
            checked(means, "means", {k, d}),
            checked(covariances, "covariances", {k, d, d}),
            noise_weight,
            log_likelihood};
}

// How many steps, from how many places, how many more, and the gain that is none.
using Race = std::tuple<std::int64_t, std::int64_t, std::int64_t, double>;

mixtura::Race race_of(const Race& how) {
    const auto& [n_brief, n_followed, n_steps, gain] = how;
    return {n_brief, n_followed, n_steps, gain};
}

mixtura::Effort effort_of(const Effort& effort) {
    return std::apply([](auto... each) { return mixtura::Effort{each...}; }, effort);
}

// Of starts at random how many, their variance and the noise's weight; then how many meet, how many
// swaps are drawn at a time, and whether the first search begins at random, too.
using Searching = std::tuple<std::int64_t, double, double, std::int64_t, std::int64_t, bool>;

mixtura::Searching searching_of(const Race& race, const Searching& how,
                                const Vector<const double>& scattered, std::int64_t k) {
    const auto& [n_starts, variance, background, n_met, n_drawn, joined] = how;
    return {race_of(race),
            {n_starts, k, checked(scattered, "scattered", {k}), variance, background},
            n_met,
            n_drawn,
            joined};
}

mixtura::SwapRule rule_of(const Rule& rule, const Vector<const double>& units, std::int64_t d) {
    const auto all = [](auto... each) { return mixtura::SwapRule{each...}; };
    mixtura::SwapRule by = std::apply(all, rule);
    by.units = checked(units, "units", {d});
    return by;
}

mixtura::WeightedRows weighted(const Matrix<const double>& rows,
                               const Maybe<Vector<const double>>& weights) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    if (m < 1 || d < 1) throw nb::value_error("k-means takes rows, and features");
    return {rows.data(), checked(weights, "weights", {m}), m, d};
}

void far_apart(const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
               const Vector<const double>& draws, double rounding,
               const Vector<std::int64_t>& chosen) {
    const auto of = weighted(rows, weights);
    const auto k = static_cast<std::int64_t>(chosen.shape(0));
    const auto n = static_cast<std::int64_t>(draws.shape(0));
    if (k < 1 || n < 1 || (k == 1 ? n > 1 : n < k || (n - 1) % (k - 1)))
        throw nb::value_error("draws are not one, and then as many for each seed that follows");
    check_draws(draws.data(), n);
    const std::int64_t n_tries = k > 1 ? (n - 1) / (k - 1) : 0;
    const Released released(of.n_rows, n, of.n_features);
    mixtura::far_apart(of, draws.data(), n_tries, rounding, k, chosen.data());
}

bool lloyd(const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
           const std::tuple<double, double, double, double, std::int64_t>& rule,
           const Matrix<double>& centres, const Vector<std::int64_t>& labels,
           const Vector<double>& weight, const Matrix<double>& first, const Array<double>& second,
           const Vector<double>& total) {
    const auto of = weighted(rows, weights);
    const auto k = static_cast<std::int64_t>(centres.shape(0));
    double* places = checked(centres, "centres", {k, of.n_features});
    mixtura::Results results{};
    results.labels = checked(labels, "labels", {of.n_rows});
    results.weight = checked(weight, "weight", {k});
    results.first = checked(first, "first", {k, of.n_features});
    results.second = checked_second(second, k, of.n_features, of.n_features);
    results.diagonal = second.ndim() == 2;
    results.total = checked(total, "total", {1});
    const auto all = [](auto... each) { return mixtura::LloydRule{each...}; };
    const mixtura::LloydRule by = std::apply(all, rule);
    const Released released(8 * of.n_rows, k, of.n_features);  // some eight steps, as a rule
    return mixtura::lloyd(of, by, k, places, results);
}

// Last: the noise's weight, the log-likelihood, the last gain, how many steps, and if more can be.
std::tuple<double, double, double, std::int64_t, bool> climb(
    const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
    std::string_view letters, const Matrix<const double>& ridge, double noise_log_density,
    bool equal_weights, const Vector<double>& weight, const Matrix<double>& means,
    const Matrices<double>& covariances, double noise_weight, double log_likelihood,
    std::int64_t n_steps, double gain) {
    if (weight.shape(0) < 1) throw nb::value_error("there are no components");
    const auto hill = hill_of(rows, weights, letters, ridge, noise_log_density, equal_weights);
    auto place =
        place_of(weight, means, covariances, hill.n_features, noise_weight, log_likelihood);
    const Released released;
    const auto done = mixtura::climb(hill, place, n_steps, gain);
    return {place.noise_weight, place.log_likelihood, done.gain, done.n_steps, done.sound};
}

// Over places of one K, overwritten; last: their order, and how many steps, or −1.
std::int64_t race(
    const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
    std::string_view letters, const Matrix<const double>& ridge, double noise_log_density,
    const Rule& rule, const Vector<const double>& units, const Matrix<double>& weight,
    const Matrices<double>& means,
    const nb::ndarray<double, nb::ndim<4>, nb::c_contig, nb::device::cpu>& covariances,
    const Vector<double>& noise_weight, const Vector<double>& log_likelihood, const Race& how,
    const Vector<std::int64_t>& order) {
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto n = static_cast<std::int64_t>(weight.shape(0));
    const auto k = static_cast<std::int64_t>(weight.shape(1));
    if (n < 1 || k < 1) throw nb::value_error("there are no places, or no components");
    const auto hill = hill_of(rows, weights, letters, ridge, noise_log_density, false);
    double* first_mean = checked(means, "means", {n, k, d});
    double* first_covariance = checked(covariances, "covariances", {n, k, d, d});
    double* noise = checked(noise_weight, "noise_weight", {n});
    double* height = checked(log_likelihood, "log_likelihood", {n});
    std::int64_t* in_order = checked(order, "order", {n});
    const auto by = rule_of(rule, units, hill.n_features);
    const Released released;
    std::vector<mixtura::Place> places;
    for (std::int64_t i = 0; i < n; ++i)
        places.push_back({k, weight.data() + i * k, first_mean + i * k * d,
                          first_covariance + i * k * d * d, noise[i], height[i]});
    const std::int64_t done = mixtura::race(hill, by, race_of(how), places.data(), n, in_order);
    for (std::int64_t i = 0; i < n; ++i) {
        noise[i] = places[static_cast<std::size_t>(i)].noise_weight;
        height[i] = places[static_cast<std::size_t>(i)].log_likelihood;
    }
    return done;
}

// Last: the noise's weight, the log-likelihood, how many draws were used, swaps that failed, and
// what is left.
std::tuple<double, double, std::int64_t, std::int64_t, double> swap(
    const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
    std::string_view letters, const Matrix<const double>& ridge, double noise_log_density,
    const Rule& rule, const Vector<const double>& units, const Vector<double>& weight,
    const Matrix<double>& means, const Matrices<double>& covariances, double noise_weight,
    double log_likelihood, const Effort& effort, const Matrix<const double>& draws) {
    const auto n = static_cast<std::int64_t>(draws.shape(0));
    if (rows.shape(0) < 1 || weight.shape(0) < 2)
        throw nb::value_error("a swap takes rows, and two components at least");
    const auto hill = hill_of(rows, weights, letters, ridge, noise_log_density, false);
    auto best = place_of(weight, means, covariances, hill.n_features, noise_weight, log_likelihood);
    const double* drawn = checked(draws, "draws", {n, mixtura::draws_per_swap});
    check_draws(drawn, n * mixtura::draws_per_swap);
    const auto by = rule_of(rule, units, hill.n_features);
    mixtura::Effort spent = effort_of(effort);
    const Released released;
    const std::int64_t used = mixtura::swap(hill, by, best, spent, drawn, n);
    return {best.noise_weight, best.log_likelihood, used, spent.n_failed, spent.left};
}

// An end: weight, means, covariances, the noise's weight and the log-likelihood.
using Told =
    std::tuple<std::vector<double>, std::vector<double>, std::vector<double>, double, double>;
using Found = std::tuple<std::vector<Told>, std::int64_t, std::int64_t, double>;

// From places of one K. The ends, how many met the best, how many draws were used, and what is
// left; nothing where it is not to end.
std::optional<Found> search(
    const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
    std::string_view letters, const Matrix<const double>& ridge, double noise_log_density,
    const Rule& rule, const Vector<const double>& units, const Matrix<const double>& weight,
    const Matrices<const double>& means,
    const nb::ndarray<const double, nb::ndim<4>, nb::c_contig, nb::device::cpu>& covariances,
    const Vector<const double>& noise_weight, const Race& race, const Searching& how,
    const Vector<const double>& scattered, const Effort& effort,
    const Vector<const double>& draws) {
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto n = static_cast<std::int64_t>(weight.shape(0));
    const auto k = static_cast<std::int64_t>(weight.shape(1));
    if (rows.shape(0) < 1 || (n < 1 && !std::get<5>(how)) || k < 2)
        throw nb::value_error("a search takes rows, a place, and two components at least");
    const auto hill = hill_of(rows, weights, letters, ridge, noise_log_density, false);
    const double* mean = checked(means, "means", {n, k, d});
    const double* covariance = checked(covariances, "covariances", {n, k, d, d});
    const double* noise = checked(noise_weight, "noise_weight", {n});
    check_draws(draws.data(), static_cast<std::int64_t>(draws.size()));
    const auto by = rule_of(rule, units, d);
    mixtura::Effort spent = effort_of(effort);
    const auto searching = searching_of(race, how, scattered, k);
    std::vector<mixtura::End> started;
    for (std::int64_t i = 0; i < n; ++i) {
        const double *w = weight.data() + i * k, *m = mean + i * k * d,
                     *c = covariance + i * k * d * d;
        started.push_back({{w, w + k},
                           {m, m + k * d},
                           {c, c + k * d * d},
                           noise[i],
                           -std::numeric_limits<double>::infinity(),
                           0});
    }
    mixtura::Found found;
    bool ended = false;
    {
        const Released released;
        ended = mixtura::search(hill, by, searching, std::move(started), spent,
                                {draws.data(), draws.size()}, found);
    }
    if (!ended) return std::nullopt;
    std::vector<Told> ends;
    for (mixtura::End& each : found.ends)
        ends.emplace_back(std::move(each.weight), std::move(each.means),
                          std::move(each.covariances), each.noise_weight, each.log_likelihood);
    return Found{std::move(ends), found.times, found.n_used, spent.left};
}

// From a place of K components; `ways` is along how many axes one is split, how far apart, and how
// many pairs are merged. Nothing where EM cannot go on.
std::optional<double> log_ratio(const Matrix<const double>& rows,
                                const Maybe<Vector<const double>>& weights,
                                std::string_view letters, const Matrix<const double>& ridge,
                                double noise_log_density, const Rule& rule,
                                const Vector<const double>& units, const Vector<double>& weight,
                                const Matrix<double>& means, const Matrices<double>& covariances,
                                const std::tuple<std::int64_t, double, std::int64_t>& ways,
                                const std::tuple<Race, Race, Race>& races, const Race& race,
                                const Searching& how, const Vector<const double>& scattered,
                                const Effort& effort, const Vector<const double>& draws) {
    const auto k = static_cast<std::int64_t>(weight.shape(0));
    if (rows.shape(0) < 1 || k < 1) throw nb::value_error("a ratio takes rows, and a component");
    const auto hill = hill_of(rows, weights, letters, ridge, noise_log_density, false);
    const auto from = place_of(weight, means, covariances, hill.n_features, 0.0,
                               -std::numeric_limits<double>::infinity());
    check_draws(draws.data(), static_cast<std::int64_t>(draws.size()));
    const auto by = rule_of(rule, units, hill.n_features);
    const auto searching = searching_of(race, how, scattered, k + 1);
    const auto& [n_axes, apart, n_merges] = ways;
    const auto& [alone, between, last] = races;
    const mixtura::RatioRule ratio{n_axes,           apart,        n_merges, race_of(alone),
                                   race_of(between), race_of(last)};
    const auto d = hill.n_features;
    const Released released;
    mixtura::End start{{from.weight, from.weight + k},
                       {from.means, from.means + k * d},
                       {from.covariances, from.covariances + k * d * d},
                       0.0,
                       from.log_likelihood,
                       0};
    return mixtura::log_ratio(hill, by, ratio, searching, std::move(start), effort_of(effort),
                              {draws.data(), draws.size()});
}

}  // namespace

void bind_search(nb::module_& module) {
    module.def("far_apart", &far_apart, "rows"_a.noconvert(), "weights"_a.noconvert().none(),
               "draws"_a.noconvert(), "rounding"_a, "chosen"_a.noconvert());
    module.def("lloyd", &lloyd, "rows"_a.noconvert(), "weights"_a.noconvert().none(), "rule"_a,
               "centres"_a.noconvert(), "labels"_a.noconvert(), "weight"_a.noconvert(),
               "first"_a.noconvert(), "second"_a.noconvert(), "total"_a.noconvert());
    module.def("climb", &climb, "rows"_a.noconvert(), "weights"_a.noconvert().none(), "structure"_a,
               "ridge"_a.noconvert(), "noise_log_density"_a, "equal_weights"_a,
               "weight"_a.noconvert(), "means"_a.noconvert(), "covariances"_a.noconvert(),
               "noise_weight"_a, "log_likelihood"_a, "n_steps"_a, "gain"_a);
    module.def("race", &race, "rows"_a.noconvert(), "weights"_a.noconvert().none(), "structure"_a,
               "ridge"_a.noconvert(), "noise_log_density"_a, "rule"_a, "units"_a.noconvert(),
               "weight"_a.noconvert(), "means"_a.noconvert(), "covariances"_a.noconvert(),
               "noise_weight"_a.noconvert(), "log_likelihood"_a.noconvert(), "how"_a,
               "order"_a.noconvert());
    module.def("swap", &swap, "rows"_a.noconvert(), "weights"_a.noconvert().none(), "structure"_a,
               "ridge"_a.noconvert(), "noise_log_density"_a, "rule"_a, "units"_a.noconvert(),
               "weight"_a.noconvert(), "means"_a.noconvert(), "covariances"_a.noconvert(),
               "noise_weight"_a, "log_likelihood"_a, "effort"_a, "draws"_a.noconvert());
    module.def("search", &search, "rows"_a.noconvert(), "weights"_a.noconvert().none(),
               "structure"_a, "ridge"_a.noconvert(), "noise_log_density"_a, "rule"_a,
               "units"_a.noconvert(), "weight"_a.noconvert(), "means"_a.noconvert(),
               "covariances"_a.noconvert(), "noise_weight"_a.noconvert(), "race"_a, "how"_a,
               "scattered"_a.noconvert(), "effort"_a, "draws"_a.noconvert());
    module.def("log_ratio", &log_ratio, "rows"_a.noconvert(), "weights"_a.noconvert().none(),
               "structure"_a, "ridge"_a.noconvert(), "noise_log_density"_a, "rule"_a,
               "units"_a.noconvert(), "weight"_a.noconvert(), "means"_a.noconvert(),
               "covariances"_a.noconvert(), "ways"_a, "races"_a, "race"_a, "how"_a,
               "scattered"_a.noconvert(), "effort"_a, "draws"_a.noconvert());
}
