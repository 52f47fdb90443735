// The vector exp and log are off by at most 1.5 units in the last place, over their whole range.
#include <algorithm>
#include <cfloat>
#include <limits>
#include <random>

#include "cases.hpp"

namespace {

// What a long double that is no wider than double adds to the error measured.
constexpr double oracle = LDBL_MANT_DIG > 53 ? 0.0 : 0.6;
constexpr double allowed = 1.5 + oracle;

// |found − exact| in units of the last place of `exact` in S.
template <class S> double ulp(S found, long double exact) {
    int exponent;
    std::frexp(exact, &exponent);
    const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<S>::digits);
    return static_cast<double>(std::abs(static_cast<long double>(found) - exact) / unit);
}

template <class S> using Function = void (*)(const S*, std::int64_t, S*);

template <class S> struct Worst {
    double error = 0.0;
    S at = 0;
};

template <class S, class Exact> void measure(const std::vector<S>& x, Function<S> function,
                                             Exact exact, const char* name) {
    std::vector<long double> expected(x.size());
    std::transform(x.begin(), x.end(), expected.begin(), exact);
    for (const char* set : usable_instruction_sets()) {
        mixtura::use_instruction_set(set);
        std::vector<S> y(x.size());
        function(x.data(), static_cast<std::int64_t>(x.size()), y.data());
        Worst<S> worst;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double error = ulp(y[i], expected[i]);
            if (!(error <= worst.error)) worst = {error, x[i]};
        }
        std::printf("%-9s %s  %.3f ulp at most, at %a, of %zu values\n", set, name, worst.error,
                    static_cast<double>(worst.at), x.size());
        CHECK(worst.error <= allowed);
    }
}

constexpr int some = 300'000;

// Between `low` and `high`: evenly, at random, and by magnitude down to the smallest.
template <class S> std::vector<S> exponents(S low, S high) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<S> uniform(low, high);
    std::vector<S> x{low, high, S(0), S(-0.0), S(1), S(-1)};
    for (int i = 0; i < some; ++i) {
        x.push_back(low + (high - low) * static_cast<S>(i) / some);
        x.push_back(uniform(random));
    }
    // About the halves of ln 2, where the reduced argument is largest and changes its sign.
    const S half = static_cast<S>(0.5 * std::log(2.0));
    for (S n = std::ceil(low / half); n * half < high; ++n)
        for (S at = std::max(low, n * half), i = 0; i < 100; ++i, at = std::nextafter(at, high))
            x.push_back(at);
    for (S magnitude = high; magnitude > 0; magnitude *= magnitude > 1e-30 ? S(0.99) : S(0.5)) {
        x.push_back(magnitude);
        x.push_back(std::max(low, -magnitude));
    }
    return x;
}

// Every binade of the normal numbers, and the neighbourhoods of 1, √½ and √2.
std::vector<double> positive_numbers() {
    std::mt19937_64 random(2);
    std::uniform_real_distribution<double> mantissa(1.0, 2.0);
    std::vector<double> x{DBL_MIN, DBL_MAX};
    for (int exponent = -1022; exponent <= 1023; ++exponent)
        for (int i = 0; i < 400; ++i) x.push_back(std::ldexp(i ? mantissa(random) : 1.0, exponent));
    for (int i = 0; i < 2 * some; ++i)  // where most logarithms of a pass are: K ≥ Σe ≥ 1
        x.push_back(0.5 + 2.0 * static_cast<double>(i) / (2 * some));
    for (const double centre : {std::sqrt(0.5), 1.0, std::sqrt(2.0)}) {
        double below = centre, above = centre;
        for (int i = 0; i < 1000; ++i) {
            x.push_back(below = std::nextafter(below, 0.0));
            x.push_back(above = std::nextafter(above, 4.0));
        }
    }
    for (double apart = 0.5; apart > 1e-17; apart *= 0.999) {
        x.push_back(1.0 + apart);
        x.push_back(1.0 - apart);
    }
    return x;
}

// Below the cut-off all is zero, and a remainder of less than a register is computed alike.
template <class S> void check_edges(S least) {
    const S infinity = std::numeric_limits<S>::infinity();
    const S x[] = {0, least, std::nextafter(least, -infinity), std::numeric_limits<S>::lowest(),
                   -infinity};
    S y[std::size(x)];
    mixtura::vector_exp(x, std::size(x), y);
    CHECK(y[0] == 1);
    CHECK(y[1] >= std::numeric_limits<S>::min());
    for (std::size_t i = 2; i < std::size(x); ++i) CHECK(y[i] == 0);
    std::vector<S> many(100, S(-1.25)), all(100), one(1);
    mixtura::vector_exp(many.data(), 100, all.data());
    mixtura::vector_exp(many.data(), 1, one.data());
    for (const S value : all) CHECK(value == one[0]);
}

}  // namespace

int main() {
    measure<double>(
        exponents(-708.0, 709.0), mixtura::vector_exp,
        [](double x) { return std::exp(static_cast<long double>(x)); }, "exp, double");
    measure<float>(
        exponents(-87.0f, 88.0f), mixtura::vector_exp,
        [](float x) { return std::exp(static_cast<long double>(x)); }, "exp, float ");
    measure<double>(
        positive_numbers(), mixtura::vector_log,
        [](double x) { return std::log(static_cast<long double>(x)); }, "log, double");
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        check_edges(-708.0);
        check_edges(-87.0f);
        const double one = 1.0;
        double zero = 7.0;
        mixtura::vector_log(&one, 1, &zero);
        CHECK(zero == 0.0);
    }
    return failures != 0;
}
