// Rows follow the centres: whose each is, by how much for certain, and what the sums gain.
#include <algorithm>
#include <cmath>

#include "cases.hpp"
#include "guarded.hpp"

namespace {

constexpr double rounding = 1e-6;

// ‖x_i − c‖, by the textbook.
template <class S> double distance(const Case<S>& it, std::int64_t i, std::int64_t c) {
    long double sum = 0;
    for (std::int64_t j = 0; j < it.d; ++j) {
        const long double deviation = static_cast<long double>(it.rows[size(i * it.d + j)]) -
                                      static_cast<long double>(it.means[size(c * it.d + j)]);
        sum += deviation * deviation;
    }
    return static_cast<double>(std::sqrt(sum));
}

template <class S> struct Followers {
    explicit Followers(const Case<S>& it)
        : labels(it.m), slack(it.m), weight(it.k), first(it.k * it.d), loss(size(it.k), 0.0),
          sum_weight(size(it.k), 0.0), sum_first(size(it.k * it.d), 0.0) {
        for (std::int64_t i = 0; i < it.m; ++i) {
            labels.data()[i] = -1;
            slack.data()[i] = 0.0;
        }
    }
    mixtura::Followed hamerly_step(const Case<S>& it, const Values& reference, bool weighted) {
        Results gained{};
        gained.weight = weight.data();
        gained.first = first.data();
        const auto found = mixtura::hamerly_step(
            {it.k, it.d, it.means.data(), reference.data(), loss.data(), rounding}, it.rows.data(),
            weighted ? it.weights.data() : nullptr, it.m, {labels.data(), slack.data()}, gained);
        CHECK(labels.intact() && slack.intact() && weight.intact() && first.intact());
        for (std::int64_t c = 0; c < it.k; ++c) sum_weight[size(c)] += weight[c];
        for (std::int64_t at = 0; at < it.k * it.d; ++at) sum_first[size(at)] += first[at];
        return found;
    }
    Guarded<std::int32_t> labels;
    Guarded<double> slack, weight, first;
    Values loss, sum_weight, sum_first;
};

// Labels, slacks and sums against the distances themselves.
template <class S>
void check_state(const Case<S>& it, const Followers<S>& rows, const Values& reference,
                 bool weighted) {
    const double tolerance = sizeof(S) == 8 ? 1e-12 : 1e-5;
    Values weight(size(it.k), 0.0), first(size(it.k * it.d), 0.0);
    for (std::int64_t i = 0; i < it.m; ++i) {
        const std::int64_t own = rows.labels[i];
        CHECK(own >= 0 && own < it.k);
        double others = std::numeric_limits<double>::infinity();
        for (std::int64_t c = 0; c < it.k; ++c)
            if (c != own) others = std::min(others, distance(it, i, c));
        const double nearest = distance(it, i, own);
        CHECK(nearest <= others * (1.0 + tolerance));
        CHECK(rows.slack[i] <= others - nearest + tolerance * nearest);
        const double v = weighted ? it.weights[size(i)] : 1.0;
        weight[size(own)] += v;
        for (std::int64_t j = 0; j < it.d; ++j) {
            const std::size_t at = size(own * it.d + j);
            first[at] += v * (static_cast<double>(it.rows[size(i * it.d + j)]) - reference[at]);
        }
    }
    const double total = static_cast<double>(it.m);
    for (std::int64_t c = 0; c < it.k; ++c)
        CHECK(std::abs(rows.sum_weight[size(c)] - weight[size(c)]) <= 1e-13 * total);
    for (std::size_t at = 0; at < first.size(); ++at)
        CHECK(std::abs(rows.sum_first[at] - first[at]) <= 1e-12 * (1.0 + total));
}

template <class S> void check(std::int64_t m, std::int64_t d, std::int64_t k, bool weighted) {
    Case<S> it(Form::spherical, m, d, k, 3.0);
    it.announce(weighted ? ", weighted" : "");
    const Values reference = it.means;
    Followers<S> rows(it);
    const auto first = rows.hamerly_step(it, reference, weighted);
    CHECK(first.moved == m && first.far == 0);
    check_state(it, rows, reference, weighted);

    // Nothing is lost: those that are sure are not looked at, and nobody moves.
    CHECK(rows.hamerly_step(it, reference, weighted).moved == 0);
    check_state(it, rows, reference, weighted);

    // One centre moves: every slack loses twice that, and the state is true again.
    const double step = 0.8 / std::sqrt(static_cast<double>(d));
    for (std::int64_t j = 0; j < d; ++j) it.means[size(j)] += step;
    std::fill(rows.loss.begin(), rows.loss.end(), 2.0 * 0.8 * (1.0 + rounding));
    const std::vector<std::int32_t> before(rows.labels.data(), rows.labels.data() + m);
    const auto second = rows.hamerly_step(it, reference, weighted);
    std::int64_t moved = 0;
    for (std::int64_t i = 0; i < m; ++i) moved += before[size(i)] != rows.labels[i];
    CHECK(second.moved == moved && second.far == 0);
    check_state(it, rows, reference, weighted);
}

// Rows with slack left keep their label, whatever the centres are.
void check_slack() {
    Case<double> it(Form::spherical, 100, 3, 4, 3.0);
    Followers<double> rows(it);
    for (std::int64_t i = 0; i < 100; ++i) {
        rows.labels.data()[i] = 2;
        rows.slack.data()[i] = i % 2 ? 1.0 : std::numeric_limits<double>::quiet_NaN();
    }
    rows.hamerly_step(it, it.means, false);
    for (std::int64_t i = 1; i < 100; i += 2) CHECK(rows.labels[i] == 2 && rows.slack[i] == 1.0);
    for (std::int64_t i = 0; i < 100; i += 2) CHECK(rows.slack[i] == rows.slack[i]);
}

// A row whose squared distances overflow stays whose it was, adds nothing, and is counted.
void check_far() {
    Case<double> it(Form::spherical, 20, 2, 3);
    it.rows[size(2 * 7)] = 1e200;
    Followers<double> rows(it);
    const auto found = rows.hamerly_step(it, it.means, false);
    CHECK(found.far == 1 && found.moved == 19 && rows.labels[7] == -1);
    CHECK(rows.slack[7] != rows.slack[7]);
    CHECK(rows.sum_weight[0] + rows.sum_weight[1] + rows.sum_weight[2] == 19.0);
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const std::int64_t d : {1, 2, 5, 8, 9, 33})
            for (const std::int64_t m : {0, 1, 9, 2000})
                for (const std::int64_t k : {1, 2, 7})
                    for (const bool weighted : {false, true}) {
                        check<double>(m, d, k, weighted);
                        check<float>(m, d, k, weighted);
                    }
        check_slack();
        check_far();
    }
    return failures != 0;
}
