// A climb never goes down, ends where it says, and stays sound where the rows leave no maximum.
#include "mixtura/climb.hpp"

#include <cstring>
#include <limits>

#include "cases.hpp"
#include "guarded.hpp"

using mixtura::Climbed, mixtura::Hill, mixtura::Place, mixtura::Structure;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int n_structures = static_cast<int>(std::size(mixtura::structure_names));

struct Climber {
    std::int64_t k, d;
    Guarded<double> weight, means, covariances;
    Values ridge;
    Place place{};

    // From K spheres about the first rows.
    Climber(const Values& rows, std::int64_t k, std::int64_t d, double ridge_size)
        : k(k), d(d), weight(k), means(k * d), covariances(k * d * d), ridge(size(d * d)) {
        for (std::int64_t c = 0; c < k; ++c) {
            weight.data()[c] = 1.0 + static_cast<double>(c);
            std::copy_n(&rows[size(c * d)], d, means.data() + c * d);
            for (std::int64_t at = 0; at < d * d; ++at)
                covariances.data()[c * d * d + at] = at % (d + 1) ? 0.0 : 2.0;
        }
        for (std::int64_t j = 0; j < d; ++j) ridge[size(j * d + j)] = ridge_size;
        place = {k, weight.data(), means.data(), covariances.data(), 0.5, -infinity};
    }
    Climbed climb(Hill hill, std::int64_t n_steps, double gain = -infinity) {
        hill.ridge = ridge.data();
        const Climbed done = mixtura::climb(hill, place, n_steps, gain);
        CHECK(weight.intact() && means.intact() && covariances.intact());
        for (std::int64_t c = 0; c < k; ++c) CHECK(std::isfinite(weight[c]));
        for (std::int64_t at = 0; at < k * d; ++at) CHECK(std::isfinite(means[at]));
        for (std::int64_t at = 0; at < k * d * d; ++at) CHECK(std::isfinite(covariances[at]));
        return done;
    }
    bool same_bits(const Climber& other) const {
        return weight.same_bits(other.weight) && means.same_bits(other.means) &&
               covariances.same_bits(other.covariances) &&
               std::memcmp(&place.log_likelihood, &other.place.log_likelihood, sizeof(double)) == 0;
    }
};

Hill hill_of(const Case<double>& it, Structure structure, bool weighted, bool noisy, bool equal) {
    return {it.rows.data(),
            weighted ? it.weights.data() : nullptr,
            it.m,
            it.d,
            structure,
            nullptr,
            noisy ? -4.0 * static_cast<double>(it.d) : -infinity,
            equal};
}

void check(Structure structure, std::int64_t d, bool weighted, bool noisy, bool equal) {
    const Case<double> it(Form::diagonal, 300, d, 3, 4.0);
    it.announce(mixtura::structure_names[static_cast<int>(structure)]);
    const Hill hill = hill_of(it, structure, weighted, noisy, equal);
    Climber steps(it.rows, 3, d, 0.0), once(it.rows, 3, d, 0.0), again(it.rows, 3, d, 0.0);
    double before = -infinity;
    for (int i = 0; i < 25; ++i) {
        const Climbed done = steps.climb(hill, 1);
        CHECK(done.sound && done.n_steps == 1);
        CHECK(steps.place.log_likelihood >= before - 1e-12 * std::abs(before));
        before = steps.place.log_likelihood;
    }
    const Climbed done = once.climb(hill, 25);
    CHECK(done.sound && done.n_steps == 25);
    again.climb(hill, 25);
    CHECK(once.same_bits(again));
    // A common orientation goes on from the covariances' own axes, which rounding turns a little.
    if (structure != Structure::EVE && structure != Structure::VVE) CHECK(once.same_bits(steps));

    // It stops where a step gains less than is asked for, and says what that one gained.
    Climber short_of(it.rows, 3, d, 0.0);
    const Climbed stopped = short_of.climb(hill, 500, 1e-4);
    CHECK(stopped.n_steps < 500 ? stopped.gain < 1e-4 : stopped.gain >= 1e-4);
}

// Rows without a maximum: the climb stops at sound parameters, and goes on where there is a ridge.
void check_degenerate(Structure structure) {
    const std::int64_t d = 2;
    Case<double> it(Form::diagonal, 60, d, 3, 4.0);
    it.announce(mixtura::structure_names[static_cast<int>(structure)]);
    for (std::int64_t i = 0; i < it.m; ++i) it.rows[size(i * d + 1)] = 3.0;
    const Hill hill = hill_of(it, structure, false, false, false);
    Climber bare(it.rows, 3, d, 0.0), ridged(it.rows, 3, d, 1e-3);
    const Climbed done = bare.climb(hill, 400);
    CHECK(std::isfinite(bare.place.log_likelihood) || done.n_steps == 0);
    if (structure != Structure::EII && structure != Structure::VII) CHECK(!done.sound);
    CHECK(ridged.climb(hill, 50).sound);

    // A row out of reach of every component stops it before the first step; a start that is not
    // positive definite too. Nothing is changed.
    Case<double> far(Form::diagonal, 60, d, 3, 4.0);
    far.rows[size(2 * 7)] = 1e200;
    Climber from(it.rows, 3, d, 0.0), same(it.rows, 3, d, 0.0);
    CHECK(!from.climb(hill_of(far, structure, false, false, false), 5).sound);
    CHECK(from.same_bits(same));
    Climber flat(it.rows, 3, d, 0.0);
    for (std::int64_t at = 0; at < 3 * d * d; ++at) flat.covariances.data()[at] = 0.0;
    CHECK(!flat.climb(hill, 5).sound && flat.place.log_likelihood == -infinity);
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (int i = 0; i < n_structures; ++i) {
            const auto structure = static_cast<Structure>(i);
            for (const std::int64_t d : {1, 2, 5, 9})
                for (const bool weighted : {false, true})
                    for (const bool noisy : {false, true})
                        check(structure, d, weighted, noisy, weighted != noisy);
            check_degenerate(structure);
        }
    }
    return failures != 0;
}
