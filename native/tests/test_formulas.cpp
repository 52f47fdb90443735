// A pass gives the formulas' values to within rounding, whatever the form, the shape, the rows'
// type, their weights and the instruction set; it writes nothing beside what it was asked for, and
// the same bits each time.
#include "answer.hpp"
#include "scalar.hpp"

namespace {

constexpr std::int64_t row_counts[] = {0, 1, 7, 8, 9, 31, 32, 33, 500};
constexpr std::int64_t most_rows = 500;

template <class S>
void check_sums(const Answer& found, const ScalarSums<S>& sums, const Case<S>& it) {
    CHECK(sums.total.admits(found.total[0]));
    for (std::int64_t c = 0; c < it.k; ++c) CHECK(sums.weight[size(c)].admits(found.weight[c]));
    for (std::int64_t at = 0; at < it.k * it.d; ++at) {
        CHECK(sums.first[size(at)].admits(found.first[at]));
        if (found.diagonal)
            CHECK(sums.second[size(at * it.d + at % it.d)].admits(found.second[at]));
    }
    if (found.diagonal) return;
    for (std::int64_t at = 0; at < it.k * it.d * it.d; ++at) {
        const std::int64_t c = at / it.d / it.d, i = at / it.d % it.d, j = at % it.d;
        const std::int64_t mirrored = (c * it.d + j) * it.d + i;
        if (j <= i) CHECK(sums.second[size(at)].admits(found.second[at]));
        else CHECK(found.second[at] == found.second[mirrored]);
    }
}

// What is known of each row does not depend on the rows beside it.
void check_rows(const Answer& found, const Answer& among_all, std::int64_t m, std::int64_t k,
                Posterior posterior) {
    CHECK(found.squared_distances.same_bits(among_all.squared_distances, m * k));
    CHECK(found.log_joint.same_bits(among_all.log_joint, m * k));
    CHECK(found.labels.same_bits(among_all.labels, m));
    if (posterior == Posterior::hard) return;
    CHECK(found.log_likelihood.same_bits(among_all.log_likelihood, m));
    CHECK(found.responsibilities.same_bits(among_all.responsibilities, m * k));
}

template <class S>
void check_scores(const Answer& found, const Case<S>& it, const std::vector<Scored>& rows) {
    for (std::int64_t i = 0; i < it.m; ++i) {
        const Scored& row = rows[size(i)];
        const std::int64_t label = found.labels[i];
        CHECK(label >= 0 && label < it.k);
        double shares = 0.0;
        for (std::int64_t c = 0; c < it.k; ++c) {
            const std::int64_t at = i * it.k + c;
            CHECK(row.squared_distances[size(c)].admits(found.squared_distances[at]));
            CHECK(row.log_joint[size(c)].admits(found.log_joint[at]));
            CHECK(row.responsibilities[size(c)].admits(found.responsibilities[at]));
            // The label's density is the largest that was computed, and the first such.
            CHECK(found.log_joint[at] <= found.log_joint[i * it.k + label]);
            CHECK(c >= label || found.log_joint[at] < found.log_joint[i * it.k + label]);
            shares += found.responsibilities[at];
        }
        CHECK(row.log_likelihood.admits(found.log_likelihood[i]));
        CHECK(std::abs(shares - 1.0) <=
              static_cast<double>(it.k + 3) * std::numeric_limits<S>::epsilon());
    }
}

// Sums at each of the row counts.
template <class S>
std::vector<ScalarSums<S>> sums_of(const Case<S>& it, const std::vector<Scored>& rows,
                                   bool weighted) {
    const Scalar<S> scalar(it);
    std::vector<ScalarSums<S>> all;
    ScalarSums<S> sums(it);
    std::int64_t i = 0;
    for (const std::int64_t m : row_counts) {
        for (; i < m; ++i)
            sums.add(scalar, i, weighted ? static_cast<Real>(it.weights[size(i)]) : 1,
                     rows[size(i)].log_likelihood, rows[size(i)].responsibilities);
        all.push_back(sums);
    }
    return all;
}

template <class S> void check(Form form, std::int64_t d, std::int64_t k) {
    const Case<S> it(form, most_rows, d, k);
    const Scalar<S> scalar(it);
    std::vector<Scored> rows;
    for (std::int64_t i = 0; i < it.m; ++i) rows.push_back(scalar.scored(i));
    const bool diagonal = !is_triangular(form);
    for (const bool weighted : {false, true}) {
        const auto sums = sums_of(it, rows, weighted);
        for (const char* name : usable_instruction_sets()) {
            mixtura::use_instruction_set(name);
            it.announce(weighted ? ", weighted" : "");
            const Answer all = answer(it, it.m, Posterior::soft, weighted, diagonal);
            check_scores(all, it, rows);
            // Any form of factor goes with either form of second moments.
            check_sums(answer(it, it.m, Posterior::soft, weighted, !diagonal), sums.back(), it);
            for (std::size_t n = 0; n < std::size(row_counts); ++n) {
                const std::int64_t m = row_counts[n];
                const Answer found = answer(it, m, Posterior::soft, weighted, diagonal);
                CHECK(found.intact());
                check_sums(found, sums[n], it);
                check_rows(found, all, m, k, Posterior::soft);
                CHECK(found.same_bits(answer(it, m, Posterior::soft, weighted, diagonal)));
            }
        }
    }
}

template <class S> void check_shapes() {
    for (const Form form : forms) {
        Bounded::worst = 0;
        for (std::int64_t d = 1; d <= 20; ++d)
            for (const std::int64_t k : {1, 2, 3, 4, 5, 9})
                if (d < 10 || k == 2 || k == 5) check<S>(form, d, k);
        for (const std::int64_t d : {31, 32, 33, 64}) check<S>(form, d, 3);
        for (const std::int64_t d : {127, 128, 129, 130}) check<S>(form, d, 2);
        std::printf("%s, %s rows: %.2g of the rounding allowed\n",
                    form_names[static_cast<int>(form)], sizeof(S) == 8 ? "double" : "float",
                    static_cast<double>(Bounded::worst));
    }
}

}  // namespace

int main() {
    check_shapes<double>();
    check_shapes<float>();
    return failures != 0;
}
