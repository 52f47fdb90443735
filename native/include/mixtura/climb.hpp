// Climb: EM from a start to its end, over rows in memory.
//
// Letters: N rows, D features, K components. Arrays are row-major.
#pragma once

#include <cstdint>

namespace mixtura {

// The fourteen families of covariances Σ_k = λ_k O_k A_k O_kᵀ: the letters say whether the volume
// λ, the shape A and the orientation O are Equal over components, Vary, or are the Identity.
// clang-format off
enum class Structure : int {
    EII, VII, EEI, VEI, EVI, VVI, EEE, VEE, EVE, VVE, EEV, VEV, EVV, VVV
};
// clang-format on
constexpr const char* structure_names[] = {"EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE",
                                           "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"};

// What is climbed: the likelihood of a model for rows (N, D) with weights (N,), or null where each
// counts once.
struct Hill {
    const double* rows;
    const double* weights;
    std::int64_t n_rows;
    std::int64_t n_features;
    Structure structure;
    const double* ridge;       // (D, D) symmetric, is added to every covariance
    double noise_log_density;  // of one more component, that is the same everywhere; −∞ for none
    bool equal_weights;        // of the components, which share what the noise leaves
};

// Where on it: parameters, to be overwritten. A component's weight is its effective number of rows.
struct Place {
    std::int64_t n_components;
    double* weight;       // (K,)
    double* means;        // (K, D)
    double* covariances;  // (K, D, D), whatever the structure
    double noise_weight;
    double log_likelihood;  // mean, nats a row, of the parameters one step before; −∞ if not known
};

// How it ended: the gain of the last step, nats a row; how many were done; and whether more could
// be. No more can from where a row is out of reach of every component, or where the next
// covariances would not be positive definite; the place is then the last that is sound.
struct Climbed {
    double gain;
    std::int64_t n_steps;
    bool sound;
};

// At most `n_steps` steps of EM, until one gains less than `gain` nats a row.
//
// A step is an E-step, whose log-likelihood is that of the parameters before it, and an M-step.
// One thread, all sums in a fixed order; memory is allocated before the first step only.
Climbed climb(const Hill& hill, Place& place, std::int64_t n_steps, double gain);

// The parameters that follow from sums about points c_k alone, with nothing to go on from: weights
// in place, the means' shifts from c_k (K, D), W_k in place of the second moments, and covariances
// (K, D, D), or variances (K, D) of a diagonal structure. False where the scatters leave none.
bool first_m_step(Structure structure, std::int64_t k, std::int64_t d, const double* ridge,
                  double* weight, const double* first, double* second, double* shift,
                  double* covariances);

}  // namespace mixtura
