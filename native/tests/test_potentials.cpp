// What k-means++ weighs its candidates by: the sums of what each would leave of the distances.
#include <algorithm>

#include "answer.hpp"

namespace {

void check(Form form, std::int64_t m, std::int64_t d, std::int64_t k, bool weighted) {
    const Case<double> it(form, m, d, k);
    it.announce(weighted ? ", weighted" : "");
    const Answer known = answer(it, m, Posterior::soft, weighted, true);
    for (const bool update : {false, true}) {
        Guarded<double> nearest(m), sums(k);
        for (std::int64_t i = 0; i < m; ++i)
            nearest.data()[i] =
                i % 3 ? static_cast<double>(i % 7) : std::numeric_limits<double>::infinity();
        const Values before(nearest.data(), nearest.data() + m);
        const Values rows(it.rows.begin(), it.rows.begin() + m * d);
        const Values weights(it.weights.begin(), it.weights.begin() + m);
        mixtura::potentials(it.components(), rows.data(), weighted ? weights.data() : nullptr, m,
                            nearest.data(), update, sums.data());
        CHECK(nearest.intact() && sums.intact());
        for (std::int64_t c = 0; c < k; ++c) {
            double sum = 0.0;
            for (std::int64_t i = 0; i < m; ++i)
                sum += (weighted ? weights[size(i)] : 1.0) *
                       std::min(before[size(i)], known.squared_distances[i * k + c]);
            CHECK(std::abs(sums[c] - sum) <= 1e-13 * sum);
        }
        for (std::int64_t i = 0; i < m; ++i) {
            double least = before[size(i)];
            for (std::int64_t c = 0; update && c < k; ++c)
                least = std::min(least, known.squared_distances[i * k + c]);
            CHECK(nearest[i] == least);
        }
    }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const Form form : forms)
            for (const std::int64_t d : {1, 2, 4, 7, 8, 9, 33})
                for (const std::int64_t m : {0, 1, 9, 500})
                    for (const bool weighted : {false, true}) check(form, m, d, 5, weighted);
    }
    return failures != 0;
}
