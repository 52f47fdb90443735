// A group ends as it does alone, with sound parameters of its structure, whatever the others hold.
#include "mixtura/groups.hpp"

#include <cstring>
#include <limits>
#include <numeric>

#include "cases.hpp"
#include "guarded.hpp"

using mixtura::GroupCandidate, mixtura::GroupedRows, mixtura::GroupEnds, mixtura::GroupRule;
using mixtura::Structure;

namespace {

constexpr int n_structures = static_cast<int>(std::size(mixtura::structure_names));

struct Answer {
    Guarded<std::int64_t> chosen, n_steps, n_rows;
    Guarded<bool> converged;
    Guarded<double> log_likelihood, bic, weights, means, covariances;

    Answer(std::int64_t g, std::int64_t k, std::int64_t d)
        : chosen(g), n_steps(g), n_rows(g), converged(g), log_likelihood(g), bic(g), weights(g * k),
          means(g * k * d), covariances(g * k * d * d) {}
    GroupEnds ends() {
        return {chosen.data(),    n_steps.data(),        n_rows.data(),
                converged.data(), log_likelihood.data(), bic.data(),
                weights.data(),   means.data(),          covariances.data()};
    }
    bool intact() const {
        return chosen.intact() && n_steps.intact() && n_rows.intact() && converged.intact() &&
               log_likelihood.intact() && bic.intact() && weights.intact() && means.intact() &&
               covariances.intact();
    }
};

struct Groups {
    std::int64_t d, g;
    Values rows, weights;
    std::vector<std::int64_t> starts, stops, seeds;

    // Groups of very different sizes, some with rows that are no numbers or all the same.
    Groups(std::int64_t d, std::int64_t g) : d(d), g(g), starts(size(g)), seeds(size(g)) {
        Values drawn;
        for (std::int64_t i = 0; i < g; ++i) {
            const std::int64_t n = i % 7 == 5 ? i % 4 : 20 + 13 * i % 60;
            const Case<double> it(Form::triangular, n, d, 1 + i % 3, 3.0);
            starts[size(i)] = static_cast<std::int64_t>(rows.size()) / d;
            stops.push_back(starts[size(i)] + n);
            seeds[size(i)] = 1000 + i;
            rows.insert(rows.end(), it.rows.begin(), it.rows.begin() + n * d);
            weights.insert(weights.end(), it.weights.begin(), it.weights.begin() + n);
            if (i % 7 == 3) rows.back() = std::numeric_limits<double>::quiet_NaN();
            if (i % 7 == 6) std::fill(rows.end() - n * d, rows.end(), 2.0);
        }
    }
    GroupedRows of(std::int64_t first, std::int64_t count, bool weighted) const {
        return {rows.data(),
                weighted ? weights.data() : nullptr,
                nullptr,
                starts.data() + first,
                stops.data() + first,
                seeds.data() + first,
                count,
                d};
    }
};

constexpr GroupRule rule{0.0, 1e-8, false, 1e-8, 1e-3, false, 200, 7, 3, 3, true, 1e-4, 15.0};

void test_each_group_as_alone(std::int64_t d, bool weighted) {
    const Groups groups(d, 40);
    const GroupCandidate candidates[] = {{1, Structure::VVV},
                                         {2, Structure::VVV},
                                         {3, Structure::VVV},
                                         {2, Structure::EEE},
                                         {2, Structure::VII}};
    Answer together(groups.g, 3, d);
    fit_groups(groups.of(0, groups.g, weighted), candidates, 5, rule, together.ends());
    CHECK(together.intact());
    std::int64_t fitted = 0;
    for (std::int64_t i = 0; i < groups.g; ++i) {
        std::snprintf(about, sizeof about, "D %d, group %d", static_cast<int>(d),
                      static_cast<int>(i));
        Answer alone(1, 3, d);
        fit_groups(groups.of(i, 1, weighted), candidates, 5, rule, alone.ends());
        CHECK(alone.intact());
        const std::int64_t chosen = together.chosen[i];
        CHECK(chosen == alone.chosen[0]);
        CHECK(i % 7 == 3 || i % 7 == 6 ? chosen == -1 : true);
        if (chosen < 0) continue;
        ++fitted;
        const std::int64_t k = candidates[chosen].n_components;
        CHECK(std::memcmp(together.means.data() + i * 3 * d, alone.means.data(),
                          size(k * d) * sizeof(double)) == 0);
        CHECK(std::memcmp(together.covariances.data() + i * 3 * d * d, alone.covariances.data(),
                          size(k * d * d) * sizeof(double)) == 0);
        CHECK(together.bic[i] == alone.bic[0] && std::isfinite(together.bic[i]));
        CHECK(together.n_rows[i] <= groups.stops[size(i)] - groups.starts[size(i)]);
        double sum = 0.0;
        for (std::int64_t c = 0; c < k; ++c) sum += together.weights[i * 3 + c];
        CHECK(close(sum, 1.0, 1.0));
    }
    CHECK(fitted >= groups.g / 3);
}

void test_rows_in_any_order() {
    const Groups groups(2, 14);
    std::vector<std::int64_t> order(groups.rows.size() / 2);
    std::iota(order.rbegin(), order.rend(), 0);
    Values turned(groups.rows.size());
    for (std::size_t at = 0; at < order.size(); ++at)
        std::copy_n(&groups.rows[2 * at], 2, &turned[2 * size(order[at])]);
    const GroupCandidate candidates[] = {{2, Structure::VVV}};
    Answer plain(groups.g, 2, 2), by_order(groups.g, 2, 2);
    fit_groups(groups.of(0, groups.g, false), candidates, 1, rule, plain.ends());
    GroupedRows of = groups.of(0, groups.g, false);
    of.rows = turned.data();
    of.order = order.data();
    fit_groups(of, candidates, 1, rule, by_order.ends());
    for (std::int64_t i = 0; i < groups.g; ++i) {
        CHECK(plain.chosen[i] == by_order.chosen[i]);
        CHECK(plain.chosen[i] < 0 || plain.bic[i] == by_order.bic[i]);
    }
}

void test_every_structure() {
    for (int s = 0; s < n_structures; ++s) {
        std::snprintf(about, sizeof about, "%s", mixtura::structure_names[s]);
        for (std::int64_t d = 1; d <= 4; ++d) {
            const Groups groups(d, 3);
            const GroupCandidate candidates[] = {{1, static_cast<Structure>(s)},
                                                 {2, static_cast<Structure>(s)}};
            Answer answer(groups.g, 2, d);
            fit_groups(groups.of(0, groups.g, false), candidates, 2, rule, answer.ends());
            CHECK(answer.intact());
            for (std::int64_t i = 0; i < groups.g; ++i) {
                if (answer.chosen[i] < 0) continue;
                const std::int64_t k = candidates[answer.chosen[i]].n_components;
                const double* covariance = answer.covariances.data() + i * 2 * d * d;
                for (std::int64_t at = 0; at < k * d * d; ++at)
                    CHECK(std::isfinite(covariance[at]));
                for (std::int64_t j = 0; j < d; ++j) CHECK(covariance[j * (d + 1)] > 0.0);
            }
        }
    }
}

}  // namespace

int main() {
    for (std::int64_t d = 1; d <= 5; d += 2) {
        test_each_group_as_alone(d, false);
        test_each_group_as_alone(d, true);
    }
    test_rows_in_any_order();
    test_every_structure();
    return failures != 0;
}
