// No row is so far out, so small or so oddly signed that a pass gives NaN: a row that is beyond
// every component's reach scores −∞ and takes part in no sum.
#include "answer.hpp"

namespace {

template <class V> bool no_nan(const V& values) {
    return std::none_of(values.data(), values.data() + values.size(),
                        [](double value) { return std::isnan(value); });
}

void check_no_nan(const Answer& found, bool soft) {
    CHECK(no_nan(found.squared_distances));
    CHECK(no_nan(found.log_joint));
    CHECK(no_nan(found.weight));
    CHECK(no_nan(found.first));
    CHECK(no_nan(found.second));
    CHECK(no_nan(found.total));
    CHECK(!soft || no_nan(found.log_likelihood));
    CHECK(!soft || no_nan(found.responsibilities));
    CHECK(found.intact());
}

// Every third row has `value`, at all features or at one.
template <class S> Case<S> with(Case<S> it, S value, bool everywhere) {
    for (std::int64_t i = 0; i < it.m; i += 3)
        for (std::int64_t j = 0; j < it.d; ++j)
            if (everywhere || j == i % it.d) it.rows[size(i * it.d + j)] = i % 2 ? value : -value;
    return it;
}

// Without every third row.
template <class S> Case<S> without(Case<S> it) {
    for (std::int64_t i = 0; i < it.m; i += 3) it.weights[size(i)] = 0.0;
    return it;
}

template <class S> void check_far(const Case<S>& plain, S value, bool everywhere) {
    const Case<S> it = with(plain, value, everywhere);
    const bool diagonal = !is_triangular(it.form);
    for (const Posterior posterior : {Posterior::soft, Posterior::hard}) {
        const bool soft = posterior == Posterior::soft;
        it.announce(soft ? ", far" : ", far, hard");
        const Answer found = answer(it, it.m, posterior, true, diagonal);
        check_no_nan(found, soft);
        for (std::int64_t i = 0; i < it.m; i += 3) {
            for (std::int64_t c = 0; c < it.k; ++c) {
                CHECK(std::isinf(found.squared_distances[i * it.k + c]));
                CHECK(found.log_joint[i * it.k + c] == -INFINITY);
                CHECK(!soft || found.responsibilities[i * it.k + c] == 0.0);
            }
            CHECK(!soft || found.log_likelihood[i] == -INFINITY);
            CHECK(found.labels[i] >= 0 && found.labels[i] < it.k);
        }
        CHECK(found.total[0] == -INFINITY);
        // The rows beside them count as if the far ones were not there.
        const Answer expected = answer(without(plain), it.m, posterior, true, diagonal);
        CHECK(found.weight.same_bits(expected.weight));
        CHECK(found.first.same_bits(expected.first));
        CHECK(found.second.same_bits(expected.second));
        // A far row is told of, whatever it weighs.
        const Answer weightless = answer(without(it), it.m, posterior, true, diagonal);
        check_no_nan(weightless, soft);
        CHECK(weightless.total[0] == -INFINITY);
    }
}

// Rows a long way off, but within reach: all that is asked for is a number.
template <class S> void check_distant(const Case<S>& plain, S value) {
    plain.announce(", distant");
    const Answer found = answer(with(plain, value, true), plain.m, Posterior::soft, true,
                                !is_triangular(plain.form));
    check_no_nan(found, true);
    CHECK(std::isfinite(found.total[0]));
}

// Values too small to matter give what zero gives, to within rounding, and −0.0 its very bits.
template <class S> void check_small(const Case<S>& plain) {
    const bool diagonal = !is_triangular(plain.form);
    plain.announce(", small");
    const Answer at_zero =
        answer(with(plain, S(0), true), plain.m, Posterior::soft, true, diagonal);
    for (const S value :
         {std::numeric_limits<S>::denorm_min(), std::numeric_limits<S>::min() / 2}) {
        const Answer found =
            answer(with(plain, value, true), plain.m, Posterior::soft, true, diagonal);
        check_no_nan(found, true);
        CHECK(found.same_bits(at_zero));
    }
}

// A row at a mean, so that every deviation is zero, and rows whose deviations are denormal.
template <class S> void check_at_the_mean(Case<S> it) {
    it.announce(", at the mean");
    for (std::int64_t at = 0; at < it.k * it.d; ++at) {
        it.means[size(at)] = 0.0;
        it.rows[size(at % (it.m * it.d))] = at % 2 ? S(-0.0) : std::numeric_limits<S>::denorm_min();
    }
    const Answer found = answer(it, it.m, Posterior::soft, true, !is_triangular(it.form));
    check_no_nan(found, true);
    for (std::int64_t c = 0; c < it.k; ++c) {
        CHECK(found.squared_distances[c] == 0.0);
        CHECK(close(found.log_joint[c], it.constants[size(c)], 1.0,
                    std::numeric_limits<S>::epsilon()));
    }
}

template <class S> void check_all(S farthest) {
    for (const Form form : forms)
        for (const std::int64_t d : {1, 2, 3, 4, 5, 8, 9, 16, 33})
            for (const std::int64_t k : {1, 3, 5}) {
                const Case<S> it(form, 40, d, k);
                for (const bool everywhere : {true, false}) check_far(it, farthest, everywhere);
                for (const double root : {0.3, 0.4}) check_distant(it, std::pow(farthest, S(root)));
                check_small(it);
                check_at_the_mean(it);
                // Factors so large that the whitening itself overflows, and ∞ − ∞ comes up.
                Case<S> narrow = it;
                for (double& w : narrow.whitening) w *= 1e9;
                check_far(narrow, farthest, true);
            }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        check_all<double>(1e300);
        check_all<float>(3e38f);
    }
    return failures != 0;
}
