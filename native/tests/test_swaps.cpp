// Swaps never lead to a worse place, come to the same in parts, and stay sound where the rows leave
// no maximum.
#include "mixtura/swaps.hpp"

#include <cstring>
#include <limits>

#include "cases.hpp"
#include "guarded.hpp"

using mixtura::Effort, mixtura::Hill, mixtura::Place, mixtura::Structure, mixtura::SwapRule;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int n_structures = static_cast<int>(std::size(mixtura::structure_names));
constexpr double call = 1000.0, step = 10.0;

// Close, pairs, local, soft; steps and pace; gain and same; and few rows that are spurious.
SwapRule rule_of(std::int64_t d) {
    const auto least = static_cast<double>(d + 1);
    static const Values ones(64, 1.0);
    return {0.25, 3, 0.75, 0.02, 3, 60, 10.0, 1e-6, 1e-5, least, 5.0 * least, 1e-4, ones.data()};
}

Values draws_of(std::int64_t n) {
    std::mt19937_64 random(7);
    Values draws(size(n * mixtura::draws_per_swap));
    for (double& draw : draws) draw = std::ldexp(static_cast<double>(random() >> 11), -53);
    return draws;
}

struct Swapper {
    std::int64_t k, d;
    Guarded<double> weight, means, covariances;
    Values ridge;
    Place place{};
    Effort effort{infinity, 1000, 0, 1e300, call, step};

    // From K spheres about the first rows.
    Swapper(const Values& rows, std::int64_t k, std::int64_t d, double ridge_size)
        : k(k), d(d), weight(k), means(k * d), covariances(k * d * d), ridge(size(d * d)) {
        for (std::int64_t c = 0; c < k; ++c) {
            weight.data()[c] = 20.0;
            std::copy_n(&rows[size(c * d)], d, means.data() + c * d);
            for (std::int64_t at = 0; at < d * d; ++at)
                covariances.data()[c * d * d + at] = at % (d + 1) ? 0.0 : 2.0;
        }
        for (std::int64_t j = 0; j < d; ++j) ridge[size(j * d + j)] = ridge_size;
        place = {k, weight.data(), means.data(), covariances.data(), 0.0, -infinity};
    }
    std::int64_t swap(Hill hill, const double* draws, std::int64_t n) {
        hill.ridge = ridge.data();
        const std::int64_t used = mixtura::swap(hill, rule_of(d), place, effort, draws, n);
        CHECK(weight.intact() && means.intact() && covariances.intact());
        CHECK(used >= 0 && used <= n);
        for (std::int64_t c = 0; c < k; ++c) CHECK(weight[c] > 0.0 && std::isfinite(weight[c]));
        for (std::int64_t at = 0; at < k * d; ++at) CHECK(std::isfinite(means[at]));
        for (std::int64_t at = 0; at < k * d * d; ++at) CHECK(std::isfinite(covariances[at]));
        CHECK(!std::isnan(place.log_likelihood));
        return used;
    }
    bool same_bits(const Swapper& other) const {
        return weight.same_bits(other.weight) && means.same_bits(other.means) &&
               covariances.same_bits(other.covariances) &&
               place.log_likelihood == other.place.log_likelihood &&
               effort.left == other.effort.left && effort.n_failed == other.effort.n_failed;
    }
};

Hill hill_of(const Case<double>& it, Structure structure, bool weighted) {
    return {it.rows.data(), weighted ? it.weights.data() : nullptr,
            it.m,           it.d,
            structure,      nullptr,
            -infinity,      false};
}

void check(Structure structure, std::int64_t d, std::int64_t k, bool weighted) {
    const Case<double> it(Form::diagonal, 200, d, k, 4.0);
    it.announce(mixtura::structure_names[static_cast<int>(structure)]);
    const Hill hill = hill_of(it, structure, weighted);
    const std::int64_t n = 20;
    const Values draws = draws_of(n);
    Swapper whole(it.rows, k, d, 1e-6), again(it.rows, k, d, 1e-6), parts(it.rows, k, d, 1e-6);
    CHECK(whole.swap(hill, draws.data(), n) == n);
    again.swap(hill, draws.data(), n);
    CHECK(whole.same_bits(again));
    double before = -infinity;
    for (std::int64_t i = 0; i < n; ++i) {
        parts.swap(hill, &draws[size(i * mixtura::draws_per_swap)], 1);
        CHECK(parts.place.log_likelihood >= before);
        before = parts.place.log_likelihood;
    }
    CHECK(whole.same_bits(parts));

    // It ends when patience, or what there was to spend, is at an end.
    Swapper short_of(it.rows, k, d, 1e-6);
    short_of.effort.patience = 2;
    CHECK(short_of.swap(hill, draws.data(), n) == n || short_of.effort.n_failed == 2);
    short_of.effort.patience = short_of.effort.n_failed;
    CHECK(short_of.swap(hill, draws.data(), n) == 0);
    Swapper poor(it.rows, k, d, 1e-6);
    poor.effort.left = 1.0;
    CHECK(poor.swap(hill, draws.data(), n) == 1);
    CHECK(poor.effort.left <= 1.0 - call);
    CHECK(poor.swap(hill, draws.data(), n) == 0);
    Swapper known = whole;
    known.place.weight = known.weight.data();
    known.place.means = known.means.data();
    known.place.covariances = known.covariances.data();
    known.effort.known = known.place.log_likelihood;
    CHECK(known.swap(hill, draws.data(), n) == 0);
}

// Rows of one value in a feature, rows far away, as few rows as there are components: nothing that
// comes of it is anything but a number.
void check_degenerate(Structure structure) {
    const std::int64_t d = 2, k = 3, n = 40;
    const Values draws = draws_of(n);
    for (const int fault : {0, 1, 2}) {
        Case<double> it(Form::diagonal, fault == 2 ? 3 : 60, d, k, 4.0);
        it.announce(mixtura::structure_names[static_cast<int>(structure)]);
        if (fault == 0)
            for (std::int64_t i = 0; i < it.m; ++i) it.rows[size(i * d + 1)] = 3.0;
        if (fault == 1) it.rows[size(2 * 7)] = 1e200;
        for (const double ridge : {0.0, 1e-10}) {
            Swapper from(it.rows, k, d, ridge);
            CHECK(from.swap(hill_of(it, structure, false), draws.data(), n) == n);
        }
    }
    const Case<double> it(Form::diagonal, 60, d, k, 4.0);
    Swapper flat(it.rows, k, d, 0.0), same(it.rows, k, d, 0.0);
    for (std::int64_t at = 0; at < k * d * d; ++at)
        flat.covariances.data()[at] = same.covariances.data()[at] = 0.0;
    flat.swap(hill_of(it, structure, false), draws.data(), n);
    CHECK(flat.effort.n_failed > 0);
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (int i = 0; i < n_structures; ++i) {
            const auto structure = static_cast<Structure>(i);
            for (const std::int64_t d : {1, 3})
                for (const std::int64_t k : {2, 4})
                    for (const bool weighted : {false, true}) check(structure, d, k, weighted);
            check_degenerate(structure);
        }
    }
    return failures != 0;
}
