// One factor for all components gives what the same factor given K times gives, whether the
// components lie close together, where rows are whitened once, or far apart.
#include <cstring>

#include "answer.hpp"
#include "scalar.hpp"

namespace {

template <class S> void check(std::int64_t d, std::int64_t k, double spread, double offset) {
    const Case<S> shared(Form::shared_triangular, 300, d, k, spread, offset);
    Case<S> repeated = shared;
    repeated.form = Form::triangular;
    repeated.whitening.clear();
    for (std::int64_t c = 0; c < k; ++c)
        repeated.whitening.insert(repeated.whitening.end(), shared.whitening.begin(),
                                  shared.whitening.end());
    char more[60];
    std::snprintf(more, sizeof more, ", spread %g, offset %g", spread, offset);
    shared.announce(more);
    const Answer a = answer(shared, shared.m, Posterior::soft, false, false);
    const Answer b = answer(repeated, shared.m, Posterior::soft, false, false);
    const Scalar<S> scalar(shared);
    for (std::int64_t i = 0; i < shared.m; ++i) {
        const Scored row = scalar.scored(i);
        CHECK(std::abs(a.log_likelihood[i] - b.log_likelihood[i]) <=
              static_cast<double>(2 * row.log_likelihood.error));
        for (std::int64_t c = 0; c < k; ++c) {
            const Bounded& q = row.squared_distances[size(c)];
            CHECK(q.admits(a.squared_distances[i * k + c]));
            CHECK(q.admits(b.squared_distances[i * k + c]));
        }
    }
    // The digits that whitening apart costs: at most those of 32 standard deviations.
    for (std::int64_t at = 0; at < shared.m * k; ++at) {
        const double q = b.squared_distances[at], lost = 64.0 * static_cast<double>(d + 8);
        CHECK(std::abs(a.squared_distances[at] - q) <=
              lost * std::numeric_limits<S>::epsilon() * (std::sqrt(q) + 64.0));
    }
}

template <class S> void check_all() {
    for (const std::int64_t d : {1, 2, 3, 4, 5, 8, 9, 20, 40})
        for (const std::int64_t k : {1, 2, 5})
            for (const double spread : {0.0, 1.0, 5.0, 10.0, 20.0, 100.0, 1e4})
                for (const double offset : {0.0, 1e4}) check<S>(d, k, spread, offset);
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        check_all<double>();
        check_all<float>();
    }
    return failures != 0;
}
