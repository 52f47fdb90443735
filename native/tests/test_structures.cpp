// The M-step of a structure: no member of the family near it is likelier.
#include "../src/structures.hpp"

#include "../src/dense.hpp"
#include "cases.hpp"

using mixtura::MStep, mixtura::Structure;

namespace {

constexpr int n_structures = static_cast<int>(std::size(mixtura::structure_names));

// Effective numbers and scatters of K components; `stir` moves the scatters a little.
struct Drawn {
    std::int64_t k, d;
    Values weight, scatter;

    Drawn(std::int64_t k, std::int64_t d, double stir, unsigned long seed)
        : k(k), d(d), weight(size(k)), scatter(size(k * d * d)) {
        std::mt19937_64 random(7), other(seed);
        std::normal_distribution<double> normal;
        for (std::int64_t c = 0; c < k; ++c) {
            weight[size(c)] = 20.0 + 10.0 * static_cast<double>(c);
            for (std::int64_t i = 0; i < 6 * d; ++i) {
                Values row(size(d));
                for (std::int64_t j = 0; j < d; ++j)
                    row[size(j)] =
                        (1.0 + static_cast<double>(j)) * normal(random) + stir * normal(other);
                for (std::int64_t j = 0; j < d; ++j)
                    for (std::int64_t l = 0; l < d; ++l)
                        scatter[size((c * d + j) * d + l)] += row[size(j)] * row[size(l)];
            }
        }
    }
    Values diagonals() const {
        Values of(size(k * d));
        for (std::int64_t at = 0; at < k * d; ++at) of[size(at)] = scatter[size(at * d + at % d)];
        return of;
    }
};

// The covariances (K, D, D) that many M-steps in turn lead to.
Values settled(Structure structure, const Drawn& it) {
    const std::int64_t k = it.k, d = it.d;
    const bool diagonal = mixtura::is_diagonal(structure);
    const Values matrices = diagonal ? it.diagonals() : it.scatter;
    MStep m_step(structure, k, d);
    Values found(matrices.size()), volumes(size(k), 1.0), lower(size(d * d)), whole(it.scatter);
    for (int turn = 0; turn < 200; ++turn) {
        m_step({it.weight.data(), matrices.data(), volumes.data(), whole.data()}, found.data());
        for (std::int64_t c = 0; c < k; ++c) {
            double* own = &whole[size(c * d * d)];
            for (std::int64_t at = 0; at < d * d; ++at)
                own[at] = !diagonal           ? found[size(c * d * d + at)]
                          : at % (d + 1) == 0 ? found[size(c * d + at / d)]
                                              : 0.0;
            CHECK(mixtura::cholesky(own, d, lower.data()));
            volumes[size(c)] =
                std::exp(2.0 / static_cast<double>(d) * mixtura::log_determinant(lower.data(), d));
        }
    }
    return whole;
}

// −½ Σ_k [n_k log|Σ_k| + tr(Σ_k⁻¹ W_k)].
double expected_likelihood(const Drawn& it, const Values& covariances) {
    const std::int64_t d = it.d;
    Values lower(size(d * d)), inverse(size(d * d));
    double sum = 0.0;
    for (std::int64_t c = 0; c < it.k; ++c) {
        CHECK(mixtura::cholesky(&covariances[size(c * d * d)], d, lower.data()));
        mixtura::invert_lower(lower.data(), 1, d, inverse.data());
        sum -= it.weight[size(c)] * mixtura::log_determinant(lower.data(), d);
        for (std::int64_t j = 0; j < d; ++j)
            for (std::int64_t i = 0; i < d; ++i)
                for (std::int64_t l = 0; l < d; ++l)
                    sum -= 0.5 * inverse[size(j * d + i)] * inverse[size(j * d + l)] *
                           it.scatter[size((c * d + i) * d + l)];
    }
    return sum;
}

// Covariances (K, D, D) of what `MStep` gives, variances (K, D) of a diagonal structure.
Values whole(Structure structure, const Drawn& it, const Values& found) {
    if (!mixtura::is_diagonal(structure)) return found;
    Values matrices(it.scatter.size());
    for (std::int64_t at = 0; at < it.k * it.d; ++at)
        matrices[size(at * it.d + at % it.d)] = found[size(at)];
    return matrices;
}

// From sums alone, and those about other points than the means.
Values begun(Structure structure, const Drawn& it) {
    const std::int64_t k = it.k, d = it.d;
    const bool diagonal = mixtura::is_diagonal(structure);
    Values weight = it.weight, first(size(k * d)), second = it.scatter, shift(size(k * d));
    for (std::int64_t at = 0; at < k * d; ++at)
        first[size(at)] = weight[size(at / d)] * (1.0 + static_cast<double>(at));
    for (std::int64_t c = 0; c < k; ++c)
        for (std::int64_t at = 0; at < d * d; ++at)
            second[size(c * d * d + at)] +=
                first[size(c * d + at / d)] * first[size(c * d + at % d)] / weight[size(c)];
    if (diagonal) {
        const Values matrices = second;
        second.resize(size(k * d));
        for (std::int64_t at = 0; at < k * d; ++at)
            second[size(at)] = matrices[size(at * d + at % d)];
    }
    Values found(second.size());
    CHECK(mixtura::first_m_step(structure, k, d, nullptr, weight.data(), first.data(),
                                second.data(), shift.data(), found.data()));
    for (std::int64_t at = 0; at < k * d; ++at)
        CHECK(close(shift[size(at)], 1.0 + static_cast<double>(at), 1.0, 1e-13));
    return whole(structure, it, found);
}

void check(Structure structure, std::int64_t d) {
    std::snprintf(about, sizeof about, "%s, D = %d",
                  mixtura::structure_names[static_cast<int>(structure)], static_cast<int>(d));
    const Drawn it(3, d, 0.0, 0);
    const double best = expected_likelihood(it, settled(structure, it));
    CHECK(expected_likelihood(it, begun(structure, it)) >= best - 1e-9 * std::abs(best));
    for (unsigned long seed = 1; seed < 12; ++seed)
        for (const double stir : {1e-3, 1e-2, 1e-1}) {
            const Values other = settled(structure, Drawn(3, d, stir, seed));
            CHECK(expected_likelihood(it, other) <= best + 1e-9 * std::abs(best));
        }
}

// Scatters that share their axes are made diagonal, and no descent raises what is minimised.
void check_orientation(bool equal_volume) {
    constexpr std::int64_t k = 3, d = 4;
    Values axes(size(d * d)), values(size(d)), scatter(size(k * d * d)), weight{10.0, 20.0, 30.0};
    Drawn drawn(1, d, 0.0, 0);
    mixtura::eigen(drawn.scatter.data(), d, values.data(), axes.data());
    for (std::int64_t c = 0; c < k; ++c) {
        const Values lengths{1.0 + static_cast<double>(c), 5.0 - static_cast<double>(c), 0.1,
                             20.0 * static_cast<double>(c + 1)};
        mixtura::composed(axes.data(), lengths.data(), d, &scatter[size(c * d * d)]);
    }
    mixtura::Orientation orientation(k, d, equal_volume);
    Values identity(size(k * d * d));
    for (std::int64_t at = 0; at < k * d; ++at)
        identity[size(at * d + at % d)] = 1.0 + static_cast<double>(at % d);
    orientation.begin(identity.data());
    double before = HUGE_VAL;
    for (int turn = 0; turn < 30; ++turn) {
        orientation.descend(weight.data(), scatter.data());
        double value = 0.0, volumes = 0.0;
        for (std::int64_t c = 0; c < k; ++c) {
            double sum = 0.0;
            for (std::int64_t j = 0; j < d; ++j) sum += std::log(orientation.spread(c, j));
            value += weight[size(c)] * sum;
            volumes += std::exp(sum / static_cast<double>(d));
        }
        if (equal_volume) value = 60.0 * static_cast<double>(d) * std::log(volumes);
        CHECK(value <= before + 1e-12 * std::abs(value));
        before = value;
    }
    for (std::int64_t c = 0; c < k; ++c) {
        Values scratch(size(d * d)), turned(size(d * d));
        mixtura::turned(orientation.axes(), &scatter[size(c * d * d)], d, scratch.data(),
                        turned.data());
        for (std::int64_t at = 0; at < d * d; ++at)
            if (at % (d + 1)) CHECK(close(turned[size(at)], 0.0, 60.0, 1e-7));
    }
}

}  // namespace

int main() {
    for (int i = 0; i < n_structures; ++i)
        for (const std::int64_t d : {1, 2, 3, 6}) check(static_cast<Structure>(i), d);
    check_orientation(false);
    check_orientation(true);
    return failures != 0;
}
