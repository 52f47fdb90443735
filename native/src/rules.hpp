// Rules: when EM stops.
#pragma once

#include <span>

#include "mixtura/run.hpp"

namespace mixtura {

// What a rule says of a trace of mean log-likelihoods, nats a row: to go on, or how it ends. From
// the entry `since` on every step was one of plain EM.
Progress verdict(const Stopping& rule, std::span<const double> trace, std::int64_t since);

// The gain that an extrapolation may leave, nats a row.
double enough(const Stopping& rule);

// Aitken's estimate of the gain that is still to come, nats a row; of the last four entries.
double remaining_gain(std::span<const double> trace);

}  // namespace mixtura
