#include "climber.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace mixtura {

Climber::Climber(const Hill& hill, std::int64_t n_components)
    : step_(hill, n_components), here_(step_.point()), next_(here_) {}

void Climber::set(const Parameters& from) {
    here_.at = from;
    step_.share(here_);
    sound_ = step_.factored(here_);
}

Climbed Climber::run(double& log_likelihood, std::int64_t n_steps, double least_gain) {
    Climbed done{std::numeric_limits<double>::infinity(), 0, sound_};
    while (done.sound && done.n_steps < n_steps) {
        const double reached = step_.expected(here_) / step_.total_weight();
        if (done.sound = sound_ = std::isfinite(reached) && step_.maximised(here_, next_); !sound_)
            break;
        std::swap(here_, next_);
        ++done.n_steps;
        done.gain = reached - log_likelihood;
        log_likelihood = reached;
        if (done.gain < least_gain) break;
    }
    return done;
}

}  // namespace mixtura
