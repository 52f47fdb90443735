// A pass by pattern gives what a pass over the features that a pattern has gives: of the first of
// them, whose factor is the first part of the whole one. Missing features have the sums expected of
// them, and each result alone lies where it is asked for.
#include <array>
#include <memory>

#include "answer.hpp"

namespace {

constexpr double log_two_pi = 1.8378770664093453;

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * (1.0 + std::abs(b)); }

// L_k in the case's form, and the log weights that go with its constants.
struct Held {
    explicit Held(const Case<double>& it) : lower(it.whitening), log_weights(it.constants) {
        const std::int64_t n = it.form == Form::triangular ? it.k : 1;
        if (is_triangular(it.form))
            mixtura::invert_lower(it.whitening.data(), n, it.d, lower.data());
        else
            for (double& value : lower) value = 1.0 / value;
        for (std::int64_t c = 0; c < it.k; ++c)
            for (std::int64_t j = 0; j < it.d; ++j)
                log_weights[size(c)] += 0.5 * log_two_pi - std::log(it.factor(c, j, j));
    }
    Values lower, log_weights;
};

// The case's components in its first n features.
struct First {
    First(const Case<double>& it, const Held& held, std::int64_t n) : constants(held.log_weights) {
        for (std::int64_t c = 0; c < it.k; ++c) {
            for (std::int64_t j = 0; j < n; ++j) {
                means.push_back(it.means[size(c * it.d + j)]);
                constants[size(c)] += std::log(it.factor(c, j, j)) - 0.5 * log_two_pi;
                for (std::int64_t i = 0; i < n; ++i)
                    whitening.push_back(i <= j ? it.factor(c, j, i) : 0.0);
            }
        }
        components = {Form::triangular, it.k, n, constants.data(), means.data(), whitening.data()};
    }
    Values constants, means, whitening;
    Components components{};
};

void check(Form form, std::int64_t d, std::int64_t n, Posterior posterior, bool diagonal) {
    const Case<double> it(form, 67, d, 5);
    it.announce(", by pattern");
    const Held held(it);
    const First first(it, held, n);
    const mixtura::Factors factors{
        form, it.k, d, held.log_weights.data(), it.means.data(), held.lower.data(), nullptr};
    std::vector<std::int64_t> order(size(it.m));
    for (std::int64_t i = 0; i < it.m; ++i) order[size(i)] = it.m - 1 - i;
    const std::array<std::int64_t, 2> starts{0, it.m};
    const auto observed = std::make_unique<bool[]>(size(d));
    for (std::int64_t j = 0; j < d; ++j) observed[size(j)] = j < n;
    Values part;
    for (std::int64_t i = 0; i < it.m; ++i)
        for (std::int64_t j = 0; j < n; ++j) part.push_back(it.rows[size(i * d + j)]);

    Answer found(it.m, d, it.k, diagonal), expected(it.m, n, it.k, false);
    mixtura::pass_by_pattern(factors, posterior, it.rows.data(), it.weights.data(), it.m,
                             {1, order.data(), starts.data(), observed.get()},
                             found.everything(posterior));
    mixtura::pass(first.components, posterior, part.data(), it.weights.data(), it.m,
                  expected.everything(posterior));
    CHECK(found.intact());
    for (std::int64_t i = 0; i < it.m * it.k; ++i) {
        CHECK(near(found.squared_distances.data()[i], expected.squared_distances.data()[i]));
        CHECK(near(found.log_joint.data()[i], expected.log_joint.data()[i]));
        if (posterior == Posterior::soft)
            CHECK(near(found.responsibilities.data()[i], expected.responsibilities.data()[i]));
    }
    for (std::int64_t i = 0; i < it.m; ++i)
        CHECK(found.labels.data()[i] == expected.labels.data()[i]);
    CHECK(near(found.total.data()[0], expected.total.data()[0]));
    for (std::int64_t c = 0; c < it.k; ++c) {
        CHECK(near(found.weight.data()[c], expected.weight.data()[c]));
        for (std::int64_t i = 0; i < n; ++i) {
            CHECK(near(found.first.data()[c * d + i], expected.first.data()[c * n + i]));
            for (std::int64_t j = diagonal ? i : 0; j < n; ++j) {
                const double there = expected.second.data()[(c * n + i) * n + j];
                if (diagonal && i == j) CHECK(near(found.second.data()[c * d + i], there));
                if (!diagonal) CHECK(near(found.second.data()[(c * d + i) * d + j], there));
            }
        }
        // A missing feature varies by no less than what the others leave of its variance.
        for (std::int64_t i = n; i < d; ++i) {
            const double least =
                found.weight.data()[c] / std::pow(it.factor(c, i, i), 2) / (1.0 + 1e-9);
            const double there = diagonal ? found.second.data()[c * d + i]
                                          : found.second.data()[(c * d + i) * d + i];
            CHECK(there >= least);
        }
    }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const Form form : forms)
            for (const std::int64_t d : {1, 2, 5, 9, 17})
                for (const std::int64_t n : {std::int64_t{1}, (d + 1) / 2, d})
                    for (const Posterior posterior : {Posterior::soft, Posterior::hard})
                        for (const bool diagonal : {false, true})
                            check(form, d, n, posterior, diagonal);
    }
    return failures != 0;
}
