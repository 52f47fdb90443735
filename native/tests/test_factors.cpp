// The factors of small matrices give them back, together with their inverses and determinants,
// wherever a matrix lies among others; and one that is not positive definite is found out.
//
// The bounds, |L Lᵀ − A| ≤ (D + 2)·ε·|L||Lᵀ| and |L L⁻¹ − I| ≤ (D + 2)·ε·|L||L⁻¹| in every entry,
// are those of Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., theorem 10.3 and
// section 14.2, with two more roundings for dividing by way of a reciprocal.
#include <limits>
#include <random>

#include "cases.hpp"
#include "guarded.hpp"

namespace {

// G Gᵀ (n, D, D) of normal numbers (D, D + 2), features scaled from 1 to `ratio`.
Values drawn(std::int64_t n, std::int64_t d, double ratio) {
    std::mt19937_64 random(static_cast<unsigned long>(10 * d + n));
    std::normal_distribution<double> normal;
    Values matrices(size(n * d * d));
    for (std::int64_t c = 0; c < n; ++c) {
        Values root(size(d * (d + 2)));
        for (std::int64_t at = 0; at < d * (d + 2); ++at) {
            const double power = static_cast<double>(at / (d + 2)) / static_cast<double>(d);
            root[size(at)] = normal(random) * std::pow(ratio, power);
        }
        for (std::int64_t i = 0; i < d; ++i)
            for (std::int64_t j = 0; j < d; ++j)
                for (std::int64_t l = 0; l < d + 2; ++l)
                    matrices[size((c * d + i) * d + j)] +=
                        root[size(i * (d + 2) + l)] * root[size(j * (d + 2) + l)];
    }
    return matrices;
}

struct Factors {
    Factors(std::int64_t n, std::int64_t d) : lower(n * d * d), inverse(n * d * d), logs(n) {}
    bool of(const Values& matrices, std::int64_t n, std::int64_t d) {
        return mixtura::factor(matrices.data(), n, d, lower.data(), inverse.data(), logs.data());
    }
    bool intact() const { return lower.intact() && inverse.intact() && logs.intact(); }
    Guarded<double> lower, inverse, logs;
};

// Σ_l a_il b_lj over l ≤ i, and of the magnitudes.
struct Product {
    long double sum = 0, scale = 0;
    void add(double a, double b) {
        const long double term = static_cast<long double>(a) * static_cast<long double>(b);
        sum += term;
        scale += std::abs(term);
    }
};

void check(std::int64_t n, std::int64_t d, double ratio) {
    std::snprintf(about, sizeof about, "%s, D = %d, n = %d", mixtura::instruction_set(),
                  static_cast<int>(d), static_cast<int>(n));
    const Values matrices = drawn(n, d, ratio);
    Factors found(n, d);
    CHECK(found.of(matrices, n, d));
    CHECK(found.intact());
    const long double bound =
        std::numeric_limits<double>::epsilon() * static_cast<long double>(d + 2);
    for (std::int64_t c = 0; c < n; ++c) {
        const auto at = [&](std::int64_t i, std::int64_t j) { return (c * d + i) * d + j; };
        long double logarithm = 0;
        for (std::int64_t i = 0; i < d; ++i) {
            logarithm += std::log(static_cast<long double>(found.lower[size(at(i, i))]));
            for (std::int64_t j = 0; j < d; ++j) {
                Product square, one;
                for (std::int64_t l = 0; l <= i; ++l) {
                    square.add(found.lower[size(at(i, l))], found.lower[size(at(j, l))]);
                    one.add(found.lower[size(at(i, l))], found.inverse[size(at(l, j))]);
                }
                CHECK(std::abs(square.sum - matrices[size(at(i, j))]) <= bound * square.scale);
                CHECK(std::abs(one.sum - (i == j)) <= bound * one.scale);
                CHECK(j <= i ||
                      (found.lower[size(at(i, j))] == 0.0 && found.inverse[size(at(i, j))] == 0.0));
            }
        }
        CHECK(close(found.logs[size(c)], static_cast<double>(logarithm), 1.0, 1e-13));
    }
    for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL})
        for (const std::int64_t c : {std::int64_t{0}, n / 2, n - 1}) {
            Values worse = matrices;
            worse[size((c + 1) * d * d - 1)] = bad;
            CHECK(!found.of(worse, n, d));
        }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (std::int64_t d = 1; d <= mixtura::most_at_once; ++d)
            for (const std::int64_t n : {1, 2, 3, 5, 8, 9, 16, 21})
                for (const double ratio : {1.0, 1e-8, 1e8}) check(n, d, ratio);
        Factors none(0, 4);
        CHECK(none.of({}, 0, 4));
    }
    return failures != 0;
}
