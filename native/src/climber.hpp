// Climber: EM over the rows of a hill, from wherever it is set.
#pragma once

#include "em_step.hpp"

namespace mixtura {

// Memory is allocated when it is made, and never later.
class Climber {
  public:
    // The hill has to stay where it is.
    Climber(const Hill& hill, std::int64_t n_components);

    void set(const Parameters& from);
    const Parameters& here() const { return here_.at; }

    // At most `n_steps` steps from here on, as `climb`.
    Climbed run(double& log_likelihood, std::int64_t n_steps, double least_gain);

  private:
    EMStep step_;
    Point here_, next_;
    bool sound_ = false;  // whether an E-step can follow
};

}  // namespace mixtura
