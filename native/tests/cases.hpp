// Cases: rows and components of every form and shape, drawn from a seed.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.hpp"
#include "mixtura/kernel.hpp"

using mixtura::Components, mixtura::Form, mixtura::Posterior, mixtura::Results;
using Values = std::vector<double>;

constexpr Form forms[] = {Form::triangular, Form::shared_triangular, Form::diagonal,
                          Form::spherical};
constexpr const char* form_names[] = {"triangular", "shared triangular", "diagonal", "spherical"};

inline std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }
inline bool is_triangular(Form form) { return form <= Form::shared_triangular; }

// The instruction sets of this machine, the narrowest first.
inline std::vector<const char*> usable_instruction_sets() {
    std::vector<const char*> usable;
    for (const char* name : {"baseline", "neon", "avx2", "avx512"})
        if (mixtura::use_instruction_set(name)) usable.push_back(name);
    return usable;
}

// Rows (m, D) with weights (m,), and K components.
template <class S> struct Case {
    Form form;
    std::int64_t m, d, k;
    std::vector<S> rows;
    Values weights, constants, means, whitening;

    // Means scatter `spread` about a centre `offset`; a tenth of the weights are zero.
    Case(Form form, std::int64_t m, std::int64_t d, std::int64_t k, double spread = 1.0,
         double offset = 0.0)
        : form(form), m(m), d(d), k(k), rows(size(m * d)) {
        std::mt19937_64 random(static_cast<unsigned long>(m + 1000 * (d + 1000 * k)));
        std::normal_distribution<double> normal;
        const auto draw = [&](std::int64_t n, double scale) {
            Values values(size(n));
            std::generate(values.begin(), values.end(), [&] { return scale * normal(random); });
            return values;
        };
        constants = draw(k, 1.0);
        means = draw(k * d, spread);
        for (double& mean : means) mean += offset;
        for (std::int64_t i = 0; i < m * d; ++i)  // every row near some mean
            rows[size(i)] = static_cast<S>(means[size(i % (k * d))] + 2.0 * normal(random));
        weights = draw(m, 1.0);
        for (std::size_t i = 0; i < weights.size(); ++i)
            weights[i] = i % 10 == 3 ? 0.0 : std::abs(weights[i]);
        whitening = draw(entries(), 1.0);
        for (std::int64_t at = 0; at < entries(); ++at) {
            double& w = whitening[size(at)];
            const std::int64_t i = at / d % d, j = at % d;
            if (!is_triangular(form) || i == j) w = 0.5 + std::abs(w);
            else w = j < i ? w / static_cast<double>(d) : 0.0;
        }
    }

    // How many numbers the whitening takes.
    std::int64_t entries() const {
        const std::int64_t one = is_triangular(form) ? d * d : form == Form::diagonal ? d : 1;
        return form == Form::shared_triangular ? one : k * one;
    }
    // W_c's entry (j, i), whichever the form.
    double factor(std::int64_t c, std::int64_t j, std::int64_t i) const {
        switch (form) {
            case Form::triangular: return whitening[size((c * d + j) * d + i)];
            case Form::shared_triangular: return whitening[size(j * d + i)];
            case Form::diagonal: return i == j ? whitening[size(c * d + j)] : 0.0;
            case Form::spherical: return i == j ? whitening[size(c)] : 0.0;
        }
        return 0.0;
    }
    Components components() const {
        return {form, k, d, constants.data(), means.data(), whitening.data()};
    }
    void announce(const char* more = "") const {
        std::snprintf(about, sizeof about, "%s, %s, D = %d, K = %d, %s rows%s",
                      mixtura::instruction_set(), form_names[static_cast<int>(form)],
                      static_cast<int>(d), static_cast<int>(k), sizeof(S) == 8 ? "double" : "float",
                      more);
    }
};
