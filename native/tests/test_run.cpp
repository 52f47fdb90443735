// A run is the same in one call or in many, ends by its rule, never goes down, and leaves what it
// cannot do as it stands before it.
#include "mixtura/run.hpp"

#include <cstring>
#include <limits>

#include "cases.hpp"

using mixtura::Acceleration, mixtura::Hill, mixtura::MixtureView, mixtura::Progress, mixtura::Role,
    mixtura::Run, mixtura::RunRules, mixtura::SeenBefore, mixtura::Standing, mixtura::Structure;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int n_structures = static_cast<int>(std::size(mixtura::structure_names));

// Arrays of a mixture in the form of its structure.
struct Held {
    Values shares, log_shares, means, covariances, factors;

    Held(Structure structure, std::int64_t n, std::int64_t k, std::int64_t d)
        : shares(size(n), 1.0 / static_cast<double>(n)), log_shares(size(n)), means(size(k * d)) {
        const bool sphere = structure == Structure::EII || structure == Structure::VII;
        const bool diagonal = structure <= Structure::VVI;
        const std::int64_t own = sphere ? 1 : diagonal ? d : d * d;
        const std::int64_t copies = structure == Structure::EEE ? 1 : k;
        covariances.resize(size(copies * own));
        for (std::int64_t at = 0; at < copies * own; ++at)
            covariances[size(at)] = diagonal || at % own % (d + 1) == 0 ? 2.0 : 0.0;
        factors = covariances;
    }
    MixtureView view() {
        return {shares.data(), log_shares.data(), means.data(), covariances.data(), factors.data()};
    }
    bool operator==(const Held&) const = default;
};

struct Problem {
    const Case<double>& it;
    Structure structure;
    bool weighted, noisy, prior;
    Hill hill;
    RunRules rules;
    Values floor, scatter, roots, centre;

    Problem(const Case<double>& it, Structure structure, bool weighted, bool noisy, bool prior,
            Acceleration acceleration, double least)
        : it(it), structure(structure), weighted(weighted), noisy(noisy), prior(prior),
          hill{it.rows.data(),
               weighted ? it.weights.data() : nullptr,
               it.m,
               it.d,
               structure,
               nullptr,
               noisy ? -4.0 * static_cast<double>(it.d) : -infinity,
               noisy != weighted},
          rules{{true, least}, acceleration, it.k * (it.d + 1), 400, nullptr, {}},
          floor(size(it.d), 1e-8), centre(size(it.d)) {
        rules.floor = floor.data();
        if (!prior) return;
        const std::int64_t entries = structure <= Structure::VVI ? it.d : it.d * it.d;
        for (std::int64_t at = 0; at < it.k * entries; ++at)
            scatter.push_back(entries == it.d || at % entries % (it.d + 1) == 0 ? 1.0 : 0.0);
        roots = scatter;
        rules.seen = {static_cast<double>(it.d) + 2.0, scatter.data(), roots.data(), centre.data(),
                      0.01};
    }
    Held start() const {
        Held held(structure, it.k + noisy, it.k, it.d);
        std::copy_n(it.means.begin(), it.k * it.d, held.means.begin());
        return held;
    }
    Held ended(const Run& run, Role role = Role::known) const {
        Held held(structure, it.k + noisy, it.k, it.d);
        run.read(role, held.view());
        return held;
    }
};

bool same(std::span<const double> a, std::span<const double> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// From a run into another, as a state that is kept does.
void hand_over(const Problem& of, const Run& from, Run& to) {
    Held known = of.ended(from), image = of.ended(from, Role::image),
         ahead = of.ended(from, Role::ahead);
    CHECK(to.resume(from.standing(), known.view(), image.view(), ahead.view(), from.trace(),
                    from.accelerated(), from.points(), from.images()));
}

void check(Structure structure, std::int64_t d, bool weighted, bool noisy, bool prior,
           Acceleration acceleration) {
    const Case<double> it(Form::diagonal, 200, d, 3, 4.0);
    it.announce(mixtura::structure_names[static_cast<int>(structure)]);
    const Problem of(it, structure, weighted, noisy, prior, acceleration, 1e-7);
    Run once(of.hill, of.rules, it.k), steps(of.hill, of.rules, it.k);
    Held start = of.start();
    CHECK(once.begin(start.view()) && steps.begin(start.view()));
    const Progress whole = once.advance(1000);
    CHECK(whole == Progress::converged || whole == Progress::spent || whole == Progress::beyond);
    Progress one = Progress::going;
    for (int i = 0; i < 1000 && one == Progress::going; ++i) {
        Run next(of.hill, of.rules, it.k);
        if (i % 7 == 3) {
            hand_over(of, steps, next);
            one = next.advance(1);
            hand_over(of, next, steps);
            if (one != Progress::going) steps.advance(0);
        } else {
            one = steps.advance(1);
        }
    }
    CHECK(one == whole);
    CHECK(same(once.trace(), steps.trace()));
    CHECK(of.ended(once) == of.ended(steps));
    CHECK(once.standing().iteration == steps.standing().iteration);
    const auto trace = once.trace();
    const std::size_t n = trace.size();
    for (std::size_t i = 1; i < n; ++i)
        CHECK(trace[i] >= trace[i - 1] - 1e-10 * std::abs(trace[i]));
    if (acceleration == Acceleration::never) CHECK(once.accelerated().empty());
    if (whole != Progress::beyond) {
        CHECK(once.finish() && once.same(Role::known, Role::ahead));
        CHECK(once.trace().size() == n + 1);
    }
}

// A row out of reach, and rows on a line: nothing of such an iteration is done.
void check_beyond(Structure structure) {
    Case<double> it(Form::diagonal, 60, 2, 3, 4.0);
    it.announce(mixtura::structure_names[static_cast<int>(structure)]);
    it.rows[14] = 1e200;
    const Problem of(it, structure, false, false, false, Acceleration::never, 1e-8);
    Run run(of.hill, of.rules, it.k);
    Held start = of.start();
    CHECK(run.begin(start.view()));
    CHECK(run.advance(5) == Progress::beyond);
    CHECK(run.trace().empty() && run.weight().empty() && run.standing().iteration == 1);
    CHECK(!run.finish());
    Held flat = of.start();
    std::fill(flat.covariances.begin(), flat.covariances.end(), 0.0);
    CHECK(!run.begin(flat.view()) && run.advance(5) == Progress::beyond);

    for (std::int64_t i = 0; i < it.m; ++i) it.rows[size(2 * i)] = it.rows[size(2 * i + 1)] = 1.0;
    Run line(of.hill, of.rules, it.k);
    CHECK(line.begin(start.view()));
    CHECK(line.advance(400) == Progress::beyond);
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (int i = 0; i < n_structures; ++i) {
            const auto structure = static_cast<Structure>(i);
            for (const std::int64_t d : {1, 2, 5, 9})
                for (const bool weighted : {false, true})
                    for (const bool noisy : {false, true}) {
                        check(structure, d, weighted, noisy, weighted, Acceleration::never);
                        // Orientations are not straight, so that those are never extrapolated.
                        const char* letters = mixtura::structure_names[i];
                        if (letters[2] == 'I' || letters[2] == letters[1])
                            check(structure, d, weighted, noisy, noisy,
                                  weighted ? Acceleration::at_once : Acceleration::steady);
                    }
            check_beyond(structure);
        }
    }
    return failures != 0;
}
