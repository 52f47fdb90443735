// From squared distances to densities and responsibilities, a register of rows at a time.
#pragma once

#include <limits>

#include "mixtura/distances.hpp"
#include "mixtura/mathematics.hpp"

namespace mixtura::MIXTURA_ISA {

// ½ of the lanes of a float register, as doubles.
inline Doubles widened(Floats lanes, int part) {
    Doubles wide;
    float values[width<float>];
    store(values, lanes);
    for (int t = 0; t < width<double>; ++t) wide[t] = values[part * width<double> + t];
    return wide;
}

// A squared distance, where NaN, which ∞ − ∞ in the whitening gives, counts as infinitely far.
template <class S> inline Lanes<S> reached(Lanes<S> squared) {
    return squared == squared ? squared : all(std::numeric_limits<S>::infinity());
}

// log p_k(x) = constant_k − ½ distance², in place (K, T).
template <class S>
inline void log_joint(std::int64_t n_components, std::int64_t capacity, std::int64_t steps,
                      const double* constants, S* values) {
    for (std::int64_t k = 0; k < n_components; ++k) {
        const Lanes<S> constant = all(static_cast<S>(constants[k]));
        S* row = values + k * capacity;
        for (std::int64_t s = 0; s < steps; ++s)
            store(row + s * width<S>,
                  fma(all(S(-0.5)), reached<S>(load(row + s * width<S>)), constant));
    }
}

// Responsibilities from log joint densities, in place (K, T), and log-likelihoods (T,).
//
// One exponential a row and component: r_k = e_k / Σe with the largest density taken out first.
// Where every density is −∞ the log-likelihood is −∞ and the responsibilities are zero.
template <class S>
inline void soft_posterior(std::int64_t n_components, std::int64_t capacity, std::int64_t steps,
                           S* values, double* log_likelihood) {
    constexpr S lowest = std::numeric_limits<S>::lowest();
    for (std::int64_t s = 0; s < steps; ++s) {
        S* column = values + s * width<S>;
        Lanes<S> top = load(column);
        for (std::int64_t k = 1; k < n_components; ++k)
            top = larger(load(column + k * capacity), top);
        const Lanes<S> scale = larger(top, all(lowest));
        Lanes<S> sum = {};
        for (std::int64_t k = 0; k < n_components; ++k) {
            const Lanes<S> e = exponential<S>(load(column + k * capacity) - scale);
            store(column + k * capacity, e);
            sum += e;
        }
        const Lanes<S> share = S(1) / (sum > S(0) ? sum : all(S(1)));
        for (std::int64_t k = 0; k < n_components; ++k)
            store(column + k * capacity, load(column + k * capacity) * share);
        double* to = log_likelihood + s * width<S>;
        if constexpr (sizeof(S) == sizeof(double)) {
            store(to, top + logarithm(sum > 0.0 ? sum : all(1.0)));
        } else {
            for (int part = 0; part < 2; ++part) {
                const Doubles wide = widened(sum, part);
                store(to + part * width<double>,
                      widened(top, part) + logarithm(wide > 0.0 ? wide : all(1.0)));
            }
        }
    }
}

// The largest log joint density (T,) and which component has it, the first of equals.
template <class S>
inline void hard_posterior(std::int64_t n_components, std::int64_t capacity, std::int64_t steps,
                           const S* values, std::int64_t* labels, double* largest) {
    for (std::int64_t s = 0; s < steps; ++s) {
        const S* column = values + s * width<S>;
        Lanes<S> top = load(column);
        Bits<S> label = {};
        for (std::int64_t k = 1; k < n_components; ++k) {
            const Lanes<S> value = load(column + k * capacity);
            label = value > top ? Bits<S>{} + static_cast<decltype(label[0] + 0)>(k) : label;
            top = larger(value, top);
        }
        for (int t = 0; t < width<S>; ++t) {
            labels[s * width<S> + t] = label[t];
            if (largest) largest[s * width<S> + t] = top[t];
        }
    }
}

}  // namespace mixtura::MIXTURA_ISA
