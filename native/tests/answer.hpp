// Answer: all that a pass can be asked for, each array guarded.
#pragma once

#include "cases.hpp"
#include "guarded.hpp"

struct Answer {
    Guarded<double> squared_distances, log_joint, log_likelihood, responsibilities, weight, first,
        second, total;
    Guarded<std::int64_t> labels;
    bool diagonal;

    Answer(std::int64_t m, std::int64_t d, std::int64_t k, bool diagonal)
        : squared_distances(m * k), log_joint(m * k), log_likelihood(m), responsibilities(m * k),
          weight(k), first(k * d), second(diagonal ? k * d : k * d * d), total(1), labels(m),
          diagonal(diagonal) {}

    // Where a pass is to write all that there is for the posterior.
    Results everything(Posterior posterior) {
        const bool soft = posterior == Posterior::soft;
        return {squared_distances.data(),
                log_joint.data(),
                soft ? log_likelihood.data() : nullptr,
                soft ? responsibilities.data() : nullptr,
                labels.data(),
                weight.data(),
                first.data(),
                second.data(),
                diagonal,
                total.data()};
    }
    bool intact() const {
        return squared_distances.intact() && log_joint.intact() && log_likelihood.intact() &&
               responsibilities.intact() && weight.intact() && first.intact() && second.intact() &&
               total.intact() && labels.intact();
    }
    bool same_bits(const Answer& other) const {
        return squared_distances.same_bits(other.squared_distances) &&
               log_joint.same_bits(other.log_joint) &&
               log_likelihood.same_bits(other.log_likelihood) &&
               responsibilities.same_bits(other.responsibilities) &&
               labels.same_bits(other.labels) && same_sums(other);
    }
    bool same_sums(const Answer& other) const {
        return weight.same_bits(other.weight) && first.same_bits(other.first) &&
               second.same_bits(other.second) && total.same_bits(other.total);
    }
};

// The answer of one pass over a case's first `m` rows, copied so that nothing follows them.
template <class S>
Answer answer(const Case<S>& it, std::int64_t m, Posterior posterior, bool weighted,
              bool diagonal) {
    const std::vector<S> rows(it.rows.begin(), it.rows.begin() + m * it.d);
    const Values weights(it.weights.begin(), it.weights.begin() + m);
    Answer a(m, it.d, it.k, diagonal);
    mixtura::pass(it.components(), posterior, rows.data(), weighted ? weights.data() : nullptr, m,
                  a.everything(posterior));
    return a;
}
