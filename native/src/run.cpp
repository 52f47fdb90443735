#include "mixtura/run.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "anderson.hpp"
#include "mixtura/size.hpp"
#include "rules.hpp"

namespace mixtura {
namespace {

// A component of fewer effective rows is empty.
constexpr double empty = 1e-8;
// Roots of the floor that surely tell two means apart.
constexpr double apart = 0.01;
// So many entries in a row, all steps of plain EM, end an accelerated run; and as many where the
// history says nothing about the gain that is left.
constexpr std::int64_t plain_enough = 3, patient_enough = 12;
// EM is in its linear regime where over so many ratios of gains they change by less.
constexpr std::size_t steady = 5;
constexpr double stable = 0.03;
// Entries of the trace that there is room for at first.
constexpr std::int64_t usual_length = 128;

// Whether the gains of plain EM shrink at a steady ratio.
bool in_linear_regime(std::span<const double> trace) {
    if (trace.size() < steady + 2) return false;
    const auto last = trace.last(steady + 2);
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t i = 1; i < last.size(); ++i) {
        const double gain = last[i] - last[i - 1];
        if (!(gain > 0.0)) return false;
        if (i == 1) continue;
        const double ratio = gain / (last[i - 1] - last[i - 2]);
        low = std::min(low, ratio);
        high = std::max(high, ratio);
    }
    return high < 1.0 && high - low < stable;
}

}  // namespace

class Run::Course {
  public:
    Course(const Hill& hill, const RunRules& rules, std::int64_t k)
        : hill(hill), rules(rules), k(k), d(hill.n_features), step(hill, k, rules.seen),
          coordinates(step, k, d),
          history(rules.acceleration == Acceleration::never ? 0 : coordinates.size(),
                  rules.n_parameters),
          points{step.point(), step.point(), step.point(), step.point()},
          vector(rules.acceleration == Acceleration::never ? 0 : size(coordinates.size())),
          sorted(size(k)), weight(size(k)) {
        trace.reserve(size(std::min(rules.max_iter, usual_length) + 1));
    }

    Progress advance(std::int64_t n) {
        if (!sound) return Progress::beyond;
        // So that no entry of this call takes memory of its own.
        if (trace.size() + size(n) > trace.capacity())
            trace.reserve(
                std::max(trace.size() + size(std::min(n, usual_length)), 2 * trace.capacity()));
        for (std::int64_t i = 0; i < n && at.iteration <= rules.max_iter; ++i) {
            const Progress progress = iterate();
            if (progress != Progress::going) return progress;
            ++at.iteration;
        }
        return at.iteration > rules.max_iter ? Progress::spent : Progress::going;
    }

    bool finish() {
        const double mean = sound ? objective() : std::numeric_limits<double>::quiet_NaN();
        if (!std::isfinite(mean)) return false;
        reach(mean);
        return true;
    }

    // One E-step and one M-step.
    Progress iterate() {
        const double mean = objective();
        if (!std::isfinite(mean)) return Progress::beyond;
        if (at.extrapolated && !(mean >= trace.back())) {
            ahead = image;
            at.extrapolated = false;
            history.clear();
            ++at.rejected;
            return Progress::going;
        }
        Point& next = free();
        if (!step.maximised(*ahead, next) || !plainly_sound(next)) return Progress::beyond;
        reach(mean);
        std::copy(next.at.weight.begin(), next.at.weight.end(), weight.begin());
        weighed = true;
        return onward(next);
    }

    double objective() {
        return (step.expected(*ahead) + step.log_prior(*ahead)) / step.total_weight();
    }

    void reach(double mean) {
        trace.push_back(mean);
        known = ahead;
    }

    // Whether it is known at little cost that nothing is to be repaired.
    bool plainly_sound(const Point& next) {
        if (!(*std::min_element(next.at.weight.begin(), next.at.weight.end()) >= empty))
            return false;
        if (!(floored(next) < 1.0)) return false;
        if (!rules.floor) return true;
        for (std::int64_t c = 0; c < k; ++c) sorted[size(c)] = next.at.means[size(c * d)];
        std::sort(sorted.begin(), sorted.end());
        const double least = apart * std::sqrt(rules.floor[0]);
        for (std::int64_t c = 1; c < k; ++c)
            if (!(sorted[size(c)] - sorted[size(c - 1)] > least)) return false;
        return true;
    }

    // tr(F Σ_k Σ_k⁻¹) with the floor F, or none; NaN or ∞ where a square overflows.
    double floored(const Point& next) const {
        const auto floor = [this](std::int64_t j) { return rules.floor ? rules.floor[j] : 0.0; };
        double sum = 0.0;
        if (step.spherical()) {
            double all = 0.0;
            for (std::int64_t c = 0; c < k; ++c)
                sum += next.whitening[size(c)] * next.whitening[size(c)];
            for (std::int64_t j = 0; j < d; ++j) all += floor(j);
            return sum * all;
        }
        const std::int64_t rows = step.diagonal() ? k : step.shared() ? d : k * d;
        for (std::int64_t j = 0; j < d; ++j) {
            double squares = 0.0;
            for (std::int64_t i = 0; i < rows; ++i) {
                const double entry = next.whitening[size(i * d + j)];
                squares += entry * entry;
            }
            sum += squares * floor(j);
        }
        return sum;
    }

    // The next state, the point ahead being kept and `next` EM's image of it.
    Progress onward(Point& next) {
        const std::int64_t here = std::ssize(trace) - 1;
        const Point& kept = *ahead;
        const bool begun = at.begun || begins(here);
        ahead = image = &next;
        if (!begun && accelerated.empty()) {
            at.extrapolated = false;
            history.clear();
            return verdict(rules.stopping, trace, at.since);
        }
        if (at.extrapolated) {
            at.since = here;
            accelerated.push_back(here);
        }
        at.extrapolated = false;
        at.begun = begun;
        history.join(coordinates, kept, next);
        return extrapolate(kept);
    }

    bool begins(std::int64_t here) const {
        if (rules.acceleration == Acceleration::never) return false;
        if (rules.acceleration == Acceleration::at_once) return true;
        const std::int64_t since = at.extrapolated ? here : at.since;
        const std::span<const double> all = trace;
        return in_linear_regime(all.subspan(size(std::min<std::int64_t>(since, here + 1))));
    }

    // On to an extrapolated point, unless it is time to stop, or to see whether it is.
    Progress extrapolate(const Point& kept) {
        Promise promise{};
        const bool found =
            at.begun && history.extrapolate(coordinates, kept, vector.data(), promise);
        const bool promises = found && std::abs(promise.gain) >= enough(rules.stopping);
        const bool sure = found && promise.whole && !promises;
        const std::int64_t plain = std::ssize(trace) - at.since;
        const std::int64_t wanted = sure ? plain_enough : patient_enough;
        const Progress ended = verdict(rules.stopping, trace, at.since);
        if (ended != Progress::going && (accelerated.empty() || (plain >= wanted && !promises)))
            return ended;
        const bool testing =
            !promises && plain < wanted && verdict(rules.stopping, trace, 0) != Progress::going;
        if (at.begun && !found && history.count() > 1) {
            // Not concave: not the regime in which extrapolation finds a maximum.
            history.clear();
            at.begun = false;
            return Progress::going;
        }
        if (!found || at.iteration >= rules.max_iter || testing) return Progress::going;
        Point& far = free();
        if (coordinates.point_of(vector.data(), far)) {
            ahead = &far;
            at.extrapolated = true;
        }
        return Progress::going;
    }

    // A point that is none of those in use.
    Point& free() {
        return *std::find_if(points.begin(), points.end(), [this](const Point& point) {
            return &point != known && &point != image && &point != ahead;
        });
    }

    bool place(const MixtureView& from, Point*& role) {
        Point& to = free();
        role = &to;
        const std::int64_t n = step.n_terms(), entries = step.entries();
        std::copy_n(from.shares, n, to.shares.begin());
        std::copy_n(from.means, k * d, to.at.means.begin());
        for (std::int64_t c = 0; c < k; ++c)
            for (std::int64_t i = 0; i < entries; ++i)
                to.at.covariances[size(c * entries + i)] =
                    from.covariances[step.spherical() ? c
                                     : step.shared()  ? i
                                                      : c * entries + i];
        return step.factored(to);
    }

    const Hill& hill;
    const RunRules& rules;
    std::int64_t k, d;
    EMStep step;
    Coordinates coordinates;
    AndersonHistory history;
    std::array<Point, 4> points;
    Point *known = nullptr, *image = nullptr, *ahead = nullptr;
    Standing at;
    bool sound = false, weighed = false;
    std::vector<double> trace, vector, sorted, weight;
    std::vector<std::int64_t> accelerated;
};

Run::Run(const Hill& hill, const RunRules& rules, std::int64_t n_components)
    : course_(std::make_unique<Course>(hill, rules, n_components)) {}

Run::~Run() = default;

bool Run::begin(const MixtureView& ahead) {
    Course& c = *course_;
    c.at = {};
    c.trace.clear();
    c.accelerated.clear();
    c.history.clear();
    c.known = c.image = c.ahead = nullptr;
    c.weighed = false;
    c.sound = c.place(ahead, c.ahead);
    c.known = c.image = c.ahead;
    return c.sound;
}

bool Run::resume(const Standing& at, const MixtureView& known, const MixtureView& image,
                 const MixtureView& ahead, std::span<const double> trace,
                 std::span<const std::int64_t> accelerated, std::span<const double> points,
                 std::span<const double> images) {
    Course& c = *course_;
    if (!begin(ahead)) return false;
    c.known = c.image = nullptr;
    c.sound = c.place(known, c.known) && c.place(image, c.image);
    if (!at.extrapolated) c.image = c.ahead;
    c.at = at;
    c.trace.assign(trace.begin(), trace.end());
    c.accelerated.assign(accelerated.begin(), accelerated.end());
    if (c.rules.acceleration != Acceleration::never) c.history.restore(points, images);
    return c.sound;
}

Progress Run::advance(std::int64_t n) { return course_->advance(n); }
bool Run::finish() { return course_->finish(); }

void Run::read(Role role, const MixtureView& to) const {
    const Course& c = *course_;
    const Point& from = role == Role::known ? *c.known : role == Role::image ? *c.image : *c.ahead;
    const std::int64_t entries = c.step.entries();
    std::copy(from.shares.begin(), from.shares.end(), to.shares);
    if (to.log_shares) std::copy(from.log_shares.begin(), from.log_shares.end(), to.log_shares);
    std::copy(from.at.means.begin(), from.at.means.end(), to.means);
    const std::int64_t n = c.step.spherical() ? c.k : c.step.shared() ? entries : c.k * entries;
    const std::int64_t stride = c.step.spherical() ? entries : 1;
    for (std::int64_t i = 0; i < n; ++i) {
        to.covariances[i] = from.at.covariances[size(i * stride)];
        if (to.factors) to.factors[i] = from.factors[size(i * stride)];
    }
}

bool Run::same(Role one, Role other) const {
    const Course& c = *course_;
    const std::array<const Point*, 3> of{c.known, c.image, c.ahead};
    return of[static_cast<std::size_t>(one)] == of[static_cast<std::size_t>(other)];
}

const Standing& Run::standing() const { return course_->at; }
std::span<const double> Run::trace() const { return course_->trace; }
std::span<const std::int64_t> Run::accelerated() const { return course_->accelerated; }
std::span<const double> Run::weight() const {
    return course_->weighed ? std::span<const double>(course_->weight) : std::span<const double>();
}
std::span<const double> Run::points() const { return course_->history.points(); }
std::span<const double> Run::images() const { return course_->history.images(); }
std::int64_t Run::n_coordinates() const { return course_->coordinates.size(); }

}  // namespace mixtura
