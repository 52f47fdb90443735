#include "mixtura/choleskys.hpp"

#include <vector>

#include "mixtura/kernel.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double clear = 1e-10;

bool is_symmetric(const double* matrix, std::int64_t d) {
    for (std::int64_t i = 1; i < d; ++i)
        for (std::int64_t j = 0; j < i; ++j)
            if (matrix[i * d + j] != matrix[j * d + i]) return false;
    return true;
}

bool is_clear(const double* matrix, const double* lower, std::int64_t d) {
    for (std::int64_t j = 0; j < d * d; j += d + 1)
        if (!(lower[j] * lower[j] > clear * matrix[j])) return false;
    return true;
}

}  // namespace

bool choleskys(const double* matrices, std::int64_t n, std::int64_t d, double* lower) {
    const std::int64_t size_of_all = n * d * d;
    for (std::int64_t at = 0; at < size_of_all; at += d * d)
        if (!is_symmetric(matrices + at, d)) return false;
    std::vector<double> inverse(size(size_of_all)), log_determinants(size(n));
    if (!factor(matrices, n, d, lower, inverse.data(), log_determinants.data())) return false;
    for (std::int64_t at = 0; at < size_of_all; at += d * d)
        if (!is_clear(matrices + at, lower + at, d)) return false;
    return true;
}

}  // namespace mixtura
