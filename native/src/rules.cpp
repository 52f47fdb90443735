#include "rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixtura {
namespace {

// A fall of the mean log-likelihood up to this share of its size is rounding, and up to this share
// of the tolerance of no account.
constexpr double rounding = 1e-10, slight = 1e-4;
// Gains up to this share of it are rounding: a few ulp.
constexpr double few_ulp = 16.0 * std::numeric_limits<double>::epsilon();
// So many gains that each undo the one before are a swing.
constexpr std::size_t swings = 12;

bool falls(const Stopping& rule, double before, double after) {
    const double slack =
        rule.remaining ? std::max(rule.least, rounding * std::abs(after))
                       : std::max(rounding * std::max(1.0, std::abs(after)), slight * rule.least);
    return !(after - before >= -slack);
}

// Whether the last steps go up and down between two heights, as no step of EM does.
bool swinging(const Stopping& rule, std::span<const double> trace) {
    if (trace.size() <= swings) return false;
    const auto last = trace.last(swings + 1);
    const auto [low, high] = std::minmax_element(last.begin(), last.end());
    if (!falls(rule, *high, *low)) return false;
    for (std::size_t i = 2; i < last.size(); ++i) {
        const double one = last[i - 1] - last[i - 2], other = last[i] - last[i - 1];
        if (!(std::abs(one + other) <= 0.01 * std::abs(one))) return false;
    }
    return true;
}

Progress ended(bool fallen) { return fallen ? Progress::stalled : Progress::converged; }

}  // namespace

Progress verdict(const Stopping& rule, std::span<const double> trace, std::int64_t since) {
    const auto own = trace.subspan(std::min(static_cast<std::size_t>(since), trace.size()));
    const std::size_t n = trace.size();
    if (!rule.remaining) {
        if (n < 2 || !(std::abs(trace[n - 1] - trace[n - 2]) < rule.least)) return Progress::going;
        return ended(falls(rule, trace[n - 2], trace[n - 1]));
    }
    if (own.size() < 3) return Progress::going;
    if (swinging(rule, own)) return Progress::stalled;
    const double before = trace[n - 2] - trace[n - 3], last = trace[n - 1] - trace[n - 2];
    const bool lost = std::max(std::abs(before), std::abs(last)) < rule.least && last <= 0.0;
    const auto recent = own.last(std::min<std::size_t>(own.size(), 4));
    if (!(lost || remaining_gain(recent) < rule.least)) return Progress::going;
    return ended(falls(rule, *std::max_element(own.begin(), own.end()), trace[n - 1]));
}

double enough(const Stopping& rule) { return rule.remaining ? 0.01 * rule.least : rule.least; }

// With the last gains g₁ and g₂ and the larger a of the last two ratios: g₂·a / (1 − a).
double remaining_gain(std::span<const double> trace) {
    constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const std::size_t n = trace.size();
    if (n < 3) return nothing;
    const std::size_t n_gains = std::min<std::size_t>(n - 1, 3);
    double gains[3];
    for (std::size_t i = 0; i < n_gains; ++i) {
        gains[i] = trace[n - n_gains + i] - trace[n - n_gains + i - 1];
        if (!std::isfinite(gains[i])) return nothing;
    }
    const double before = gains[n_gains - 2], last = gains[n_gains - 1];
    if (std::max(std::abs(last), std::abs(before)) <=
        few_ulp * std::max(1.0, std::abs(trace[n - 1])))
        return 0.0;
    if (std::min(before, last) <= 0.0) return nothing;
    double ratio = last / before;
    if (n_gains == 3 && gains[0] > 0.0) ratio = std::max(ratio, before / gains[0]);
    return ratio < 1.0 ? last * ratio / (1.0 - ratio) : infinity;
}

}  // namespace mixtura
