// Moments for given responsibilities are their weighted sums to within rounding, and a component
// that no row belongs to changes nothing.
#include "answer.hpp"
#include "scalar.hpp"

namespace {

// Any responsibilities (m, K); one in five is exactly zero.
Values drawn_shares(std::int64_t m, std::int64_t k) {
    std::mt19937_64 random(static_cast<unsigned long>(m + k));
    std::uniform_real_distribution<double> uniform;
    Values shares(size(m * k));
    for (double& share : shares) share = std::max(0.0, uniform(random) - 0.2);
    return shares;
}

template <class S>
Answer summed(const Case<S>& it, const Values& shares, bool weighted, bool diagonal) {
    Answer found(it.m, it.d, it.k, diagonal);
    mixtura::moments(it.rows.data(), weighted ? it.weights.data() : nullptr, it.m, shares.data(),
                     it.means.data(), it.k, it.d, found.everything(Posterior::soft));
    CHECK(found.intact());
    CHECK(std::isnan(found.total[0]));  // responsibilities alone do not state one
    return found;
}

template <class S> void check(std::int64_t m, std::int64_t d, std::int64_t k, double offset) {
    const Case<S> it(Form::diagonal, m, d, k, 1.0, offset);
    const Scalar<S> scalar(it);
    const Values shares = drawn_shares(m, k);
    for (const bool weighted : {false, true}) {
        it.announce(", moments");
        ScalarSums<S> sums(it);
        for (std::int64_t i = 0; i < m; ++i) {
            std::vector<Bounded> row(size(k));
            for (std::int64_t c = 0; c < k; ++c) row[size(c)].value = shares[size(i * k + c)];
            sums.add(scalar, i, weighted ? it.weights[size(i)] : 1.0, {}, row);
        }
        const Answer full = summed(it, shares, weighted, false);
        const Answer diagonal = summed(it, shares, weighted, true);
        CHECK(full.same_sums(summed(it, shares, weighted, false)));
        CHECK(diagonal.same_sums(summed(it, shares, weighted, true)));
        for (std::int64_t c = 0; c < k; ++c) {
            CHECK(sums.weight[size(c)].admits(full.weight[c]));
            CHECK(sums.weight[size(c)].admits(diagonal.weight[c]));
        }
        for (std::int64_t at = 0; at < k * d; ++at) {
            CHECK(sums.first[size(at)].admits(full.first[at]));
            CHECK(sums.first[size(at)].admits(diagonal.first[at]));
            CHECK(sums.second[size(at * d + at % d)].admits(diagonal.second[at]));
        }
        for (std::int64_t at = 0; at < k * d * d; ++at) {
            const std::int64_t c = at / d / d, i = at / d % d, j = at % d;
            if (j <= i) CHECK(sums.second[size(at)].admits(full.second[at]));
            else CHECK(full.second[at] == full.second[(c * d + j) * d + i]);
        }
    }
}

// Rows that a component has no share of may as well not be there.
template <class S> void check_unclaimed(std::int64_t d) {
    const Case<S> it(Form::diagonal, 300, d, 3);
    it.announce(", unclaimed");
    Values shares = drawn_shares(it.m, it.k);
    for (std::int64_t i = 0; i < it.m; ++i) {
        shares[size(i * it.k + 1)] = 0.0;                  // a component without any
        if (i / 16 % 3) shares[size(i * it.k + 2)] = 0.0;  // one of whole registers here and there
    }
    Case<S> moved = it;  // the rows that the last one has no share of, elsewhere
    for (std::int64_t i = 0; i < it.m; ++i)
        for (std::int64_t j = 0; j < d && i / 16 % 3; ++j) moved.rows[size(i * d + j)] += S(100);
    for (const bool diagonal : {false, true}) {
        const Answer found = summed(it, shares, true, diagonal);
        const Answer other = summed(moved, shares, true, diagonal);
        const std::int64_t entries = diagonal ? d : d * d;
        CHECK(found.weight[1] == 0.0);
        for (std::int64_t j = 0; j < d; ++j) CHECK(found.first[d + j] == 0.0);
        for (std::int64_t j = 0; j < entries; ++j) CHECK(found.second[entries + j] == 0.0);
        CHECK(found.weight[2] == other.weight[2]);
        for (std::int64_t j = 0; j < d; ++j)
            CHECK(found.first[2 * d + j] == other.first[2 * d + j]);
        for (std::int64_t j = 0; j < entries; ++j)
            CHECK(found.second[2 * entries + j] == other.second[2 * entries + j]);
    }
}

template <class S> void check_all() {
    for (const std::int64_t d : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 32, 33, 65})
        for (const std::int64_t m : {0, 1, 7, 8, 9, 33, 600})
            for (const double offset : {0.0, 1e4}) check<S>(m, d, 3, offset);
    for (const std::int64_t d : {1, 2, 3, 4, 5, 9, 17}) check_unclaimed<S>(d);
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
