// The binding of fits of many groups.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "mixtura/groups.hpp"

namespace {

// In the order of `GroupRule`.
using HowGroups = std::tuple<double, double, bool, double, double, bool, std::int64_t, std::int64_t,
                             std::int64_t, std::int64_t, bool, double, double>;

void fit_groups(const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
                const Maybe<Vector<const std::int64_t>>& order,
                const Vector<const std::int64_t>& starts, const Vector<const std::int64_t>& stops,
                const Vector<const std::int64_t>& seeds,
                const std::vector<std::pair<std::int64_t, std::string>>& candidates,
                const HowGroups& how, const Vector<std::int64_t>& chosen,
                const Vector<std::int64_t>& n_steps, const Vector<std::int64_t>& n_rows,
                const Vector<bool>& converged, const Vector<double>& log_likelihood,
                const Vector<double>& bic, const Matrix<double>& shares,
                const Matrices<double>& means, const Array<double>& covariances) {
    const auto n = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto g = static_cast<std::int64_t>(starts.shape(0));
    std::vector<mixtura::GroupCandidate> asked;
    std::int64_t k = 0;
    for (const auto& [count, letters] : candidates) {
        if (count < 1) throw nb::value_error("a candidate has no components");
        asked.push_back({count, structure_called(letters)});
        k = std::max(k, count);
    }
    const mixtura::GroupedRows of{rows.data(),
                                  checked(weights, "weights", {n}),
                                  order ? order->data() : nullptr,
                                  starts.data(),
                                  checked(stops, "stops", {g}),
                                  checked(seeds, "seeds", {g}),
                                  g,
                                  d};
    const auto m = order ? static_cast<std::int64_t>(order->shape(0)) : n;
    for (std::int64_t i = 0; i < g; ++i)
        if (starts.data()[i] < 0 || of.stops[i] < starts.data()[i] || of.stops[i] > m)
            throw nb::value_error("a group has rows that are not there");
    for (std::int64_t i = 0; order && i < m; ++i)
        if (of.order[i] < 0 || of.order[i] >= n)
            throw nb::value_error("the order has a row that is not there");
    const auto all = [](auto... each) { return mixtura::GroupRule{each...}; };
    const mixtura::GroupRule rule = std::apply(all, how);
    const mixtura::GroupEnds ends{checked(chosen, "chosen", {g}),
                                  checked(n_steps, "n_steps", {g}),
                                  checked(n_rows, "n_rows", {g}),
                                  checked(converged, "converged", {g}),
                                  checked(log_likelihood, "log_likelihood", {g}),
                                  checked(bic, "bic", {g}),
                                  checked(shares, "shares", {g, k}),
                                  checked(means, "means", {g, k, d}),
                                  checked(covariances, "covariances", {g, k, d, d})};
    const Released released;
    mixtura::fit_groups(of, asked.data(), std::ssize(asked), rule, ends);
}

}  // namespace

void bind_groups(nb::module_& module) {
    module.def("fit_groups", &fit_groups, "rows"_a.noconvert(), "weights"_a.noconvert().none(),
               "order"_a.noconvert().none(), "starts"_a.noconvert(), "stops"_a.noconvert(),
               "seeds"_a.noconvert(), "candidates"_a, "rule"_a, "chosen"_a.noconvert(),
               "n_steps"_a.noconvert(), "n_rows"_a.noconvert(), "converged"_a.noconvert(),
               "log_likelihood"_a.noconvert(), "bic"_a.noconvert(), "shares"_a.noconvert(),
               "means"_a.noconvert(), "covariances"_a.noconvert());
}
