// The binding of a run: an object that holds the arrays that its rows and rules lie in.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "mixtura/climb.hpp"
#include "mixtura/run.hpp"

namespace {

using Rows = Matrix<const double>;
using Weights = Maybe<Vector<const double>>;
using Numbers = Array<const double>;
// a, Λ_k, Λ_k^½, μ_P and κ of a prior.
using Seen = std::tuple<double, Numbers, Numbers, Vector<const double>, double>;
// Shares, means and covariances.
using Held = std::tuple<Vector<const double>, Rows, Numbers>;
// In the order of `Standing`.
using Where = std::tuple<std::int64_t, std::int64_t, std::int64_t, bool, bool>;

mixtura::MixtureView view(const Held& held) {
    // It is read from alone.
    const auto open = [](const double* numbers) { return const_cast<double*>(numbers); };
    return {open(std::get<0>(held).data()), nullptr, open(std::get<1>(held).data()),
            open(std::get<2>(held).data()), nullptr};
}

std::span<const double> span(const Numbers& numbers) { return {numbers.data(), numbers.size()}; }

template <class T> nb::list listed(std::span<const T> values) {
    nb::list list;
    for (const T& value : values) list.append(value);
    return list;
}

// Matrices of each component, or their diagonals where the structure is diagonal.
template <class A>
auto* checked_entries(const A& numbers, const char* name, mixtura::Structure structure,
                      std::int64_t k, std::int64_t d) {
    return structure <= mixtura::Structure::VVI ? checked(numbers, name, {k, d})
                                                : checked(numbers, name, {k, d, d});
}

class HeldRun {
    std::int64_t n() const {
        return k_ + (hill_.noise_log_density > -std::numeric_limits<double>::infinity());
    }

    // In the form of the structure.
    template <class A> auto* checked_form(const A& numbers, const char* name) const {
        const std::int64_t d = hill_.n_features;
        switch (hill_.structure) {
            case mixtura::Structure::EII:
            case mixtura::Structure::VII: return checked(numbers, name, {k_});
            case mixtura::Structure::EEE: return checked(numbers, name, {d, d});
            default: break;
        }
        return checked_entries(numbers, name, hill_.structure, k_, d);
    }

    void check(const Held& held) const {
        checked(std::get<0>(held), "shares", {n()});
        checked(std::get<1>(held), "means", {k_, hill_.n_features});
        checked_form(std::get<2>(held), "covariances");
    }

  public:
    HeldRun(Rows rows, Weights weights, std::string_view letters, Maybe<Rows> ridge,
            double noise_log_density, bool equal_weights, std::int64_t n_components, bool remaining,
            double least, int acceleration, std::int64_t n_parameters, std::int64_t max_iter,
            Weights floor, std::optional<Seen> seen)
        : rows_(std::move(rows)), weights_(std::move(weights)), ridge_(std::move(ridge)),
          floor_(std::move(floor)), seen_(std::move(seen)), k_(n_components),
          hill_{rows_.data(),
                nullptr,
                static_cast<std::int64_t>(rows_.shape(0)),
                static_cast<std::int64_t>(rows_.shape(1)),
                structure_called(letters),
                nullptr,
                noise_log_density,
                equal_weights},
          rules_{{remaining, least},
                 static_cast<mixtura::Acceleration>(acceleration),
                 n_parameters,
                 max_iter,
                 nullptr,
                 {}} {
        const std::int64_t d = hill_.n_features;
        if (k_ < 1 || d < 1 || hill_.n_rows < 1)
            throw nb::value_error("there are no components, no features or no rows");
        if (acceleration < 0 || acceleration > 2)
            throw nb::value_error("acceleration is none of the three");
        hill_.weights = checked(weights_, "weights", {hill_.n_rows});
        hill_.ridge = checked(ridge_, "ridge", {d, d});
        rules_.floor = checked(floor_, "floor", {d});
        if (seen_) {
            auto& [count, scatter, roots, centre, shrinkage] = *seen_;
            rules_.seen = {count, checked_entries(scatter, "scatter", hill_.structure, k_, d),
                           checked_entries(roots, "roots", hill_.structure, k_, d),
                           checked(centre, "centre", {d}), shrinkage};
        }
        run_ = std::make_unique<mixtura::Run>(hill_, rules_, k_);
    }

    bool begin(const Held& ahead) {
        check(ahead);
        return run_->begin(view(ahead));
    }

    bool resume(const Where& where, const Held& known, const Held& image, const Held& ahead,
                const Vector<const double>& trace, const Vector<const std::int64_t>& accelerated,
                const Rows& points, const Rows& images) {
        for (const Held* each : {&known, &image, &ahead}) check(*each);
        const auto standing =
            std::apply([](auto... each) { return mixtura::Standing{each...}; }, where);
        const auto n = static_cast<std::int64_t>(trace.size());
        if (standing.iteration < 1 || standing.since < 0 || standing.since > n ||
            (standing.extrapolated && n < 1))
            throw nb::value_error("no run stands so");
        checked(images, "images",
                {static_cast<std::int64_t>(points.shape(0)),
                 static_cast<std::int64_t>(points.shape(1))});
        if (points.size() && static_cast<std::int64_t>(points.shape(1)) != run_->n_coordinates())
            throw nb::value_error("points have not as many coordinates as a mixture");
        if (points.shape(0) > mixtura::Run::most_points)
            throw nb::value_error("there are more points than a history has");
        return run_->resume(standing, view(known), view(image), view(ahead),
                            {trace.data(), trace.size()}, {accelerated.data(), accelerated.size()},
                            {points.data(), points.size()}, {images.data(), images.size()});
    }

    int advance(std::int64_t n) {
        const Released released;
        return static_cast<int>(run_->advance(n));
    }

    bool finish() {
        const Released released;
        return run_->finish();
    }

    void read(int role, const Vector<double>& shares, const Matrix<double>& means,
              const Array<double>& covariances) const {
        if (role < 0 || role > 2) throw nb::value_error("the role is none of the three");
        const std::int64_t d = hill_.n_features;
        run_->read(static_cast<mixtura::Role>(role),
                   {checked(shares, "shares", {n()}), nullptr, checked(means, "means", {k_, d}),
                    checked_form(covariances, "covariances"), nullptr});
    }

    bool same(int one, int other) const {
        return run_->same(static_cast<mixtura::Role>(one), static_cast<mixtura::Role>(other));
    }

    Where standing() const {
        const mixtura::Standing& at = run_->standing();
        return {at.iteration, at.since, at.rejected, at.extrapolated, at.begun};
    }

    nb::list trace() const { return listed(run_->trace()); }
    nb::list accelerated() const { return listed(run_->accelerated()); }
    nb::list weight() const { return listed(run_->weight()); }
    std::int64_t n_terms() const { return n(); }
    std::int64_t n_coordinates() const { return run_->n_coordinates(); }
    nb::list points() const { return listed(run_->points()); }
    nb::list images() const { return listed(run_->images()); }

  private:
    Rows rows_;
    Weights weights_;
    Maybe<Rows> ridge_;
    Weights floor_;
    std::optional<Seen> seen_;
    std::int64_t k_;
    mixtura::Hill hill_;
    mixtura::RunRules rules_;
    std::unique_ptr<mixtura::Run> run_;
};

bool first_m_step(std::string_view letters, const Maybe<Rows>& ridge, const Vector<double>& weight,
                  const Rows& first, const Array<double>& second, const Matrix<double>& shift,
                  const Array<double>& covariances) {
    const auto structure = structure_called(letters);
    const auto k = static_cast<std::int64_t>(first.shape(0));
    const auto d = static_cast<std::int64_t>(first.shape(1));
    const double* given = checked(ridge, "ridge", {d, d});
    double *weights = checked(weight, "weight", {k}), *shifts = checked(shift, "shift", {k, d});
    double* seconds = checked_entries(second, "second", structure, k, d);
    double* found = checked_entries(covariances, "covariances", structure, k, d);
    const Released released(100 * k, d, d);  // turns at most, but for a common orientation
    return mixtura::first_m_step(structure, k, d, given, weights, first.data(), seconds, shifts,
                                 found);
}

}  // namespace

void bind_run(nb::module_& module) {
    module.def("first_m_step", &first_m_step, "structure"_a, "ridge"_a.noconvert().none(),
               "weight"_a.noconvert(), "first"_a.noconvert(), "second"_a.noconvert(),
               "shift"_a.noconvert(), "covariances"_a.noconvert());
    nb::class_<HeldRun>(module, "Run")
        .def(
            nb::init<Rows, Weights, std::string_view, Maybe<Rows>, double, bool, std::int64_t, bool,
                     double, int, std::int64_t, std::int64_t, Weights, std::optional<Seen>>(),
            "rows"_a.noconvert(), "weights"_a.noconvert().none(), "structure"_a,
            "ridge"_a.noconvert().none(), "noise_log_density"_a, "equal_weights"_a,
            "n_components"_a, "remaining"_a, "least"_a, "acceleration"_a, "n_parameters"_a,
            "max_iter"_a, "floor"_a.noconvert().none(), "seen"_a.none())
        .def("begin", &HeldRun::begin, "ahead"_a)
        .def("resume", &HeldRun::resume, "standing"_a, "known"_a, "image"_a, "ahead"_a,
             "trace"_a.noconvert(), "accelerated"_a.noconvert(), "points"_a.noconvert(),
             "images"_a.noconvert())
        .def("advance", &HeldRun::advance, "n"_a)
        .def("finish", &HeldRun::finish)
        .def("read", &HeldRun::read, "role"_a, "shares"_a.noconvert(), "means"_a.noconvert(),
             "covariances"_a.noconvert())
        .def("same", &HeldRun::same, "one"_a, "other"_a)
        .def("standing", &HeldRun::standing)
        .def("trace", &HeldRun::trace)
        .def("accelerated", &HeldRun::accelerated)
        .def("weight", &HeldRun::weight)
        .def("n_terms", &HeldRun::n_terms)
        .def("n_coordinates", &HeldRun::n_coordinates)
        .def("points", &HeldRun::points)
        .def("images", &HeldRun::images);
}
