#include "dense.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixtura {
namespace {

constexpr int most_sweeps = 40;
constexpr double rounding = std::numeric_limits<double>::epsilon();

// The largest magnitude on the diagonal.
double extent(const double* matrix, std::int64_t d) {
    double largest = 0.0;
    for (std::int64_t j = 0; j < d; ++j) largest = std::max(largest, std::abs(matrix[j * d + j]));
    return largest;
}

// Turn p and q so that their entry becomes zero: tan 2θ = 2 a_pq / (a_pp − a_qq), |θ| ≤ π/4.
void annihilate(double* matrix, double* axes, std::int64_t d, std::int64_t p, std::int64_t q) {
    const double entry = matrix[p * d + q];
    const double half = 0.5 * (matrix[p * d + p] - matrix[q * d + q]);
    const double tangent = entry / (half + std::copysign(std::hypot(half, entry), half));
    const double c = 1.0 / std::sqrt(1.0 + tangent * tangent), s = c * tangent;
    rotate(matrix + p * d, matrix + q * d, d, 1, c, s);
    rotate(matrix + p, matrix + q, d, d, c, s);
    rotate(axes + p * d, axes + q * d, d, 1, c, s);
    matrix[p * d + q] = matrix[q * d + p] = 0.0;
}

}  // namespace

bool cholesky(const double* matrix, std::int64_t d, double* lower) {
    for (std::int64_t j = 0; j < d; ++j) {
        double* row = lower + j * d;
        for (std::int64_t i = 0; i <= j; ++i) {
            double sum = matrix[j * d + i];
            for (std::int64_t l = 0; l < i; ++l) sum -= row[l] * lower[i * d + l];
            if (i < j) row[i] = sum / lower[i * d + i];
            else if (sum > 0.0 && sum <= std::numeric_limits<double>::max())
                row[j] = std::sqrt(sum);
            else return false;
        }
        std::fill(row + j + 1, row + d, 0.0);
    }
    return true;
}

double product(const double* a, const double* b, std::int64_t n) {
    double sums[4] = {};
    std::int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (std::int64_t l = 0; l < 4; ++l) sums[l] += a[i + l] * b[i + l];
    double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

double log_determinant(const double* lower, std::int64_t d) {
    double sum = 0.0;
    for (std::int64_t j = 0; j < d; ++j) sum += std::log(lower[j * d + j]);
    return sum;
}

void eigen(double* matrix, std::int64_t d, double* values, double* axes) {
    std::fill_n(axes, d * d, 0.0);
    for (std::int64_t j = 0; j < d; ++j) axes[j * d + j] = 1.0;
    const double least = rounding * rounding * extent(matrix, d);
    bool settled = false;
    for (int sweep = 0; sweep < most_sweeps && !settled; ++sweep) {
        settled = true;
        for (std::int64_t p = 0; p < d; ++p)
            for (std::int64_t q = p + 1; q < d; ++q) {
                // Beside both of its diagonal entries, so that small eigenvalues keep their digits.
                const double both = std::abs(matrix[p * d + p] * matrix[q * d + q]);
                const double entry = std::abs(matrix[p * d + q]);
                if (!(entry > least && entry > 0.25 * rounding * std::sqrt(both))) continue;
                annihilate(matrix, axes, d, p, q);
                settled = false;
            }
    }
    for (std::int64_t j = 0; j < d; ++j) values[j] = matrix[j * d + j];
    for (std::int64_t j = 0; j < d; ++j) {  // the smallest of those that are left comes next
        const std::int64_t next = std::min_element(values + j, values + d) - values;
        if (next == j) continue;
        std::swap(values[j], values[next]);
        std::swap_ranges(axes + j * d, axes + j * d + d, axes + next * d);
    }
}

void orthogonalise(double* rows, std::int64_t h, std::int64_t n, double* axes) {
    bool settled = false;
    for (int sweep = 0; sweep < most_sweeps && !settled; ++sweep) {
        settled = true;
        for (std::int64_t p = 0; p < h; ++p)
            for (std::int64_t q = p + 1; q < h; ++q) {
                double *one = rows + p * n, *other = rows + q * n;
                const double between = product(one, other, n);
                const double a = product(one, one, n), b = product(other, other, n);
                if (!(std::abs(between) > rounding * std::sqrt(a * b))) continue;
                settled = false;
                const double half = 0.5 * (a - b);
                const double tangent =
                    between / (half + std::copysign(std::hypot(half, between), half));
                const double c = 1.0 / std::sqrt(1.0 + tangent * tangent), s = c * tangent;
                rotate(one, other, n, 1, c, s);
                rotate(axes + p * h, axes + q * h, h, 1, c, s);
            }
    }
}

void polar(double* matrix, std::int64_t d, double* axes, double* scratch) {
    std::fill_n(axes, d * d, 0.0);
    double longest = 0.0;
    for (std::int64_t j = 0; j < d; ++j) axes[j * (d + 1)] = 1.0;
    orthogonalise(matrix, d, d, axes);
    for (std::int64_t j = 0; j < d; ++j) {
        scratch[j] = std::sqrt(product(matrix + j * d, matrix + j * d, d));
        longest = std::max(longest, scratch[j]);
    }
    const double least = static_cast<double>(d) * rounding * longest;
    for (std::int64_t j = 0; j < d; ++j)
        for (std::int64_t i = 0; i < d; ++i)
            matrix[j * d + i] = scratch[j] > least ? matrix[j * d + i] / scratch[j] : 0.0;
    // A row that is none becomes what the others leave of some unit vector.
    for (std::int64_t j = 0; j < d; ++j) {
        double* row = matrix + j * d;
        for (std::int64_t unit = 0; unit < d && !(scratch[j] > least); ++unit) {
            std::fill_n(row, d, 0.0);
            row[unit] = 1.0;
            for (int turn = 0; turn < 2; ++turn)
                for (std::int64_t l = 0; l < d; ++l) {
                    if (l == j) continue;
                    const double part = product(matrix + l * d, row, d);
                    for (std::int64_t i = 0; i < d; ++i) row[i] -= part * matrix[l * d + i];
                }
            const double length = std::sqrt(product(row, row, d));
            if (!(length > 0.5 / static_cast<double>(d))) continue;
            for (std::int64_t i = 0; i < d; ++i) row[i] /= length;
            scratch[j] = longest + 1.0;
        }
    }
    // Column l of P Rᵀ is Σ_j r_jl p_j.
    for (std::int64_t i = 0; i < d; ++i) {
        std::fill_n(scratch, d, 0.0);
        for (std::int64_t j = 0; j < d; ++j)
            for (std::int64_t l = 0; l < d; ++l) scratch[l] += axes[j * d + l] * matrix[j * d + i];
        for (std::int64_t l = 0; l < d; ++l) matrix[l * d + i] = scratch[l];
    }
}

void composed(const double* axes, const double* lengths, std::int64_t d, double* matrix) {
    for (std::int64_t i = 0; i < d; ++i)
        for (std::int64_t l = 0; l <= i; ++l) {
            double sum = 0.0;
            for (std::int64_t j = 0; j < d; ++j)
                sum += lengths[j] * (axes[j * d + i] * axes[j * d + l]);
            matrix[i * d + l] = matrix[l * d + i] = sum;
        }
}

void turned(const double* axes, const double* matrix, std::int64_t d, double* scratch,
            double* out) {
    for (std::int64_t j = 0; j < d; ++j)
        for (std::int64_t i = 0; i < d; ++i) {
            double sum = 0.0;
            for (std::int64_t l = 0; l < d; ++l) sum += axes[j * d + l] * matrix[l * d + i];
            scratch[j * d + i] = sum;
        }
    for (std::int64_t j = 0; j < d; ++j)
        for (std::int64_t i = 0; i <= j; ++i) {
            double sum = 0.0;
            for (std::int64_t l = 0; l < d; ++l) sum += scratch[j * d + l] * axes[i * d + l];
            out[j * d + i] = out[i * d + j] = sum;
        }
}

}  // namespace mixtura
