// Σ = F^½ Q Λ Qᵀ F^½ of known eigenvalues Λ and axes Q: which are below a floor F, and raised to it
// all that changes is that Λ becomes max(Λ, 1), to the rounding of the largest.
#include <cstdint>

#include "cases.hpp"
#include "guarded.hpp"

namespace {

// Q diag(λ) Qᵀ in units of `floor` (D,), Q a product of reflections in drawn directions.
Values composed(const Values& lambda, const Values& floor, unsigned long seed) {
    const std::size_t d = lambda.size();
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::vector<long double> q(d * d), v(d);
    for (std::size_t j = 0; j < d; ++j) q[j * d + j] = 1;
    for (std::size_t turn = 0; turn < d; ++turn) {
        long double norm = 0;
        for (auto& entry : v) {
            entry = normal(random);
            norm += entry * entry;
        }
        for (std::size_t j = 0; j < d; ++j) {
            long double along = 0;
            for (std::size_t i = 0; i < d; ++i) along += v[i] * q[i * d + j];
            for (std::size_t i = 0; i < d; ++i) q[i * d + j] -= 2 * along / norm * v[i];
        }
    }
    Values matrix(d * d);
    for (std::size_t i = 0; i < d; ++i)
        for (std::size_t j = 0; j < d; ++j) {
            long double sum = 0;
            for (std::size_t l = 0; l < d; ++l)
                sum += static_cast<long double>(lambda[l]) * q[i * d + l] * q[j * d + l];
            matrix[i * d + j] = static_cast<double>(sum) * std::sqrt(floor[i] * floor[j]);
        }
    return matrix;
}

// Eigenvalues 0 of `null` axes, and from `least` to `most` of the others.
Values spectrum(std::int64_t d, std::int64_t null, double least, double most) {
    Values lambda(size(d));
    for (std::int64_t j = null; j < d; ++j)
        lambda[size(j)] = least * std::pow(most / least, static_cast<double>(j + 1 - null) /
                                                             static_cast<double>(d - null));
    return lambda;
}

void check(std::int64_t d, std::int64_t null, double most) {
    std::snprintf(about, sizeof about, "%s, D = %d, %d of them nothing, %g",
                  mixtura::instruction_set(), static_cast<int>(d), static_cast<int>(null), most);
    Values floor(size(d));
    for (std::int64_t j = 0; j < d; ++j)
        floor[size(j)] = std::pow(10.0, -3.0 + 6.0 * static_cast<double>(j) / 7.0);
    const Values low = spectrum(d, null, 1.3e-3, most), high = spectrum(d, 0, 2.0, 2.0 * most);
    const Values first = composed(low, floor, 1), second = composed(high, floor, 2);
    Values raised = low;
    for (double& value : raised) value = std::max(value, 1.0);
    const Values wanted = composed(raised, floor, 1);

    Guarded<double> both(2 * d * d);
    std::copy(first.begin(), first.end(), both.data());
    std::copy(second.begin(), second.end(), both.data() + d * d);
    Guarded<std::uint8_t> flags(2);
    mixtura::below_floor(both.data(), 2, d, floor.data(), reinterpret_cast<bool*>(flags.data()));
    const bool is_low = *std::min_element(low.begin(), low.end()) < 1.0;
    CHECK(flags[0] == is_low && flags[1] == 0 && flags.intact());

    const std::int64_t which[] = {1, 0};
    mixtura::raise_to_floor(both.data(), which, 2, d, floor.data(),
                            reinterpret_cast<bool*>(flags.data()));
    CHECK(flags[0] && flags[1] && flags.intact() && both.intact());
    const double bound = 4.0 * std::numeric_limits<double>::epsilon() * static_cast<double>(d + 4);
    for (std::int64_t i = 0; i < d; ++i)
        for (std::int64_t j = 0; j < d; ++j) {
            const double unit = std::sqrt(floor[size(i)] * floor[size(j)]);
            CHECK(both[i * d + j] == both[j * d + i]);
            CHECK(close(both[i * d + j], wanted[size(i * d + j)], most * unit, bound));
            CHECK(close(both[(d + i) * d + j], second[size(i * d + j)], 2.0 * most * unit, bound));
        }
}

// What is not finite is left as it is.
void check_no_numbers() {
    constexpr std::int64_t d = 9;
    for (const double bad : {std::nan(""), HUGE_VAL}) {
        Values matrix = composed(Values(size(d), 2.0), Values(size(d), 1.0), 1);
        matrix[size(d * (d - 1) + 2)] = matrix[size(2 * d + d - 1)] = bad;
        const Values before = matrix, floor(size(d), 1.0);
        const std::int64_t which = 0;
        bool flag = true;
        mixtura::raise_to_floor(matrix.data(), &which, 1, d, floor.data(), &flag);
        CHECK(!flag && std::memcmp(matrix.data(), before.data(), d * d * sizeof bad) == 0);
    }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const std::int64_t d : {1, 2, 3, 4, 5, 8, 9, 13, 16, 31, 64, 65})
            for (const double most : {2.0, 1e3, 1e8})
                for (const std::int64_t null : {std::int64_t{0}, d / 4, d - 1})
                    check(d, null, most);
        check_no_numbers();
    }
    return failures != 0;
}
