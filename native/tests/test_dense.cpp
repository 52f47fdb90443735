// Small matrices: their factors give them back, eigenvalues rise, and small ones keep their digits.
#include "../src/dense.hpp"

#include "cases.hpp"
#include "mixtura/kernel.hpp"

namespace {

// G Gᵀ of normal numbers, its features scaled by `scales` (D,).
Values drawn(std::int64_t d, const Values& scales, unsigned long seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    Values root(size(d * d)), matrix(size(d * d));
    for (double& entry : root) entry = normal(random);
    for (std::int64_t i = 0; i < d; ++i)
        for (std::int64_t j = 0; j < d; ++j) {
            double sum = 0.0;
            for (std::int64_t l = 0; l < d; ++l)
                sum += root[size(i * d + l)] * root[size(j * d + l)];
            matrix[size(i * d + j)] = sum * scales[size(i)] * scales[size(j)];
        }
    return matrix;
}

void check_cholesky(std::int64_t d) {
    const Values matrix = drawn(d, Values(size(d), 1.0), 1);
    Values lower(size(d * d));
    CHECK(mixtura::cholesky(matrix.data(), d, lower.data()));
    for (std::int64_t i = 0; i < d; ++i)
        for (std::int64_t j = 0; j <= i; ++j) {
            long double sum = 0;
            for (std::int64_t l = 0; l <= j; ++l)
                sum += static_cast<long double>(lower[size(i * d + l)]) * lower[size(j * d + l)];
            const double scale = std::sqrt(matrix[size(i * d + i)] * matrix[size(j * d + j)]) *
                                 static_cast<double>(d);
            CHECK(close(static_cast<double>(sum), matrix[size(i * d + j)], scale, 1e-15));
        }
    for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
        Values worse = matrix;
        worse.back() = bad;
        CHECK(!mixtura::cholesky(worse.data(), d, lower.data()));
    }
}

void check_eigen(std::int64_t d, const Values& scales) {
    const Values matrix = drawn(d, scales, 2);
    Values worked = matrix, values(size(d)), axes(size(d * d)), again(size(d * d)),
           scratch(size(d * d)), diagonal(size(d * d));
    mixtura::eigen(worked.data(), d, values.data(), axes.data());
    CHECK(std::is_sorted(values.begin(), values.end()));
    mixtura::composed(axes.data(), values.data(), d, again.data());
    for (std::size_t at = 0; at < again.size(); ++at)
        CHECK(close(again[at], matrix[at], values.back(), 1e-13));
    mixtura::turned(axes.data(), matrix.data(), d, scratch.data(), diagonal.data());
    for (std::int64_t i = 0; i < d; ++i)
        for (std::int64_t j = 0; j < d; ++j) {
            CHECK(close(diagonal[size(i * d + j)], i == j ? values[size(i)] : 0.0, values.back(),
                        1e-13));
            double product = 0.0;
            for (std::int64_t l = 0; l < d; ++l)
                product += axes[size(i * d + l)] * axes[size(j * d + l)];
            CHECK(close(product, i == j, 1.0, 1e-14));
        }
    // The determinant is the product of the eigenvalues, of which the small ones have their share.
    Values lower(size(d * d));
    CHECK(mixtura::cholesky(matrix.data(), d, lower.data()));
    double sum = 0.0;
    for (const double value : values) sum += std::log(value);
    CHECK(close(2.0 * mixtura::log_determinant(lower.data(), d), sum, 1.0, 1e-9));
}

// Of a matrix without any, and of one of zeros, the axes are orthonormal all the same.
void check_degenerate() {
    for (const double entry : {0.0, 1.0}) {
        Values matrix(9, entry), values(3), axes(9);
        mixtura::eigen(matrix.data(), 3, values.data(), axes.data());
        CHECK(close(values[2], 3.0 * entry, 1.0, 1e-15) && close(values[0], 0.0, 1.0, 1e-15));
        for (const double axis : axes) CHECK(std::isfinite(axis));
    }
}

}  // namespace

int main() {
    for (const std::int64_t d : {1, 2, 3, 5, 8, 13}) {
        std::snprintf(about, sizeof about, "D = %d", static_cast<int>(d));
        check_cholesky(d);
        check_eigen(d, Values(size(d), 1.0));
        Values scales(size(d));
        for (std::int64_t j = 0; j < d; ++j)
            scales[size(j)] =
                std::pow(10.0, -6.0 * static_cast<double>(j) / static_cast<double>(d));
        check_eigen(d, scales);
    }
    check_degenerate();
    return failures != 0;
}
