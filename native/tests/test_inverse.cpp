// The inverse of a lower triangular matrix is lower triangular, and L·L⁻¹ is the identity to
// within the rounding of a substitution, however badly L is scaled.
//
// The bound, |L·L⁻¹ − I| ≤ n·ε·|L||L⁻¹| in every entry, is that of substitution: Higham, Accuracy
// and Stability of Numerical Algorithms, 2nd ed., section 14.2.
#include <limits>
#include <random>

#include "cases.hpp"
#include "guarded.hpp"

namespace {

// Lower triangular (n, D, D) with rows that grow from 1 to `ratio`; what lies above is not read.
Values drawn(std::int64_t n, std::int64_t d, double ratio) {
    std::mt19937_64 random(static_cast<unsigned long>(d));
    std::normal_distribution<double> normal;
    Values lower(size(n * d * d));
    for (std::int64_t at = 0; at < n * d * d; ++at) {
        const std::int64_t i = at / d % d, j = at % d;
        const double power = d > 1 ? static_cast<double>(i) / static_cast<double>(d - 1) : 0.0;
        const double entry = j < i ? normal(random) / std::sqrt(static_cast<double>(d)) : 1.0;
        lower[size(at)] = j > i ? NAN : entry * std::pow(ratio, power);
    }
    return lower;
}

void check(std::int64_t n, std::int64_t d, double ratio) {
    std::snprintf(about, sizeof about, "%s, D = %d", mixtura::instruction_set(),
                  static_cast<int>(d));
    const Values lower = drawn(n, d, ratio);
    Guarded<double> inverse(n * d * d);
    mixtura::invert_lower(lower.data(), n, d, inverse.data());
    CHECK(inverse.intact());
    const long double bound =
        std::numeric_limits<double>::epsilon() * static_cast<long double>(d + 1);
    for (std::int64_t c = 0; c < n; ++c)
        for (std::int64_t i = 0; i < d; ++i)
            for (std::int64_t j = 0; j < d; ++j) {
                long double product = 0, scale = 0;
                for (std::int64_t l = j; l <= i; ++l) {
                    const long double term =
                        static_cast<long double>(lower[size((c * d + i) * d + l)]) *
                        static_cast<long double>(inverse[(c * d + l) * d + j]);
                    product += term;
                    scale += std::abs(term);
                }
                CHECK(j <= i || inverse[(c * d + i) * d + j] == 0.0);
                CHECK(std::abs(product - (i == j)) <= bound * scale);
            }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const std::int64_t d : {1, 2, 3, 4, 5, 8, 13, 32, 33, 130})
            for (const double ratio : {1.0, 1e-8, 1e8}) check(d > 33 ? 1 : 3, d, ratio);
        check(0, 4, 1.0);
    }
    return failures != 0;
}
