// The pass over rows with errors is that of T = I + W S Wᵀ, eliminated row by row, for any number
// of features; nothing is written beside, and whatever follows the rows changes no bit.
#include "answer.hpp"

namespace {

// One component's view of a row: T⁻¹ z, T⁻¹, zᵀ T⁻¹ z and log|T|, by elimination in plain loops.
struct Seen {
    Values u, gain;
    double distance = 0.0, log_determinant = 0.0;
};

Seen seen(const Case<double>& it, const Values& errors, bool deviations, std::int64_t i,
          std::int64_t c) {
    const std::int64_t d = it.d;
    Values z(size(d)), t(size(d * d)), right(size(d * (d + 1)));
    for (std::int64_t j = 0; j < d; ++j)
        for (std::int64_t a = 0; a < d; ++a)
            z[size(j)] +=
                it.factor(c, j, a) * (it.rows[size(i * d + a)] - it.means[size(c * d + a)]);
    for (std::int64_t j = 0; j < d; ++j)
        for (std::int64_t l = 0; l < d; ++l) {
            double sum = j == l ? 1.0 : 0.0;
            for (std::int64_t a = 0; a < d; ++a)
                for (std::int64_t b = 0; b < d; ++b) {
                    const double own = errors[size(i * d + a)];
                    const double error = !deviations ? errors[size((i * d + a) * d + b)]
                                         : a == b    ? own * own
                                                     : 0.0;
                    sum += it.factor(c, j, a) * error * it.factor(c, l, b);
                }
            t[size(j * d + l)] = sum;
        }
    for (std::int64_t j = 0; j < d; ++j) {
        right[size(j * (d + 1))] = z[size(j)];
        right[size(j * (d + 1) + 1 + j)] = 1.0;
    }
    Seen found{Values(size(d)), Values(size(d * d))};
    for (std::int64_t p = 0; p < d; ++p) {  // Gauss and Jordan; T needs no pivoting
        const double pivot = t[size(p * d + p)];
        found.log_determinant += std::log(pivot);
        for (std::int64_t j = 0; j < d; ++j) {
            if (j == p) continue;
            const double factor = t[size(j * d + p)] / pivot;
            for (std::int64_t l = 0; l < d; ++l) t[size(j * d + l)] -= factor * t[size(p * d + l)];
            for (std::int64_t l = 0; l <= d; ++l)
                right[size(j * (d + 1) + l)] -= factor * right[size(p * (d + 1) + l)];
        }
    }
    for (std::int64_t j = 0; j < d; ++j) {
        found.u[size(j)] = right[size(j * (d + 1))] / t[size(j * d + j)];
        found.distance += z[size(j)] * found.u[size(j)];
        for (std::int64_t l = 0; l < d; ++l)
            found.gain[size(j * d + l)] = right[size(j * (d + 1) + 1 + l)] / t[size(j * d + j)];
    }
    return found;
}

void check(Form form, std::int64_t m, std::int64_t d, bool deviations, bool weighted) {
    const std::int64_t k = 3;
    const bool diagonal = form == Form::diagonal;
    const Case<double> it(form, m, d, k);
    it.announce(deviations ? ", deviations" : ", covariances");
    std::mt19937_64 random(static_cast<unsigned long>(d));
    std::normal_distribution<double> normal;
    const std::int64_t n_errors = deviations ? d : d * d;
    Values errors(size(m * n_errors + 1));
    for (std::int64_t i = 0; i < m; ++i) {
        Values half(size(d * d));
        for (double& each : half) each = normal(random);
        for (std::int64_t j = 0; j < n_errors; ++j) {
            double& error = errors[size(i * n_errors + j)];
            error = deviations ? std::abs(half[size(j)]) : 0.0;
            for (std::int64_t a = 0; !deviations && a < d; ++a)
                error += half[size(j / d * d + a)] * half[size(j % d * d + a)];
        }
    }
    const auto taken = [&] {
        Answer found(m, d, k, diagonal);
        Results asked{};
        asked.log_joint = found.log_joint.data();
        asked.log_likelihood = found.log_likelihood.data();
        asked.weight = found.weight.data();
        asked.first = found.first.data();
        asked.second = found.second.data();
        asked.diagonal = diagonal;
        asked.total = found.total.data();
        mixtura::deconvolve(it.components(), it.rows.data(), errors.data(), deviations,
                            weighted ? it.weights.data() : nullptr, m, asked);
        CHECK(found.intact());
        return found;
    };
    const Answer found = taken();
    errors[size(m * n_errors)] = 1e300;
    CHECK(found.same_sums(taken()));
    Values weight(size(k)), first(size(k * d)), second(size(k * d * d));
    double total = 0.0;
    for (std::int64_t i = 0; i < m; ++i) {
        std::vector<Seen> by;
        double top = -1e300, sum = 0.0;
        Values joint;
        for (std::int64_t c = 0; c < k; ++c) {
            by.push_back(seen(it, errors, deviations, i, c));
            joint.push_back(it.constants[size(c)] -
                            0.5 * (by.back().distance + by.back().log_determinant));
            CHECK(close(found.log_joint[i * k + c], joint.back(), 1.0 + std::abs(joint.back())));
            top = std::max(top, joint.back());
        }
        for (const double each : joint) sum += std::exp(each - top);
        const double v = weighted ? it.weights[size(i)] : 1.0;
        CHECK(close(found.log_likelihood[i], top + std::log(sum), 1.0 + std::abs(top)));
        total += v * (top + std::log(sum));
        for (std::int64_t c = 0; c < k; ++c) {
            const double q = v * std::exp(joint[size(c)] - top) / sum;
            weight[size(c)] += q;
            for (std::int64_t j = 0; j < d; ++j) {
                first[size(c * d + j)] += q * by[size(c)].u[size(j)];
                for (std::int64_t l = 0; l < d; ++l)
                    second[size((c * d + j) * d + l)] +=
                        q * (by[size(c)].u[size(j)] * by[size(c)].u[size(l)] -
                             by[size(c)].gain[size(j * d + l)]);
            }
        }
    }
    const double scale = 1.0 + 10.0 * static_cast<double>(m);
    CHECK(close(found.total[0], total, scale * static_cast<double>(d)));
    for (std::int64_t c = 0; c < k; ++c) {
        CHECK(close(found.weight[c], weight[size(c)], scale));
        for (std::int64_t j = 0; j < d; ++j) {
            CHECK(close(found.first[c * d + j], first[size(c * d + j)], scale));
            for (std::int64_t l = diagonal ? j : 0; l < (diagonal ? j + 1 : d); ++l)
                CHECK(close(found.second[diagonal ? c * d + j : (c * d + j) * d + l],
                            second[size((c * d + j) * d + l)], 10.0 * scale));
        }
    }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const std::int64_t d : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13})
            for (const std::int64_t m : {0, 1, 9, 200})
                for (const bool weighted : {false, true}) {
                    check(Form::triangular, m, d, true, weighted);
                    check(Form::triangular, m, d, false, weighted);
                    check(Form::diagonal, m, d, true, weighted);
                }
    }
    return failures != 0;
}
