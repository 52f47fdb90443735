// Clusterings: what is drawn depends on labels and state alone, and stays within its arrays.
#include "mixtura/clusterings.hpp"

#include <algorithm>
#include <limits>

#include "cases.hpp"
#include "guarded.hpp"

using mixtura::ClusteringProblem, mixtura::ClusteringRule, mixtura::ScatterForm;

namespace {

constexpr std::int64_t n = 60, d = 3, most = 6;
constexpr double infinity = std::numeric_limits<double>::infinity();

// K from 1 to 6, all alike, of weights that are so too; β₀ = 0.5, ν₀ = 5.
struct Problem {
    Case<double> it{Form::triangular, n, d, 3, 4.0};
    Values mean, scale, sizes, normalisers, counts;
    ScatterForm form;
    bool pooled;

    Problem(ScatterForm form, bool pooled) : mean(d), form(form), pooled(pooled) {
        const bool one = form == ScatterForm::spherical;
        scale.assign(size(one ? 1 : form == ScatterForm::diagonal ? d : d * d), 0.0);
        for (std::int64_t j = 0; j < (one ? 1 : d); ++j)
            scale[size(form == ScatterForm::full ? j * (d + 1) : j)] = 1.0;
        for (std::int64_t i = 0; i <= n; ++i) {
            const double rows = static_cast<double>(i);
            sizes.push_back(std::lgamma(1.0 + rows) - 1.5 * std::log(1.0 + 2.0 * rows));
            double sum = 0.0;
            for (std::int64_t j = 0; j < (one ? 1 : d); ++j) {
                const double less = form == ScatterForm::full ? static_cast<double>(j) : 0.0;
                const double half = 0.5 * (5.0 - less), more = 0.5 * rows * (one ? 3.0 : 1.0);
                sum += std::lgamma(half + more) - std::lgamma(half);
            }
            normalisers.push_back(sum);
        }
        for (std::int64_t t = 0; t <= n + 1; ++t) {
            double sum = 0.0;
            for (std::int64_t k = std::max<std::int64_t>(t, 1); k <= most; ++k)
                sum += std::tgamma(static_cast<double>(k + 1)) /
                       std::tgamma(static_cast<double>(k - t + 1)) *
                       std::exp(std::lgamma(static_cast<double>(k)) -
                                std::lgamma(static_cast<double>(k + n)) + 150.0);
            counts.push_back(t <= most ? std::log(sum) : -infinity);
        }
    }
    ClusteringProblem of() const {
        return {it.rows.data(),
                n,
                d,
                mean.data(),
                0.5,
                5.0,
                scale.data(),
                form,
                pooled,
                sizes.data(),
                normalisers.data(),
                counts.data()};
    }
};

struct Drawn {
    Guarded<std::int32_t> labels;
    Guarded<double> heights;
    Guarded<std::int64_t> accepted, now, state;

    explicit Drawn(std::int64_t n_sweeps)
        : labels(n_sweeps * n), heights(n_sweeps), accepted(2), now(n), state(1) {
        std::fill_n(accepted.data(), 2, 0);
        std::fill_n(now.data(), n, 0);
        *state.data() = 11;
    }
    void go_on(const ClusteringProblem& problem, std::int64_t from, std::int64_t n_sweeps) {
        sample_clusterings(problem, ClusteringRule{n_sweeps, 2, 1}, now.data(), state.data(),
                           {labels.data() + from * n, heights.data() + from, accepted.data()});
    }
    bool intact() const {
        return labels.intact() && heights.intact() && accepted.intact() && now.intact() &&
               state.intact();
    }
};

void test(ScatterForm form, bool pooled) {
    std::snprintf(about, sizeof about, "form %d, pooled %d", static_cast<int>(form), pooled);
    constexpr std::int64_t n_sweeps = 30;
    const Problem problem(form, pooled);
    Drawn together(n_sweeps), apart(n_sweeps);
    together.go_on(problem.of(), 0, n_sweeps);
    for (std::int64_t sweep = 0; sweep < n_sweeps; ++sweep) apart.go_on(problem.of(), sweep, 1);
    CHECK(together.intact() && apart.intact());
    CHECK(together.labels.same_bits(apart.labels) && together.heights.same_bits(apart.heights));
    CHECK(together.accepted.same_bits(apart.accepted) && together.state.same_bits(apart.state));
    CHECK(together.accepted[0] > 0);
    for (std::int64_t sweep = 0; sweep < n_sweeps; ++sweep) {
        CHECK(std::isfinite(together.heights[sweep]));
        std::int32_t next = 0;  // clusters are numbered by their first rows
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int32_t label = together.labels[sweep * n + i];
            CHECK(label >= 0 && label <= next && label < most);
            next = std::max(next, label + 1);
        }
    }
}

}  // namespace

int main() {
    for (const auto form : {ScatterForm::full, ScatterForm::diagonal, ScatterForm::spherical})
        for (const bool pooled : {false, true}) test(form, pooled);
    return failures > 0;
}
