// Cholesky factors of matrices that are plainly positive definite.
#pragma once

#include <cstdint>

namespace mixtura {

// L with A = L Lᵀ of matrices (n, D, D) of no more features than `factor` takes. False where one is
// not symmetric, digit by digit, or has a pivot of no more than 1e-10 of the entry that it is of:
// whether it is definite is then for one judge to say.
bool choleskys(const double* matrices, std::int64_t n, std::int64_t n_features, double* lower);

}  // namespace mixtura
