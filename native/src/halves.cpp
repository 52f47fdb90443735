#include "halves.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "dense.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

// An axis has two directions: of its entries about as large as the largest the last is positive.
constexpr double about = 0.6;

void direct(double* axis, std::int64_t d) {
    double largest = 0.0;
    for (std::int64_t j = 0; j < d; ++j) largest = std::max(largest, std::abs(axis[j]));
    std::int64_t last = d - 1;
    while (last > 0 && std::abs(axis[last]) < about * largest) --last;
    if (axis[last] < 0.0)
        for (std::int64_t j = 0; j < d; ++j) axis[j] = -axis[j];
}

}  // namespace

// Two halves that lie c standard deviations to either side leave 1 − c² of the variance there.
std::vector<Parameters> halved(const Hill& hill, const Parameters& from, std::int64_t n_axes,
                               double apart) {
    const std::int64_t k = std::ssize(from.weight), d = hill.n_features;
    const std::int64_t entries = std::ssize(from.covariances) / k;
    const std::int64_t columns = entries / d;  // D, or 1 of a diagonal
    std::vector<double> matrix(size(d * d)), values(size(d)), axes(size(d * d));
    std::vector<Parameters> found;
    for (std::int64_t j = 0; j < k; ++j) {
        const double* own = &from.covariances[size(j * entries)];
        std::fill(matrix.begin(), matrix.end(), 0.0);
        for (std::int64_t p = 0; p < d; ++p)
            for (std::int64_t q = 0; q < columns; ++q)
                matrix[size(p * d + (columns == d ? q : p))] = own[p * columns + q];
        eigen(matrix.data(), d, values.data(), axes.data());
        for (std::int64_t axis = d - 1; axis >= std::max(d - n_axes, std::int64_t{0}); --axis) {
            double* along = &axes[size(axis * d)];
            direct(along, d);
            const double reach = apart * std::sqrt(values[size(axis)]);
            Parameters& to = found.emplace_back(from);
            to.weight.push_back(to.weight[size(j)] *= 0.5);
            for (std::int64_t p = 0; p < d; ++p) {
                const double mean = from.means[size(j * d + p)];
                to.means[size(j * d + p)] = mean - reach * along[p];
                to.means.push_back(mean + reach * along[p]);
                for (std::int64_t q = 0; q < columns; ++q)
                    to.covariances[size(j * entries + p * columns + q)] -=
                        (reach * along[p]) * (reach * along[columns == d ? q : p]);
            }
            const std::vector<double> rest(to.covariances.begin() + j * entries,
                                           to.covariances.begin() + (j + 1) * entries);
            to.covariances.insert(to.covariances.end(), rest.begin(), rest.end());
            restrain(hill, to);
        }
    }
    return found;
}

}  // namespace mixtura
