// K-means: seeds that are the best of those drawn, and clusters whose centres are their means.
#include "mixtura/kmeans.hpp"

#include <algorithm>
#include <limits>
#include <random>

#include "cases.hpp"
#include "guarded.hpp"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Problem {
    Case<double> it;
    bool weighted;
    const double* weights() const { return weighted ? it.weights.data() : nullptr; }
    double weight(std::int64_t i) const { return weighted ? it.weights[size(i)] : 1.0; }
    double total() const {
        double sum = 0.0;
        for (std::int64_t i = 0; i < it.m; ++i) sum += weight(i);
        return sum;
    }
    mixtura::WeightedRows rows() const { return {it.rows.data(), weights(), it.m, it.d}; }
    // ‖x_i − c‖², by the textbook.
    double squared(std::int64_t i, const double* centre) const {
        long double sum = 0;
        for (std::int64_t j = 0; j < it.d; ++j) {
            const long double deviation = it.rows[size(i * it.d + j)] - centre[j];
            sum += deviation * deviation;
        }
        return static_cast<double>(sum);
    }
    // Σ v_i min(nearest_i, ‖x_i − x_row‖²), where `nearest` is known.
    double left(const Values& nearest, std::int64_t row) const {
        double sum = 0.0;
        for (std::int64_t i = 0; i < it.m; ++i)
            sum += weight(i) * std::min(nearest[size(i)], squared(i, &it.rows[size(row * it.d)]));
        return sum;
    }
};

std::vector<std::int64_t> check_seeds(const Problem& of) {
    const std::int64_t m = of.it.m, d = of.it.d, k = of.it.k, n_tries = 3;
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> uniform;
    Values draws(size(1 + (k - 1) * n_tries)), nearest(size(m), infinity);
    std::generate(draws.begin(), draws.end(), [&] { return uniform(random); });
    Guarded<std::int64_t> chosen(k);
    mixtura::far_apart(of.rows(), draws.data(), n_tries, 1e-12, k, chosen.data());
    CHECK(chosen.intact());
    if (!of.weighted)
        CHECK(chosen[0] == static_cast<std::int64_t>(draws[0] * static_cast<double>(m)));
    const double* draw = &draws[1];
    for (std::int64_t c = 0; c < k; ++c) {
        CHECK(chosen[c] >= 0 && chosen[c] < m && of.weight(chosen[c]) > 0.0);
        if (c > 0) {
            double all = 0.0, least = infinity;
            for (std::int64_t i = 0; i < m; ++i) all += of.weight(i) * nearest[size(i)];
            for (std::int64_t t = 0; t < n_tries; ++t) {
                double reached = 0.0;
                std::int64_t row = 0;
                for (; row + 1 < m; ++row)
                    if ((reached += of.weight(row) * nearest[size(row)]) >= all * *draw) break;
                least = std::min(least, of.left(nearest, row));
                ++draw;
            }
            CHECK(of.left(nearest, chosen[c]) <= (1.0 + 1e-9) * least);
        }
        for (std::int64_t i = 0; i < m; ++i)
            nearest[size(i)] =
                std::min(nearest[size(i)], of.squared(i, &of.it.rows[size(chosen[c] * d)]));
    }
    return {chosen.data(), chosen.data() + k};
}

struct Ended {
    explicit Ended(const Problem& of)
        : labels(of.it.m), weight(of.it.k), first(of.it.k * of.it.d), second(of.it.k * of.it.d),
          total(1), centres(of.it.k * of.it.d) {}
    bool run(const Problem& of, const Values& from) {
        std::copy(from.begin(), from.end(), centres.data());
        Results results{};
        results.labels = labels.data();
        results.weight = weight.data();
        results.first = first.data();
        results.second = second.data();
        results.diagonal = true;
        results.total = total.data();
        const mixtura::LloydRule rule{0.0, 1e-9, 1e-9, of.total(), 300};
        return mixtura::lloyd(of.rows(), rule, of.it.k, centres.data(), results);
    }
    Guarded<std::int64_t> labels;
    Guarded<double> weight, first, second, total, centres;
};

void check(std::int64_t m, std::int64_t d, std::int64_t k, bool weighted) {
    Problem of{Case<double>(Form::spherical, m, d, k, 8.0), weighted};
    of.it.announce(weighted ? ", weighted" : "");
    const auto seeds = check_seeds(of);
    Values from(size(k * d));
    for (std::int64_t c = 0; c < k; ++c)
        std::copy_n(&of.it.rows[size(seeds[size(c)] * d)], d, &from[size(c * d)]);
    Ended ended(of);
    const bool sound = ended.run(of, from);
    CHECK(sound);
    CHECK(ended.labels.intact() && ended.weight.intact() && ended.first.intact() &&
          ended.second.intact() && ended.total.intact() && ended.centres.intact());
    Values weight(size(k), 0.0), sums(size(k * d), 0.0);
    for (std::int64_t i = 0; i < m; ++i) {
        const std::int64_t own = ended.labels[i];
        double least = infinity;
        for (std::int64_t c = 0; c < k; ++c)
            least = std::min(least, of.squared(i, ended.centres.data() + c * d));
        CHECK(of.squared(i, ended.centres.data() + own * d) <= (1.0 + 1e-12) * least);
        weight[size(own)] += of.weight(i);
        for (std::int64_t j = 0; j < d; ++j)
            sums[size(own * d + j)] += of.weight(i) * of.it.rows[size(i * d + j)];
    }
    for (std::int64_t at = 0; at < k * d; ++at) {
        CHECK(std::abs(ended.weight[at / d] - weight[size(at / d)]) <= 1e-12 * of.total());
        CHECK(close(ended.centres[at], sums[size(at)] / weight[size(at / d)], 10.0));
    }
    if (k > 1) {  // nothing is nearer to the second of two that are one
        std::copy_n(from.begin(), d, from.begin() + d);
        CHECK(!ended.run(of, from));
    }
    of.it.rows[0] = 1e200;
    CHECK(!ended.run(of, from));
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const std::int64_t d : {1, 2, 5, 9, 33})
            for (const std::int64_t k : {1, 2, 5})
                for (const bool weighted : {false, true}) check(300, d, k, weighted);
    }
    return failures != 0;
}
