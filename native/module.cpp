// The binding: checks dtype, layout and shape, releases the GIL, calls one function.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>

#include <chrono>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "mixtura/climb.hpp"
#include "mixtura/kernel.hpp"
#include "mixtura/swaps.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

template <class T, class... Shape>
using Array = nb::ndarray<T, Shape..., nb::c_contig, nb::device::cpu>;
template <class T> using Vector = Array<T, nb::ndim<1>>;
template <class T> using Matrix = Array<T, nb::ndim<2>>;
template <class T> using Matrices = Array<T, nb::ndim<3>>;
template <class A> using Maybe = std::optional<A>;

using Shape = std::initializer_list<std::int64_t>;

// The interpreter's lock, given away for the length of a block.
//
// Until Python 3.14 a thread that asks an interpreter at its end for the lock is unwound, frame by
// frame; a destructor and the frames of the binding let nothing through, and the process would be
// aborted. A thread that nobody waits for any more waits here for the end of the process.
class Released {
  public:
    Released() : state_(PyEval_SaveThread()) {}
    ~Released() {
        try {
            PyEval_RestoreThread(state_);
        } catch (...) {
            for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
        }
    }
    Released(const Released&) = delete;
    Released& operator=(const Released&) = delete;

  private:
    PyThreadState* state_;
};

std::string written(const std::int64_t* extents, std::size_t n) {
    std::string text = "(";
    for (std::size_t i = 0; i < n; ++i)
        text += std::to_string(extents[i]) + (i + 1 < n ? ", " : "");
    return text + (n == 1 ? ",)" : ")");
}

// The array's numbers; an error if its shape is another.
template <class A> auto* checked(const A& array, const char* name, Shape shape) {
    bool same = array.ndim() == shape.size();
    for (std::size_t i = 0; same && i < shape.size(); ++i)
        same = static_cast<std::int64_t>(array.shape(i)) == shape.begin()[i];
    if (!same) {
        const std::string found = written(array.shape_ptr(), array.ndim());
        const std::string wanted = written(shape.begin(), shape.size());
        throw nb::value_error((name + (" has shape " + found) + ", expected " + wanted).c_str());
    }
    return array.data();
}

template <class A> auto* checked(const Maybe<A>& array, const char* name, Shape shape) {
    return array ? checked(*array, name, shape) : nullptr;
}

// `second` may be the matrices or their diagonals.
double* checked_second(const Array<double>& second, std::int64_t k, std::int64_t d) {
    return second.ndim() == 2 ? checked(second, "second", {k, d})
                              : checked(second, "second", {k, d, d});
}

const double* checked_whitening(const Array<const double>& whitening, mixtura::Form form,
                                std::int64_t k, std::int64_t d) {
    switch (form) {
        case mixtura::Form::triangular: return checked(whitening, "whitening", {k, d, d});
        case mixtura::Form::shared_triangular: return checked(whitening, "whitening", {d, d});
        case mixtura::Form::diagonal: return checked(whitening, "whitening", {k, d});
        case mixtura::Form::spherical: return checked(whitening, "whitening", {k});
    }
    throw nb::value_error("form is none of the four");
}

mixtura::Components packed(int form_number, const Vector<const double>& constants,
                           const Matrix<const double>& means, const Array<const double>& whitening,
                           std::int64_t d) {
    const auto form = static_cast<mixtura::Form>(form_number);
    const auto k = static_cast<std::int64_t>(constants.shape(0));
    return {form,
            k,
            d,
            constants.data(),
            checked(means, "means", {k, d}),
            checked_whitening(whitening, form, k, d)};
}

// What is asked of a pass.
mixtura::Results wanted(std::int64_t m, std::int64_t k, std::int64_t d, bool hard,
                        const Maybe<Matrix<double>>& squared_distances,
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
            second ? checked_second(*second, k, d) : nullptr,
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
              const Maybe<Vector<double>>& total) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(constants.shape(0));
    const auto components = packed(form_number, constants, means, whitening, d);
    const auto results = wanted(m, k, d, hard, squared_distances, log_joint, log_likelihood,
                                responsibilities, labels, weight, first, second, total);
    const double* row_weights = checked(weights, "weights", {m});
    const auto posterior = hard ? mixtura::Posterior::hard : mixtura::Posterior::soft;
    const Released released;
    mixtura::pass(components, posterior, rows.data(), row_weights, m, results);
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
        wanted(m, factors.n_components, d, hard, squared_distances, log_joint, log_likelihood,
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
    results.second = checked_second(second, k, d);
    results.diagonal = second.ndim() == 2;
    const double* row_weights = checked(weights, "weights", {m});
    const double* shares = checked(responsibilities, "responsibilities", {m, k});
    const double* points = checked(reference, "reference", {k, d});
    const Released released;
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

mixtura::Structure structure_called(std::string_view letters) {
    for (std::size_t i = 0; i < std::size(mixtura::structure_names); ++i)
        if (letters == mixtura::structure_names[i]) return static_cast<mixtura::Structure>(i);
    throw nb::value_error("the structure is none of the fourteen");
}

// Last: the noise's weight, the log-likelihood, the last gain, how many steps, and if more can be.
std::tuple<double, double, double, std::int64_t, bool> climb(
    const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
    std::string_view letters, const Matrix<const double>& ridge, double noise_log_density,
    bool equal_weights, const Vector<double>& weight, const Matrix<double>& means,
    const Matrices<double>& covariances, double noise_weight, double log_likelihood,
    std::int64_t n_steps, double gain) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(weight.shape(0));
    if (k < 1 || d < 1) throw nb::value_error("there are no components, or no features");
    const mixtura::Hill hill{rows.data(),
                             checked(weights, "weights", {m}),
                             m,
                             d,
                             structure_called(letters),
                             checked(ridge, "ridge", {d, d}),
                             noise_log_density,
                             equal_weights};
    mixtura::Place place{k,
                         weight.data(),
                         checked(means, "means", {k, d}),
                         checked(covariances, "covariances", {k, d, d}),
                         noise_weight,
                         log_likelihood};
    const Released released;
    const auto done = mixtura::climb(hill, place, n_steps, gain);
    return {place.noise_weight, place.log_likelihood, done.gain, done.n_steps, done.sound};
}

// In the order of `SwapRule`, and of `Effort`.
using Rule = std::tuple<double, std::int64_t, double, double, std::int64_t, std::int64_t, double,
                        double, double, double, double>;
using Effort = std::tuple<double, std::int64_t, std::int64_t, double, double, double>;

// Last: the noise's weight, the log-likelihood, how many draws were used, swaps that failed, and
// what is left.
std::tuple<double, double, std::int64_t, std::int64_t, double> swap(
    const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
    std::string_view letters, const Matrix<const double>& ridge, double noise_log_density,
    const Rule& rule, const Vector<const double>& units, const Vector<double>& weight,
    const Matrix<double>& means, const Matrices<double>& covariances, double noise_weight,
    double log_likelihood, const Effort& effort, const Matrix<const double>& draws) {
    const auto m = static_cast<std::int64_t>(rows.shape(0));
    const auto d = static_cast<std::int64_t>(rows.shape(1));
    const auto k = static_cast<std::int64_t>(weight.shape(0));
    const auto n = static_cast<std::int64_t>(draws.shape(0));
    if (m < 1 || k < 2 || d < 1)
        throw nb::value_error("a swap takes rows, features, and two components at least");
    const mixtura::Hill hill{rows.data(),
                             checked(weights, "weights", {m}),
                             m,
                             d,
                             structure_called(letters),
                             checked(ridge, "ridge", {d, d}),
                             noise_log_density,
                             false};
    mixtura::Place best{k,
                        weight.data(),
                        checked(means, "means", {k, d}),
                        checked(covariances, "covariances", {k, d, d}),
                        noise_weight,
                        log_likelihood};
    const double* drawn = checked(draws, "draws", {n, mixtura::draws_per_swap});
    for (std::int64_t i = 0; i < n * mixtura::draws_per_swap; ++i)
        if (!(drawn[i] >= 0.0 && drawn[i] < 1.0))
            throw nb::value_error("draws are not all from 0 to below 1");
    const auto all = [](auto... each) { return mixtura::SwapRule{each...}; };
    const auto whole = [](auto... each) { return mixtura::Effort{each...}; };
    mixtura::SwapRule by = std::apply(all, rule);
    by.units = checked(units, "units", {d});
    mixtura::Effort spent = std::apply(whole, effort);
    const Released released;
    const std::int64_t used = mixtura::swap(hill, by, best, spent, drawn, n);
    return {best.noise_weight, best.log_likelihood, used, spent.n_failed, spent.left};
}

void invert_lower(const Matrices<const double>& lower, const Matrices<double>& inverse) {
    const auto n = static_cast<std::int64_t>(lower.shape(0));
    const auto d = static_cast<std::int64_t>(lower.shape(1));
    const double* from = checked(lower, "lower", {n, d, d});
    double* to = checked(inverse, "inverse", {n, d, d});
    const Released released;
    mixtura::invert_lower(from, n, d, to);
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
    module.def("one_pass", &one_pass<T>, "form"_a, "constants"_a.noconvert(), "means"_a.noconvert(),
               "whitening"_a.noconvert(), "rows"_a.noconvert(),
               "weights"_a.noconvert() = nb::none(), nb::kw_only(), "hard"_a = false,
               "squared_distances"_a.noconvert() = nb::none(),
               "log_joint"_a.noconvert() = nb::none(), "log_likelihood"_a.noconvert() = nb::none(),
               "responsibilities"_a.noconvert() = nb::none(), "labels"_a.noconvert() = nb::none(),
               "weight"_a.noconvert() = nb::none(), "first"_a.noconvert() = nb::none(),
               "second"_a.noconvert() = nb::none(), "total"_a.noconvert() = nb::none());
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
    module.def("potentials", &potentials, "form"_a, "constants"_a.noconvert(),
               "means"_a.noconvert(), "whitening"_a.noconvert(), "rows"_a.noconvert(),
               "weights"_a.noconvert().none(), "nearest"_a.noconvert(), nb::kw_only(), "update"_a,
               "potentials"_a.noconvert());
    module.def("climb", &climb, "rows"_a.noconvert(), "weights"_a.noconvert().none(), "structure"_a,
               "ridge"_a.noconvert(), "noise_log_density"_a, "equal_weights"_a,
               "weight"_a.noconvert(), "means"_a.noconvert(), "covariances"_a.noconvert(),
               "noise_weight"_a, "log_likelihood"_a, "n_steps"_a, "gain"_a);
    module.def("swap", &swap, "rows"_a.noconvert(), "weights"_a.noconvert().none(), "structure"_a,
               "ridge"_a.noconvert(), "noise_log_density"_a, "rule"_a, "units"_a.noconvert(),
               "weight"_a.noconvert(), "means"_a.noconvert(), "covariances"_a.noconvert(),
               "noise_weight"_a, "log_likelihood"_a, "effort"_a, "draws"_a.noconvert());
    module.def("invert_lower", &invert_lower, "lower"_a.noconvert(), "inverse"_a.noconvert());
    module.def("instruction_set", &mixtura::instruction_set);
    module.def("use_instruction_set", &mixtura::use_instruction_set, "name"_a);
    module.def("vector_exp", &each<float, mixtura::vector_exp>, "x"_a.noconvert(),
               "y"_a.noconvert());
    module.def("vector_exp", &each<double, mixtura::vector_exp>, "x"_a.noconvert(),
               "y"_a.noconvert());
    module.def("vector_log", &each<double, mixtura::vector_log>, "x"_a.noconvert(),
               "y"_a.noconvert());
}
