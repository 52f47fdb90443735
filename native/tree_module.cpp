// The binding of the tree of components.
#include <nanobind/stl/optional.h>

#include <memory>

#include "binding.hpp"
#include "mixtura/component_tree.hpp"

namespace {

class HeldTree {
  public:
    HeldTree(int form, const Vector<const double>& constants, const Matrix<const double>& means,
             const Array<const double>& whitening, const Vector<const double>& centre,
             const Matrix<const double>& axes, const Matrix<const double>& low,
             const Matrix<const double>& high, const Matrix<const double>& rates,
             const Vector<const double>& reaches)
        : d_(static_cast<std::int64_t>(means.shape(1))) {
        const auto components = packed(form, constants, means, whitening, d_);
        const std::int64_t k = components.n_components;
        const auto p = static_cast<std::int64_t>(axes.shape(0));
        if (k < 1 || p < 1) throw nb::value_error("there are no components, or no axes");
        const mixtura::Bounds bounds{p,
                                     checked(centre, "centre", {d_}),
                                     checked(axes, "axes", {p, d_}),
                                     checked(low, "low", {k, p}),
                                     checked(high, "high", {k, p}),
                                     checked(rates, "rates", {k, p}),
                                     checked(reaches, "reaches", {k})};
        const Released released;
        tree_ = mixtura::component_tree(components, bounds);
    }

    std::int64_t look(const Matrix<const double>& rows, const Matrix<std::int64_t>& labels,
                      const Maybe<Matrix<double>>& shares,
                      const Maybe<Vector<double>>& log_likelihood) const {
        const auto m = static_cast<std::int64_t>(rows.shape(0));
        const auto n = static_cast<std::int64_t>(labels.shape(1));
        if (n < 1) throw nb::value_error("no component is to be told");
        const double* from = checked(rows, "rows", {m, d_});
        const mixtura::Likeliest to{n, checked(labels, "labels", {m, n}),
                                    checked(shares, "shares", {m, n}),
                                    checked(log_likelihood, "log_likelihood", {m})};
        const Released released;
        return tree_->look(from, m, to);
    }

  private:
    std::int64_t d_;
    std::unique_ptr<mixtura::ComponentTree> tree_;
};

}  // namespace

void bind_tree(nb::module_& module) {
    nb::class_<HeldTree>(module, "Tree")
        .def(nb::init<int, const Vector<const double>&, const Matrix<const double>&,
                      const Array<const double>&, const Vector<const double>&,
                      const Matrix<const double>&, const Matrix<const double>&,
                      const Matrix<const double>&, const Matrix<const double>&,
                      const Vector<const double>&>(),
             "form"_a, "constants"_a.noconvert(), "means"_a.noconvert(), "whitening"_a.noconvert(),
             "centre"_a.noconvert(), "axes"_a.noconvert(), "low"_a.noconvert(),
             "high"_a.noconvert(), "rates"_a.noconvert(), "reaches"_a.noconvert())
        .def("look", &HeldTree::look, "rows"_a.noconvert(), "labels"_a.noconvert(),
             "shares"_a.noconvert().none(), "log_likelihood"_a.noconvert().none());
}
