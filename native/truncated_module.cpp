// The binding of truncated EM.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>

#include <tuple>

#include "binding.hpp"
#include "mixtura/truncated.hpp"

namespace {

using Ids = Matrix<std::int32_t>;
using Offsets = Vector<const std::int64_t>;
using Order = Vector<const std::int32_t>;

mixtura::HeldRows held(const Matrix<const double>& rows,
                       const Maybe<Vector<const double>>& weights) {
    const auto n = static_cast<std::int64_t>(rows.shape(0));
    return {rows.data(), checked(weights, "weights", {n}), n,
            static_cast<std::int64_t>(rows.shape(1))};
}

mixtura::Cells cells_of(const Order& order, const Offsets& offsets, std::int64_t n_rows) {
    const auto n = static_cast<std::int64_t>(offsets.shape(0)) - 1;
    const auto members = static_cast<std::int64_t>(order.shape(0));
    if (n < 1 || offsets.data()[0] != 0 || offsets.data()[n] > members)
        throw nb::value_error("offsets are not those of cells");
    if (n_rows < 1) throw nb::value_error("there are no rows");
    return {n, order.data(), offsets.data()};
}

void check_range(std::int64_t first, std::int64_t last, std::int64_t n) {
    if (first < 0 || last < first || last > n)
        throw nb::value_error("first and last are not of what there is");
}

mixtura::Sets sets_of(const Ids& ids, const Maybe<Matrix<double>>& shares, std::int64_t n_rows) {
    const auto kept = static_cast<std::int64_t>(ids.shape(1));
    if (kept < 1) throw nb::value_error("sets keep no component");
    return {kept, checked(ids, "ids", {n_rows, kept}), checked(shares, "shares", {n_rows, kept})};
}

std::tuple<double, double, std::int64_t> expand(
    int form, const Vector<const double>& constants, const Matrix<const double>& means,
    const Array<const double>& whitening, const Maybe<Vector<const double>>& log_weights,
    const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
    const Order& order, const Offsets& offsets, std::int64_t first, std::int64_t last,
    const Matrix<const std::int32_t>& lists, const Matrix<const std::int32_t>& asked,
    std::int64_t draw, const Ids& ids, const Maybe<Matrix<double>>& shares, const Maybe<Ids>& graph,
    std::int64_t reach, double background, const Maybe<Vector<double>>& bounds) {
    const auto of = held(rows, weights);
    const auto components = packed(form, constants, means, whitening, of.n_features);
    const std::int64_t k = components.n_components;
    const auto cells = cells_of(order, offsets, of.n_rows);
    check_range(first, last, cells.n_cells);
    const mixtura::Lists known{static_cast<std::int64_t>(lists.shape(0)),
                               static_cast<std::int64_t>(lists.shape(1)), lists.data()};
    const auto n_asked = static_cast<std::int64_t>(asked.shape(1));
    if (graph.has_value() != log_weights.has_value() || (graph && known.n_lists != k))
        throw nb::value_error("a graph takes log_weights, and a list of each component");
    const mixtura::Expanding how{checked(log_weights, "log_weights", {k}),
                                 n_asked,
                                 checked(asked, "asked", {of.n_rows, n_asked}),
                                 draw,
                                 checked(graph, "graph", {k, known.length}),
                                 reach,
                                 background,
                                 checked(bounds, "bounds", {cells.n_cells})};
    check_range(1, reach, known.length);
    const auto sets = sets_of(ids, shares, of.n_rows);
    const Released released;
    const auto done = mixtura::expand(components, of, cells, first, last, known, how, sets);
    return {done.bound, done.noise, done.n_densities};
}

void count_members(const Ids& ids, const Maybe<Matrix<double>>& shares, std::int64_t n_slots,
                   std::int64_t first, std::int64_t last, const Vector<std::int64_t>& counts) {
    const auto n = static_cast<std::int64_t>(ids.shape(0));
    const auto sets = sets_of(ids, shares, n);
    check_range(first, last, n);
    check_range(0, n_slots, sets.n_kept);
    const Released released;
    mixtura::count_members(sets, n_slots, first, last, counts.data());
}

void place_members(const Ids& ids, const Maybe<Matrix<double>>& shares, std::int64_t n_slots,
                   std::int64_t first, std::int64_t last,
                   const Maybe<Vector<const double>>& weights,
                   const Vector<std::int64_t>& following, const Vector<std::int32_t>& order,
                   const Maybe<Vector<double>>& placed) {
    const auto n = static_cast<std::int64_t>(ids.shape(0));
    const auto sets = sets_of(ids, shares, n);
    check_range(first, last, n);
    check_range(0, n_slots, sets.n_kept);
    const double* row_weights = checked(weights, "weights", {n});
    double* to = checked(placed, "placed", {static_cast<std::int64_t>(order.shape(0))});
    const Released released;
    mixtura::place_members(sets, n_slots, first, last, row_weights, following.data(), order.data(),
                           to);
}

void moments_of_cells(const Matrix<const double>& rows, const Order& order, const Offsets& offsets,
                      const Vector<const double>& shares, const Matrix<const double>& reference,
                      std::int64_t first, std::int64_t last, const Vector<double>& weight,
                      const Matrix<double>& sums, const Array<double>& second,
                      const Maybe<Matrices<const double>>& directions) {
    const auto of = held(rows, {});
    const auto cells = cells_of(order, offsets, of.n_rows);
    const std::int64_t k = cells.n_cells, d = of.n_features;
    check_range(first, last, k);
    mixtura::Results results{};
    results.weight = checked(weight, "weight", {k});
    results.first = checked(sums, "first", {k, d});
    if (directions) {
        const auto width = static_cast<std::int64_t>(directions->shape(2));
        results.directions = checked(directions, "directions", {k, d, width});
        results.n_directions = width - 1;
        results.second = checked(second, "second", {k, d, width});
    } else {
        results.second = checked_second(second, k, d, d);
        results.diagonal = second.ndim() == 2;
    }
    const double* about = checked(reference, "reference", {k, d});
    const double* counts = checked(shares, "shares", {static_cast<std::int64_t>(order.shape(0))});
    const Released released;
    mixtura::moments_of_cells(of, cells, counts, about, first, last, results);
}

mixtura::SeedPlaces places_of(const Matrix<double>& places, std::int64_t n_features) {
    const auto capacity = static_cast<std::int64_t>(places.shape(1));
    if (capacity % 8) throw nb::value_error("places are not a multiple of 8");
    return {capacity, checked(places, "places", {n_features, capacity})};
}

void seed_distances(const Matrix<const double>& rows, const Vector<const double>& scale,
                    const Matrix<const std::int32_t>& drawn, std::int64_t first, std::int64_t last,
                    const Matrix<double>& places, std::int64_t n_known, const Matrix<double>& far) {
    const auto of = held(rows, {});
    const auto k = static_cast<std::int64_t>(drawn.shape(0));
    const auto length = static_cast<std::int64_t>(drawn.shape(1));
    check_range(first, last, k * length);
    const double* units = checked(scale, "scale", {of.n_features});
    const auto known = places_of(places, of.n_features);
    check_range(0, n_known, known.capacity);
    double* to = checked(far, "far", {k, length});
    const Released released;
    mixtura::seed_distances(of, units, drawn.data(), first, last, known, n_known, to);
}

void chain_seeds(const Matrix<const double>& rows, const Vector<const double>& scale,
                 const Matrix<const std::int32_t>& drawn, const Matrix<const double>& proposed,
                 const Matrix<const double>& draws, const Matrix<const double>& far,
                 std::int64_t first, std::int64_t last, const Matrix<double>& places,
                 const Vector<std::int32_t>& chosen) {
    const auto of = held(rows, {});
    const auto k = static_cast<std::int64_t>(drawn.shape(0));
    const auto length = static_cast<std::int64_t>(drawn.shape(1));
    check_range(first, last, k);
    if (first % 8) throw nb::value_error("first is not a multiple of 8");
    const double* units = checked(scale, "scale", {of.n_features});
    const mixtura::Chains chains{length, drawn.data(), checked(proposed, "proposed", {k, length}),
                                 checked(draws, "draws", {k, length}),
                                 checked(far, "far", {k, length})};
    const auto known = places_of(places, of.n_features);
    check_range(0, last, known.capacity);
    std::int32_t* seeds = checked(chosen, "chosen", {k});
    const Released released;
    mixtura::chain_seeds(of, units, chains, first, last, known, seeds);
}

void split_cells(const Matrix<const double>& rows, const Maybe<Vector<const double>>& weights,
                 const Order& order, const Offsets& offsets, std::int64_t first, std::int64_t last,
                 std::string_view letters, const Matrix<const double>& ridge,
                 const Vector<const double>& scale, std::int64_t n_steps,
                 const Vector<double>& gains, const Matrix<double>& weight,
                 const Matrices<double>& means, const Array<double>& covariances) {
    const auto of = held(rows, weights);
    const auto cells = cells_of(order, offsets, of.n_rows);
    const std::int64_t k = cells.n_cells, d = of.n_features;
    check_range(first, last, k);
    const mixtura::Structure structure = structure_called(letters);
    const bool diagonal = structure <= mixtura::Structure::VVI;
    const mixtura::Splits splits{structure,
                                 checked(ridge, "ridge", {d, d}),
                                 checked(scale, "scale", {d}),
                                 n_steps,
                                 checked(gains, "gains", {k}),
                                 checked(weight, "weight", {k, 2}),
                                 checked(means, "means", {k, 2, d}),
                                 diagonal ? checked(covariances, "covariances", {k, 2, d})
                                          : checked(covariances, "covariances", {k, 2, d, d})};
    const Released released;
    mixtura::split_cells(of, cells, first, last, splits);
}

}  // namespace

void bind_truncated(nb::module_& module) {
    module.def("expand", &expand, "form"_a, "constants"_a.noconvert(), "means"_a.noconvert(),
               "whitening"_a.noconvert(), "log_weights"_a.noconvert().none(), "rows"_a.noconvert(),
               "weights"_a.noconvert().none(), "order"_a.noconvert(), "offsets"_a.noconvert(),
               "first"_a, "last"_a, "lists"_a.noconvert(), "asked"_a.noconvert(), "draw"_a,
               "ids"_a.noconvert(), "shares"_a.noconvert().none(), "graph"_a.noconvert().none(),
               "reach"_a, "background"_a, "bounds"_a.noconvert() = nb::none());
    module.def("count_members", &count_members, "ids"_a.noconvert(), "shares"_a.noconvert().none(),
               "n_slots"_a, "first"_a, "last"_a, "counts"_a.noconvert());
    module.def("place_members", &place_members, "ids"_a.noconvert(), "shares"_a.noconvert().none(),
               "n_slots"_a, "first"_a, "last"_a, "weights"_a.noconvert().none(),
               "following"_a.noconvert(), "order"_a.noconvert(), "placed"_a.noconvert().none());
    module.def("moments_of_cells", &moments_of_cells, "rows"_a.noconvert(), "order"_a.noconvert(),
               "offsets"_a.noconvert(), "shares"_a.noconvert(), "reference"_a.noconvert(),
               "first"_a, "last"_a, "weight"_a.noconvert(), "sums"_a.noconvert(),
               "second"_a.noconvert(), "directions"_a.noconvert() = nb::none());
    module.def("seed_distances", &seed_distances, "rows"_a.noconvert(), "scale"_a.noconvert(),
               "drawn"_a.noconvert(), "first"_a, "last"_a, "places"_a.noconvert(), "n_known"_a,
               "far"_a.noconvert());
    module.def("chain_seeds", &chain_seeds, "rows"_a.noconvert(), "scale"_a.noconvert(),
               "drawn"_a.noconvert(), "proposed"_a.noconvert(), "draws"_a.noconvert(),
               "far"_a.noconvert(), "first"_a, "last"_a, "places"_a.noconvert(),
               "chosen"_a.noconvert());
    module.def("split_cells", &split_cells, "rows"_a.noconvert(), "weights"_a.noconvert().none(),
               "order"_a.noconvert(), "offsets"_a.noconvert(), "first"_a, "last"_a, "structure"_a,
               "ridge"_a.noconvert(), "scale"_a.noconvert(), "n_steps"_a, "gains"_a.noconvert(),
               "weight"_a.noconvert(), "means"_a.noconvert(), "covariances"_a.noconvert());
}
