// A hard posterior gives each row wholly to the component of largest log joint density, the first
// of equals; with unit scales and no constants that is the nearest mean.
#include "answer.hpp"
#include "scalar.hpp"

namespace {

// The statistics of rows that belong to one component each: in double, whatever the rows' type.
template <class S> void check_sums(const Answer& found, const Case<S>& it, std::int64_t m,
                                   bool weighted) {
    constexpr Real rounding = 600 * std::numeric_limits<double>::epsilon();  // m additions
    const Scalar<S> scalar(it);
    std::vector<Bounded> weight(size(it.k)), first(size(it.k * it.d)),
        second(size(it.k * it.d * it.d));
    Bounded total;
    for (std::int64_t i = 0; i < m; ++i) {
        const std::int64_t c = found.labels[i];
        const Real v = weighted ? static_cast<Real>(it.weights[size(i)]) : 1;
        const auto add = [&](Bounded& sum, Real term) { sum.add(term, rounding * std::abs(term)); };
        add(weight[size(c)], v);
        add(total, v * static_cast<Real>(found.log_joint[i * it.k + c]));
        for (std::int64_t j = 0; j < it.d; ++j) {
            const Real d = scalar.deviation(i, c, j);
            add(first[size(c * it.d + j)], v * d);
            for (std::int64_t l = 0; l < it.d; ++l)
                add(second[size((c * it.d + j) * it.d + l)], v * d * scalar.deviation(i, c, l));
        }
    }
    CHECK(total.admits(found.total[0]));
    for (std::int64_t c = 0; c < it.k; ++c) CHECK(weight[size(c)].admits(found.weight[c]));
    for (std::int64_t at = 0; at < it.k * it.d; ++at)
        CHECK(first[size(at)].admits(found.first[at]));
    for (std::int64_t at = 0; at < found.second.size(); ++at)
        CHECK(second[size(found.diagonal ? at * it.d + at % it.d : at)].admits(found.second[at]));
}

template <class S> void check(Form form, std::int64_t m, std::int64_t d, std::int64_t k) {
    const Case<S> it(form, m, d, k);
    for (const bool weighted : {false, true})
        for (const bool diagonal : {false, true}) {
            it.announce(diagonal ? ", diagonals" : ", matrices");
            const Answer found = answer(it, m, Posterior::hard, weighted, diagonal);
            CHECK(found.intact());
            CHECK(found.same_bits(answer(it, m, Posterior::hard, weighted, diagonal)));
            for (std::int64_t at = 0; at < m * k; ++at) {
                const std::int64_t label = found.labels[at / k];
                CHECK(label >= 0 && label < k);
                const double chosen = found.log_joint[at / k * k + label];
                CHECK(at % k < label ? found.log_joint[at] < chosen
                                     : found.log_joint[at] <= chosen);
            }
            check_sums(found, it, m, weighted);
        }
}

// Whole numbers have squared distances without rounding, so that ties are ties.
template <class S> void check_nearest(std::int64_t d, std::int64_t k) {
    Case<S> it(Form::spherical, 500, d, k);
    for (double& mean : it.means) mean = std::round(mean);
    for (S& value : it.rows) value = std::round(value);
    it.constants.assign(size(k), 0.0);
    it.whitening.assign(size(k), 1.0);
    it.announce(", nearest");
    const Answer found = answer(it, it.m, Posterior::hard, false, true);
    double inertia = 0.0;
    for (std::int64_t i = 0; i < it.m; ++i) {
        std::int64_t nearest = 0;
        double least = 1e300;
        for (std::int64_t c = 0; c < k; ++c) {
            double squared = 0.0;
            for (std::int64_t j = 0; j < d; ++j) {
                const double apart =
                    static_cast<double>(it.rows[size(i * d + j)]) - it.means[size(c * d + j)];
                squared += apart * apart;
            }
            if (squared < least) least = squared, nearest = c;
        }
        CHECK(found.labels[i] == nearest);
        inertia += least;
    }
    CHECK(found.total[0] == -0.5 * inertia);
}

template <class S> void check_all() {
    for (const Form form : forms)
        for (const std::int64_t d : {1, 2, 3, 4, 5, 8, 9, 17, 33})
            for (const std::int64_t m : {0, 1, 9, 500}) check<S>(form, m, d, 4);
    for (const std::int64_t d : {1, 2, 3, 7, 20})
        for (const std::int64_t k : {1, 2, 3, 4, 5, 6, 7, 8, 30}) check_nearest<S>(d, k);
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
