// Run: EM from a start to its end, with the rules that end it and the extrapolation of its steps.
//
// Letters: N rows, D features, K components, n = K and one for noise. Arrays are row-major.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "mixtura/climb.hpp"

namespace mixtura {

// When EM stops: where the last gain is below `least`, nats a row, or the gain that remains is, by
// Aitken's estimate.
struct Stopping {
    bool remaining;
    double least;
};

// When EM's steps are extrapolated: never, once their gains shrink at a steady ratio, or at once.
enum class Acceleration : int { never, steady, at_once };

// A prior as rows that each component has seen before: their number a, their scatter Λ_k
// (K, D, D), or its diagonals (K, D), their mean (D,) and how many rows κ that is worth.
struct SeenBefore {
    double rows = 0.0;
    const double* scatter = nullptr;  // null for no prior
    const double* roots = nullptr;    // (K, D, D) Λ_k^½, or √ of the diagonals (K, D)
    const double* centre = nullptr;
    double shrinkage = 0.0;
};

// What ends a run, and what it may not leave. All arrays stay where they are.
struct RunRules {
    Stopping stopping;
    Acceleration acceleration;
    std::int64_t n_parameters;  // the dimension of the mixtures of this kind
    std::int64_t max_iter;
    const double* floor;  // (D,) variances that every covariance stays clear of; null for none
    SeenBefore seen;
};

// A mixture, in the form that its structure is held in: of a shared covariance one matrix (D, D),
// else (K, D, D); of diagonal ones variances (K, D), of spherical ones (K,).
struct MixtureView {
    double* shares;       // (n,) weights, the noise's last
    double* log_shares;   // (n,) or null
    double* means;        // (K, D)
    double* covariances;  // see above
    double* factors;      // Cholesky factors, or standard deviations, likewise; or null
};

// Where a run stands between two iterations: all but its mixtures, its trace and its history.
struct Standing {
    std::int64_t iteration = 1;  // the next one's number
    std::int64_t since = 0;      // the entry of the trace from which on all is plain EM
    std::int64_t rejected = 0;   // extrapolated points that were not kept
    bool extrapolated = false;   // whether the point ahead is
    bool begun = false;          // whether extrapolation has begun
};

// How far a run is: it goes on; its rule has ended it, on the way up or after a fall; it has no
// iterations left; or the next iteration is not for it to make.
enum class Progress : int { going, converged, stalled, spent, beyond };

// The mixtures that a run knows: the last whose likelihood is known, EM's next one after the last
// that was kept, and the one to look at next, which is that or extrapolated.
enum class Role : int { known, image, ahead };

class Run {
  public:
    // Hill and rules have to stay where they are.
    Run(const Hill& hill, const RunRules& rules, std::int64_t n_components);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    // To begin from a mixture that is ahead; false where no E-step can follow.
    bool begin(const MixtureView& ahead);

    // To go on from where a run stands: `known` is known for the last entry of the trace (t,), and
    // the history is of h points (h, P) and EM's images of them.
    bool resume(const Standing& at, const MixtureView& known, const MixtureView& image,
                const MixtureView& ahead, std::span<const double> trace,
                std::span<const std::int64_t> accelerated, std::span<const double> points,
                std::span<const double> images);

    // At most `n` iterations more. Where the next one is beyond it, nothing of it is done.
    //
    // Beyond it are rows out of reach of every component, and an M-step whose parameters are not
    // plainly sound: a component without rows, a covariance that is singular or may be on the
    // floor, means that may be one.
    Progress advance(std::int64_t n);

    // After the last iteration: the likelihood of the mixture ahead, which becomes the known one;
    // false where a row is out of its reach.
    bool finish();

    void read(Role role, const MixtureView& to) const;
    bool same(Role one, Role other) const;
    const Standing& standing() const;
    std::span<const double> trace() const;              // mean log-likelihoods, nats a row
    std::span<const std::int64_t> accelerated() const;  // its entries that are extrapolated points'
    std::span<const double> weight() const;  // (K,) effective rows by the last M-step; or empty
    std::span<const double> points() const;  // (h, P) of the history
    std::span<const double> images() const;
    std::int64_t n_coordinates() const;             // P
    static constexpr std::int64_t most_points = 6;  // h

  private:
    class Course;
    std::unique_ptr<Course> course_;
};

}  // namespace mixtura
