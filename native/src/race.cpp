#include "mixtura/race.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "accidents.hpp"
#include "climber.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Racer {
    Parameters at;
    double height;
    std::int64_t n_spurious;

    bool before(const Racer& other) const {
        if (n_spurious != other.n_spurious) return n_spurious < other.n_spurious;
        return height > other.height || (std::isfinite(height) && !std::isfinite(other.height));
    }
};

}  // namespace

std::int64_t race(const Hill& hill, const SwapRule& rule, const Race& race, Place* places,
                  std::int64_t n, std::int64_t* order) {
    Climber climber(hill, places->n_components);
    Accidents accidents(hill, rule);
    std::vector<Racer> racers;
    for (std::int64_t i = 0; i < n; ++i)
        racers.push_back({parameters(hill, places[i]), places[i].log_likelihood, 0});
    std::int64_t n_steps = 0;
    bool sound = true;
    const auto climb = [&](Racer& racer, std::int64_t most, double gain) {
        climber.set(racer.at);
        const Climbed done = climber.run(racer.height, most, gain);
        racer.at = climber.here();
        racer.n_spurious = accidents.count(racer.at);
        n_steps += done.n_steps;
        sound = sound && done.sound;
    };
    const auto lead = [&](std::int64_t count) {
        std::stable_sort(order, order + count, [&](std::int64_t i, std::int64_t j) {
            return racers[static_cast<std::size_t>(i)].before(racers[static_cast<std::size_t>(j)]);
        });
    };
    for (Racer& racer : racers) climb(racer, race.n_brief, -infinity);
    std::iota(order, order + n, std::int64_t{0});
    lead(n);
    const std::int64_t followed = std::min(race.n_followed, n);
    for (std::int64_t i = 0; i < followed; ++i)
        climb(racers[static_cast<std::size_t>(order[i])], race.n_steps, race.gain);
    lead(followed);
    for (std::int64_t i = 0; i < n; ++i) {
        write(hill, racers[static_cast<std::size_t>(i)].at, places[i]);
        places[i].log_likelihood = racers[static_cast<std::size_t>(i)].height;
    }
    return sound ? n_steps : -1;
}

}  // namespace mixtura
