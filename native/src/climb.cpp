#include "mixtura/climb.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "climber.hpp"
#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

Parameters parameters(const Hill& hill, const Place& from) {
    const std::int64_t k = from.n_components, d = hill.n_features;
    const std::int64_t entries = is_diagonal(hill.structure) ? d : d * d;
    const std::int64_t step = is_diagonal(hill.structure) ? d + 1 : 1;
    Parameters p{{from.weight, from.weight + k},
                 {from.means, from.means + k * d},
                 std::vector<double>(static_cast<std::size_t>(k * entries)),
                 hill.noise_log_density > -infinity ? from.noise_weight : 0.0};
    auto to = p.covariances.begin();
    for (std::int64_t j = 0; j < k; ++j)
        for (std::int64_t i = 0; i < entries; ++i) *to++ = from.covariances[j * d * d + i * step];
    return p;
}

void write(const Hill& hill, const Parameters& from, Place& to) {
    const std::int64_t k = to.n_components, d = hill.n_features;
    std::copy(from.weight.begin(), from.weight.end(), to.weight);
    std::copy(from.means.begin(), from.means.end(), to.means);
    to.noise_weight = from.noise_weight;
    if (!is_diagonal(hill.structure)) {
        std::copy(from.covariances.begin(), from.covariances.end(), to.covariances);
        return;
    }
    std::fill_n(to.covariances, k * d * d, 0.0);
    auto variance = from.covariances.begin();
    for (std::int64_t j = 0; j < k; ++j)
        for (std::int64_t i = 0; i < d; ++i) to.covariances[(j * d + i) * d + i] = *variance++;
}

void restrain(const Hill& hill, Parameters& p) {
    const char* letters = structure_names[static_cast<int>(hill.structure)];
    const std::int64_t k = std::ssize(p.weight), d = hill.n_features;
    const std::int64_t entries = std::ssize(p.covariances) / k;
    double* covariances = p.covariances.data();
    if (letters[0] != 'V' && letters[1] != 'V' && letters[2] != 'V') {
        double total = 0.0;
        for (const double weight : p.weight) total += weight;
        for (std::int64_t i = 0; i < entries; ++i) {
            double sum = 0.0;
            for (std::int64_t j = 0; j < k; ++j)
                sum += p.weight[size(j)] / total * covariances[j * entries + i];
            for (std::int64_t j = 0; j < k; ++j) covariances[j * entries + i] = sum;
        }
    }
    if (letters[1] != 'I') return;
    for (std::int64_t j = 0; j < k; ++j) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < d; ++i) sum += covariances[j * d + i];
        std::fill_n(covariances + j * d, d, sum / static_cast<double>(d));
    }
}

Climbed climb(const Hill& hill, Place& place, std::int64_t n_steps, double gain) {
    Climber climber(hill, place.n_components);
    climber.set(parameters(hill, place));
    const Climbed done = climber.run(place.log_likelihood, n_steps, gain);
    write(hill, climber.here(), place);
    return done;
}

}  // namespace mixtura
