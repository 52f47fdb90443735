// The binding of variational EM.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <tuple>

#include "binding.hpp"
#include "mixtura/beliefs.hpp"

namespace {

using Numbers = Array<const double>;
// In the order of `ConjugatePrior`.
using Prior = std::tuple<int, bool, bool, bool, Vector<const double>, double, double, Numbers,
                         Maybe<Matrix<const double>>, double, double>;
// In the order of `WeightPrior`.
using Concentration = std::tuple<bool, bool, double, double, double>;
// In the order of `BeliefSums`.
using Sums = std::tuple<Matrix<double>, Vector<double>, Matrix<double>, Array<double>>;

mixtura::BeliefSums view(const Sums& sums, std::int64_t k, std::int64_t d, bool diagonal) {
    const auto& [reference, weight, first, second] = sums;
    return {checked(reference, "reference", {k, d}), checked(weight, "weight", {k}),
            checked(first, "first", {k, d}),
            diagonal ? checked(second, "second", {k, d}) : checked(second, "second", {k, d, d})};
}

std::tuple<std::int64_t, bool, bool> ascend(const Matrix<const double>& rows,
                                            const Maybe<Vector<const double>>& weights, double unit,
                                            const Prior& prior, const Concentration& concentration,
                                            const Sums& sums, const Sums& before, bool theirs,
                                            double tol, double last, const Vector<double>& trace) {
    const auto n = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(std::get<1>(sums).shape(0));
    const auto& [form, wishart, pooled, averaged, mean, mean_precision, degrees, scale, root,
                 log_normaliser, ridge] = prior;
    if (form < 0 || form > 3 || n < 1 || d < 1 || k < 1)
        throw nb::value_error("there is no such form, or there are no rows or components");
    const auto kind = static_cast<mixtura::Form>(form);
    const bool spherical = kind == mixtura::Form::spherical;
    const bool diagonal = spherical || kind == mixtura::Form::diagonal;
    if (!diagonal && !root) throw nb::value_error("a matrix is without its factor");
    const mixtura::ConjugatePrior known{kind,
                                        wishart,
                                        pooled,
                                        averaged,
                                        checked(mean, "mean", {d}),
                                        mean_precision,
                                        degrees,
                                        spherical  ? checked(scale, "scale", {1})
                                        : diagonal ? checked(scale, "scale", {d})
                                                   : checked(scale, "scale", {d, d}),
                                        checked(root, "root", {d, d}),
                                        log_normaliser,
                                        ridge};
    const mixtura::WeightPrior shares =
        std::apply([](auto... each) { return mixtura::WeightPrior{each...}; }, concentration);
    const mixtura::AscentRule rule{
        rows.data(), checked(weights, "weights", {n}),         n, d, k, unit, theirs,
        tol,         static_cast<std::int64_t>(trace.shape(0))};
    mixtura::BeliefSums own = view(sums, k, d, diagonal), past = view(before, k, d, diagonal);
    mixtura::BeliefAscent done{};
    {
        const Released released;
        done = mixtura::ascend(known, shares, rule, own, past, last, trace.data());
    }
    return {done.n_steps, done.ended, done.sound};
}

}  // namespace

void bind_beliefs(nb::module_& module) {
    module.def("ascend", &ascend, "rows"_a.noconvert(), "weights"_a.noconvert().none(), "unit"_a,
               "prior"_a, "concentration"_a, "sums"_a, "before"_a, "theirs"_a, "tol"_a, "last"_a,
               "trace"_a.noconvert());
}
