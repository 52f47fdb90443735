// The binding: checks dtype, layout and shape, releases the GIL, calls one function.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <utility>

#include "binding.hpp"
#include "mixtura/choleskys.hpp"
#include "mixtura/kernel.hpp"

namespace {

// What is asked of a pass.
mixtura::Results wanted(std::int64_t m, std::int64_t k, std::int64_t d, std::int64_t factors,
                        bool hard, const Maybe<Matrix<double>>& squared_distances,
                        const Maybe<Matrix<double>>& log_joint,
                        const Maybe<Vector<double>>& log_likelihood,
                        const Maybe<Matrix<double>>& responsibilities,
                        const Maybe<Vector<std::int64_t>>& labels,
                        const Maybe<Vector<double>>& weight, const Maybe<Matrix<double>>& first,
                        const Maybe<Array<double>>& second, const Maybe<Vector<double>>& total) {
    if (weight.has_value() != first.has_value() || weight.has_value() != second.has_value())
        throw nb::value_error("weight, first and second are asked for together");
    if (hard && (log_likelihood || responsibilities))
        throw nb::value_error("a hard posterior has no log_likelihood and no responsibilities");
    return {checked(squared_distances, "squared_distances", {m, k}),
            checked(log_joint, "log_joint", {m, k}),
            checked(log_likelihood, "log_likelihood", {m}),
            checked(responsibilities, "responsibilities", {m, k}),
            checked(labels, "labels", {m}),
            checked(weight, "weight", {k}),
            checked(first, "first", {k, d}),
            second ? checked_second(*second, k, d, factors ? factors + 1 : d) : nullptr,
            second && second->ndim() == 2,
            checked(total, "total", {1})};
}

template <class T>
void one_pass(int form_number, const Vector<const double>& constants,
              const Matrix<const double>& means, const Array<const double>& whitening,
              const Matrix<const T>& rows, const Maybe<Vector<const double>>& weights, bool hard,
              const Maybe<Matrix<double>>& squared_distances,
              const Maybe<Matrix<double>>& log_joint, const Maybe<Vector<double>>& log_likelihood,
              const Maybe<Matrix<double>>& responsibilities,
              const Maybe<Vector<std::int64_t>>& labels, const Maybe<Vector<double>>& weight,
              const Maybe<Matrix<double>>& first, const Maybe<Array<double>>& second,
              const Maybe<Vector<double>>& total, bool along) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(constants.shape(0));
    const auto components = packed(form_number, constants, means, whitening, d);
    const std::int64_t factors = along ? components.n_factors : 0;
    auto results = wanted(m, k, d, factors, hard, squared_distances, log_joint, log_likelihood,
                          responsibilities, labels, weight, first, second, total);
    if (along) {
        if (hard || !factors || !results.second || results.diagonal)
            throw nb::value_error("only sums of a soft posterior under directions are along them");
        results.directions = components.whitening;
        results.n_directions = factors;
    }
    const double* row_weights = checked(weights, "weights", {m});
    const auto posterior = hard ? mixtura::Posterior::hard : mixtura::Posterior::soft;
    const Released released(m, k, d);
    mixtura::pass(components, posterior, rows.data(), row_weights, m, results);
}

void deconvolve(int form_number, const Vector<const double>& constants,
                const Matrix<const double>& means, const Array<const double>& whitening,
                const Matrix<const double>& rows, const Array<const double>& errors,
                const Maybe<Vector<const double>>& weights, const Maybe<Matrix<double>>& log_joint,
                const Maybe<Vector<double>>& log_likelihood, const Maybe<Vector<double>>& weight,
                const Maybe<Matrix<double>>& first, const Maybe<Array<double>>& second,
                const Maybe<Vector<double>>& total) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(constants.shape(0));
    const auto components = packed(form_number, constants, means, whitening, d);
    const bool diagonal = components.form == mixtura::Form::diagonal,
               deviations = errors.ndim() == 2;
    if ((!diagonal && components.form != mixtura::Form::triangular) || (diagonal && !deviations))
        throw nb::value_error("form is neither triangular nor, with deviations, diagonal");
    const double* beside =
        deviations ? checked(errors, "errors", {m, d}) : checked(errors, "errors", {m, d, d});
    if (weight.has_value() != first.has_value() || weight.has_value() != second.has_value())
        throw nb::value_error("weight, first and second are asked for together");
    mixtura::Results results{};
    results.log_joint = checked(log_joint, "log_joint", {m, k});
    results.log_likelihood = checked(log_likelihood, "log_likelihood", {m});
    results.weight = checked(weight, "weight", {k});
    results.first = checked(first, "first", {k, d});
    results.diagonal = diagonal;
    if (second)
        results.second =
            diagonal ? checked(*second, "second", {k, d}) : checked(*second, "second", {k, d, d});
    results.total = checked(total, "total", {1});
    const double* row_weights = checked(weights, "weights", {m});
    const Released released;
    mixtura::deconvolve(components, rows.data(), beside, deviations, row_weights, m, results);
}

// `held` are the factors of the Gaussians: of all components, or of all but a uniform one.
mixtura::Factors factors_of(int form_number, const Vector<const double>& log_weights,
                            const Matrix<const double>& means, const Array<const double>& held,
                            const Maybe<Vector<const double>>& log_extents, std::int64_t d) {
    const auto form = static_cast<mixtura::Form>(form_number);
    const auto k = static_cast<std::int64_t>(log_weights.shape(0));
    const std::int64_t n = k - (log_extents ? 1 : 0);
    if (log_extents && form == mixtura::Form::shared_triangular)
        throw nb::value_error("a uniform component has no part in a shared factor");
    return {form,
            k,
            d,
            log_weights.data(),
            checked(means, "means", {k, d}),
            checked_whitening(held, form, n, d),
            checked(log_extents, "log_extents", {d})};
}

template <class T>
void pass_by_pattern(int form_number, const Vector<const double>& log_weights,
                     const Matrix<const double>& means, const Array<const double>& held,
                     const Maybe<Vector<const double>>& log_extents, const Matrix<const T>& rows,
                     const Vector<const std::int64_t>& order,
                     const Vector<const std::int64_t>& starts, const Matrix<const bool>& observed,
                     const Maybe<Vector<const double>>& weights, bool hard,
                     const Maybe<Matrix<double>>& squared_distances,
                     const Maybe<Matrix<double>>& log_joint,
                     const Maybe<Vector<double>>& log_likelihood,
                     const Maybe<Matrix<double>>& responsibilities,
                     const Maybe<Vector<std::int64_t>>& labels, const Maybe<Vector<double>>& weight,
                     const Maybe<Matrix<double>>& first, const Maybe<Array<double>>& second,
                     const Maybe<Vector<double>>& total) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto factors = factors_of(form_number, log_weights, means, held, log_extents, d);
    const auto results =
        wanted(m, factors.n_components, d, 0, hard, squared_distances, log_joint, log_likelihood,
               responsibilities, labels, weight, first, second, total);
    const auto n = static_cast<std::int64_t>(observed.shape(0));
    const mixtura::Patterns patterns{n, checked(order, "order", {m}),
                                     checked(starts, "starts", {n + 1}),
                                     checked(observed, "observed", {n, d})};
    for (std::int64_t i = 0; i < m; ++i)
        if (patterns.order[i] < 0 || patterns.order[i] >= m)
            throw nb::value_error("order is none of the rows");
    if (patterns.starts[0] != 0 || patterns.starts[n] != m)
        throw nb::value_error("starts do not go from the first row to the last");
    for (std::int64_t p = 0; p < n; ++p)
        if (patterns.starts[p] > patterns.starts[p + 1])
            throw nb::value_error("starts do not rise");
    const double* row_weights = checked(weights, "weights", {m});
    const auto posterior = hard ? mixtura::Posterior::hard : mixtura::Posterior::soft;
    const Released released;
    mixtura::pass_by_pattern(factors, posterior, rows.data(), row_weights, m, patterns, results);
}

template <class T>
void moments(const Matrix<const T>& rows, const Maybe<Vector<const double>>& weights,
             const Matrix<const double>& responsibilities, const Matrix<const double>& reference,
             const Vector<double>& weight, const Matrix<double>& first,
             const Array<double>& second) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(reference.shape(0));
    mixtura::Results results{};
    results.weight = checked(weight, "weight", {k});
    results.first = checked(first, "first", {k, d});
    results.second = checked_second(second, k, d, d);
    results.diagonal = second.ndim() == 2;
    const double* row_weights = checked(weights, "weights", {m});
    const double* shares = checked(responsibilities, "responsibilities", {m, k});
    const double* points = checked(reference, "reference", {k, d});
    const Released released(m, k, d);
    mixtura::moments(rows.data(), row_weights, m, shares, points, k, d, results);
}

template <class T>
std::pair<std::int64_t, std::int64_t> hamerly_step(
    const Matrix<const double>& centres, const Matrix<const double>& reference,
    const Vector<const double>& loss, double rounding, const Matrix<const T>& rows,
    const Maybe<Vector<const double>>& weights, const Vector<std::int32_t>& labels,
    const Vector<double>& slack, const Vector<double>& weight, const Matrix<double>& first) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(centres.shape(0));
    const mixtura::Centres about{k,
                                 d,
                                 checked(centres, "centres", {k, d}),
                                 checked(reference, "reference", {k, d}),
                                 checked(loss, "loss", {k}),
                                 rounding};
    const mixtura::Membership membership{checked(labels, "labels", {m}),
                                         checked(slack, "slack", {m})};
    mixtura::Results gained{};
    gained.weight = checked(weight, "weight", {k});
    gained.first = checked(first, "first", {k, d});
    const double* row_weights = checked(weights, "weights", {m});
    const Released released;
    const auto [moved, far] =
        mixtura::hamerly_step(about, rows.data(), row_weights, m, membership, gained);
    return {moved, far};
}

void potentials(int form_number, const Vector<const double>& constants,
                const Matrix<const double>& means, const Array<const double>& whitening,
                const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
                const Vector<double>& nearest, bool update, const Vector<double>& potentials) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto components = packed(form_number, constants, means, whitening, d);
    const double* row_weights = checked(weights, "weights", {m});
    double* known = checked(nearest, "nearest", {m});
    double* sums = checked(potentials, "potentials", {components.n_components});
    const Released released;
    mixtura::potentials(components, rows.data(), row_weights, m, known, update, sums);
}

void invert_lower(const Matrices<const double>& lower, const Matrices<double>& inverse) {
    const auto n = static_cast<std::int64_t>(lower.shape(0));
    const auto d = static_cast<std::int64_t>(lower.shape(1));
    const double* from = checked(lower, "lower", {n, d, d});
    double* to = checked(inverse, "inverse", {n, d, d});
    const Released released(n, d, d);
    mixtura::invert_lower(from, n, d, to);
}

bool choleskys(const Matrices<const double>& matrices, const Matrices<double>& lower) {
    const auto n = static_cast<std::int64_t>(matrices.shape(0));
    const auto d = static_cast<std::int64_t>(matrices.shape(1));
    const double* from = checked(matrices, "matrices", {n, d, d});
    double* to = checked(lower, "lower", {n, d, d});
    if (d > mixtura::most_at_once) throw nb::value_error("there are too many features");
    return mixtura::choleskys(from, n, d, to);
}

void below_floor(const Matrices<const double>& matrices, const Vector<const double>& floor,
                 const Vector<bool>& flags) {
    const auto n = static_cast<std::int64_t>(matrices.shape(0));
    const auto d = static_cast<std::int64_t>(matrices.shape(1));
    const double* from = checked(matrices, "matrices", {n, d, d});
    const double* least = checked(floor, "floor", {d});
    bool* to = checked(flags, "flags", {n});
    const Released released;
    mixtura::below_floor(from, n, d, least, to);
}

void raise_to_floor(const Matrices<double>& matrices, const Vector<const std::int64_t>& which,
                    const Vector<const double>& floor, const Vector<bool>& flags) {
    const auto k = static_cast<std::int64_t>(matrices.shape(0));
    const auto d = static_cast<std::int64_t>(matrices.shape(1));
    const auto n = static_cast<std::int64_t>(which.shape(0));
    double* from = checked(matrices, "matrices", {k, d, d});
    const double* least = checked(floor, "floor", {d});
    bool* to = checked(flags, "flags", {n});
    for (std::int64_t i = 0; i < n; ++i)
        if (which.data()[i] < 0 || which.data()[i] >= k)
            throw nb::value_error("which are not numbers of matrices");
    const Released released;
    mixtura::raise_to_floor(from, which.data(), n, d, least, to);
}

template <class T, void (*function)(const T*, std::int64_t, T*)>
void each(const Vector<const T>& x, const Vector<T>& y) {
    const auto n = static_cast<std::int64_t>(x.shape(0));
    T* to = checked(y, "y", {n});
    const Released released;
    function(x.data(), n, to);
}

template <class T> void bind(nb::module_& module) {
    // No argument is ever converted: a copy would be made in silence, and results lost in it.
    module.def(
        "one_pass", &one_pass<T>, "form"_a, "constants"_a.noconvert(), "means"_a.noconvert(),
        "whitening"_a.noconvert(), "rows"_a.noconvert(), "weights"_a.noconvert() = nb::none(),
        nb::kw_only(), "hard"_a = false, "squared_distances"_a.noconvert() = nb::none(),
        "log_joint"_a.noconvert() = nb::none(), "log_likelihood"_a.noconvert() = nb::none(),
        "responsibilities"_a.noconvert() = nb::none(), "labels"_a.noconvert() = nb::none(),
        "weight"_a.noconvert() = nb::none(), "first"_a.noconvert() = nb::none(),
        "second"_a.noconvert() = nb::none(), "total"_a.noconvert() = nb::none(), "along"_a = false);
    module.def("pass_by_pattern", &pass_by_pattern<T>, "form"_a, "log_weights"_a.noconvert(),
               "means"_a.noconvert(), "held"_a.noconvert(), "log_extents"_a.noconvert().none(),
               "rows"_a.noconvert(), "order"_a.noconvert(), "starts"_a.noconvert(),
               "observed"_a.noconvert(), "weights"_a.noconvert() = nb::none(), nb::kw_only(),
               "hard"_a = false, "squared_distances"_a.noconvert() = nb::none(),
               "log_joint"_a.noconvert() = nb::none(), "log_likelihood"_a.noconvert() = nb::none(),
               "responsibilities"_a.noconvert() = nb::none(), "labels"_a.noconvert() = nb::none(),
               "weight"_a.noconvert() = nb::none(), "first"_a.noconvert() = nb::none(),
               "second"_a.noconvert() = nb::none(), "total"_a.noconvert() = nb::none());
    module.def("moments", &moments<T>, "rows"_a.noconvert(), "weights"_a.noconvert().none(),
               "responsibilities"_a.noconvert(), "reference"_a.noconvert(), "weight"_a.noconvert(),
               "first"_a.noconvert(), "second"_a.noconvert());
    module.def("hamerly_step", &hamerly_step<T>, "centres"_a.noconvert(), "reference"_a.noconvert(),
               "loss"_a.noconvert(), "rounding"_a, "rows"_a.noconvert(),
               "weights"_a.noconvert().none(), "labels"_a.noconvert(), "slack"_a.noconvert(),
               "weight"_a.noconvert(), "first"_a.noconvert());
}

}  // namespace

NB_MODULE(_native, module) {
    bind<double>(module);
    bind<float>(module);
    bind_run(module);
    bind_search(module);
    bind_groups(module);
    bind_beliefs(module);
    bind_clusterings(module);
    bind_truncated(module);
    bind_tree(module);
    module.def("potentials", &potentials, "form"_a, "constants"_a.noconvert(),
               "means"_a.noconvert(), "whitening"_a.noconvert(), "rows"_a.noconvert(),
               "weights"_a.noconvert().none(), "nearest"_a.noconvert(), nb::kw_only(), "update"_a,
               "potentials"_a.noconvert());
    module.def("deconvolve", &deconvolve, "form"_a, "constants"_a.noconvert(),
               "means"_a.noconvert(), "whitening"_a.noconvert(), "rows"_a.noconvert(),
               "errors"_a.noconvert(), "weights"_a.noconvert() = nb::none(), nb::kw_only(),
               "log_joint"_a.noconvert() = nb::none(), "log_likelihood"_a.noconvert() = nb::none(),
               "weight"_a.noconvert() = nb::none(), "first"_a.noconvert() = nb::none(),
               "second"_a.noconvert() = nb::none(), "total"_a.noconvert() = nb::none());
    module.attr("most_at_once") = mixtura::most_at_once;
    module.def("choleskys", &choleskys, "matrices"_a.noconvert(), "lower"_a.noconvert());
    module.def("invert_lower", &invert_lower, "lower"_a.noconvert(), "inverse"_a.noconvert());
    module.def("below_floor", &below_floor, "matrices"_a.noconvert(), "floor"_a.noconvert(),
               "flags"_a.noconvert());
    module.def("raise_to_floor", &raise_to_floor, "matrices"_a.noconvert(), "which"_a.noconvert(),
               "floor"_a.noconvert(), "flags"_a.noconvert());
    module.def("instruction_set", &mixtura::instruction_set);
    module.def("use_instruction_set", &mixtura::use_instruction_set, "name"_a);
    module.def("vector_exp", &each<float, mixtura::vector_exp>, "x"_a.noconvert(),
               "y"_a.noconvert());
    module.def("vector_exp", &each<double, mixtura::vector_exp>, "x"_a.noconvert(),
               "y"_a.noconvert());
    module.def("vector_log", &each<double, mixtura::vector_log>, "x"_a.noconvert(),
               "y"_a.noconvert());
}
