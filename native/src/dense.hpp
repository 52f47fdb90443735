// Small dense matrices (D, D), row-major, in double.
#pragma once

#include <cstdint>

namespace mixtura {

// L with A = L Lᵀ, zero above its diagonal, from the lower triangle of a symmetric A; false where A
// is not positive definite, or not finite.
bool cholesky(const double* matrix, std::int64_t d, double* lower);

// log|L| of a lower triangular matrix, nats.
double log_determinant(const double* lower, std::int64_t d);

// The eigenvalues (D,) of a symmetric matrix, rising, and their axes, one a row, (D, D); the matrix
// is overwritten. Jacobi's rotations, pair after pair, until none is left to turn.
void eigen(double* matrix, std::int64_t d, double* values, double* axes);

// Σ_j length_j a_j a_jᵀ for axes a_j in rows, symmetric to the last bit.
void composed(const double* axes, const double* lengths, std::int64_t d, double* matrix);

// Oᵀ A O for axes in rows, of a symmetric A; scratch (D, D).
void turned(const double* axes, const double* matrix, std::int64_t d, double* scratch, double* out);

// Σ_i a_i b_i.
double product(const double* a, const double* b, std::int64_t n);

// Turn h rows of n numbers, and h axes, until the rows are orthogonal: one-sided Jacobi.
void orthogonalise(double* rows, std::int64_t h, std::int64_t n, double* axes);

// P Rᵀ of P S Rᵀ, the orthogonal matrix nearest to it, or where it is singular one of those; in
// place, with columns in rows. Scratch (D, D) and (D,).
void polar(double* matrix, std::int64_t d, double* axes, double* scratch);

// Two rows of n numbers turned: x ← c x + s y, y ← c y − s x.
inline void rotate(double* x, double* y, std::int64_t n, std::int64_t stride, double c, double s) {
    for (std::int64_t i = 0; i < n; ++i, x += stride, y += stride) {
        const double before = *x;
        *x = c * before + s * *y;
        *y = c * *y - s * before;
    }
}

}  // namespace mixtura
