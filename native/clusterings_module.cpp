// The binding of draws of clusterings.
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <string_view>
#include <tuple>

#include "binding.hpp"
#include "mixtura/clusterings.hpp"

namespace {

mixtura::ScatterForm form_called(std::string_view name) {
    if (name == "full") return mixtura::ScatterForm::full;
    if (name == "diag") return mixtura::ScatterForm::diagonal;
    if (name == "spherical") return mixtura::ScatterForm::spherical;
    throw nb::value_error("the form is none of full, diag and spherical");
}

void sample_clusterings(const Matrix<const double>& rows, const Vector<const double>& mean,
                        double mean_precision, double degrees, const Array<const double>& scale,
                        const std::string& form, bool pooled, const Vector<const double>& sizes,
                        const Vector<const double>& normalisers, const Vector<const double>& counts,
                        std::int64_t n_moves, std::int64_t n_scans,
                        const Vector<std::int64_t>& labels, const Vector<std::int64_t>& state,
                        const Matrix<std::int32_t>& drawn, const Vector<double>& heights,
                        const Vector<std::int64_t>& accepted) {
    const auto n = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto n_sweeps = static_cast<std::int64_t>(drawn.shape(0));
    const mixtura::ScatterForm held = form_called(form);
    const double* squares = held == mixtura::ScatterForm::full ? checked(scale, "scale", {d, d})
                            : held == mixtura::ScatterForm::diagonal ? checked(scale, "scale", {d})
                                                                     : checked(scale, "scale", {1});
    const mixtura::ClusteringProblem problem{rows.data(),
                                             n,
                                             d,
                                             checked(mean, "mean", {d}),
                                             mean_precision,
                                             degrees,
                                             squares,
                                             held,
                                             pooled,
                                             checked(sizes, "sizes", {n + 1}),
                                             checked(normalisers, "normalisers", {n + 1}),
                                             checked(counts, "counts", {n + 2})};
    std::int64_t* from = checked(labels, "labels", {n});
    for (std::int64_t i = 0; i < n; ++i)
        if (from[i] < 0 || from[i] >= n) throw nb::value_error("a label is not from 0 to N − 1");
    const mixtura::ClusteringTrace trace{checked(drawn, "drawn", {n_sweeps, n}),
                                         checked(heights, "heights", {n_sweeps}),
                                         checked(accepted, "accepted", {2})};
    std::int64_t* where = checked(state, "state", {1});
    const Released released;
    mixtura::sample_clusterings(problem, {n_sweeps, n_moves, n_scans}, from, where, trace);
}

}  // namespace

void bind_clusterings(nb::module_& module) {
    module.def("sample_clusterings", &sample_clusterings, "rows"_a.noconvert(),
               "mean"_a.noconvert(), "mean_precision"_a, "degrees"_a, "scale"_a.noconvert(),
               "form"_a, "pooled"_a, "sizes"_a.noconvert(), "normalisers"_a.noconvert(),
               "counts"_a.noconvert(), "n_moves"_a, "n_scans"_a, "labels"_a.noconvert(),
               "state"_a.noconvert(), "drawn"_a.noconvert(), "heights"_a.noconvert(),
               "accepted"_a.noconvert());
}
