// The kernel's face: one pass over a block of rows.
//
// Letters: m rows of a block, D features, K components, P = D(D+1)/2. Arrays are row-major.
#pragma once

#include <cstdint>

namespace mixtura {

// How the K inverse factors W_k = L_k⁻¹ are held; of low rank by W_kᵀ W_k = Ψ_k⁻¹ − U_k U_kᵀ.
enum class Form : int { triangular, shared_triangular, diagonal, spherical, low_rank };

// K weighted Gaussians, ready for a pass: log p_k(x) = constant_k − ½‖W_k (x − μ_k)‖².
struct Components {
    Form form;
    std::int64_t n_components;
    std::int64_t n_features;
    const double* constants;  // (K,) log w_k − ½ log|Σ_k| − D/2·log 2π
    const double* means;      // (K, D)
    const double* whitening;  // (K, D, D), (D, D), (K, D) or (K,): W_k, lower triangular, or 1/σ;
                              // of low rank (K, D, H + 1): U_k, and 1/Ψ_k after it
    std::int64_t n_factors = 0;  // H, of low rank
};

// Whose row it is: shared out by responsibility, or wholly the nearest component's.
enum class Posterior : int { soft, hard };

// What a pass is asked for; a null pointer is not asked for.
struct Results {
    double* squared_distances;  // (m, K) ‖W_k (x − μ_k)‖²
    double* log_joint;          // (m, K) log p_k(x)
    double* log_likelihood;     // (m,) log Σ_k exp(log p_k(x))
    double* responsibilities;   // (m, K)
    std::int64_t* labels;       // (m,) the component of largest log p_k(x), the first of equals
    // Statistics about the means, over rows i of weight v_i: they are overwritten.
    double* weight;  // (K,) Σ v_i r_ik
    double* first;   // (K, D) Σ v_i r_ik (x_i − μ_k)
    double* second;  // (K, D, D) Σ v_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ, or its diagonals (K, D)
    bool diagonal;   // whether `second` is the diagonals
    double* total;   // (1,) Σ v_i log p(x_i); for hard, Σ v_i max_k log p_k(x_i)
    // (K, D, H + 1) directions U_k, and a column more; or null. With them `second` is (K, D, H +
    // 1), S_k U_k of the second moments S_k, and their diagonals after it.
    const double* directions = nullptr;
    std::int64_t n_directions = 0;  // H
};

// One pass over rows (m, D) with weights (m,), or null where each counts once.
//
// The result depends on the arguments and the instruction set alone, never on who calls or how
// often. Rows so far out that every squared distance overflows score −∞ and take part in no sum
// but the total, which is −∞ then, whatever they weigh.
void pass(const Components& components, Posterior posterior, const float* rows,
          const double* weights, std::int64_t n_rows, const Results& results);
void pass(const Components& components, Posterior posterior, const double* rows,
          const double* weights, std::int64_t n_rows, const Results& results);

// One pass over rows (m, D) that were measured with errors: standard deviations (m, D), or
// covariances (m, D, D). Components are triangular; or diagonal, of standard deviations.
//
// Of `results` it gives `log_joint`, `log_likelihood` and `total` of log w_k N(x | μ_k, Σ_k + S_i),
// and for q_ik = v_i r_ik the sums in units of the components: `weight` Σ q, `first` Σ q u and
// `second` Σ q (u uᵀ − G), with G = (I + W S_i Wᵀ)⁻¹ and u = G W (x_i − μ_k); `second` is of
// diagonals where the components are.
void deconvolve(const Components& components, const double* rows, const double* errors,
                bool deviations, const double* weights, std::int64_t n_rows,
                const Results& results);

// K weighted Gaussians by the factors of their covariances, and perhaps a uniform one after them.
struct Factors {
    Form form;
    std::int64_t n_components;  // K, the uniform one among them
    std::int64_t n_features;
    const double* log_weights;  // (K,)
    const double* means;        // (K, D)
    const double* held;         // of the Gaussians, as `whitening` is held: L_k, or σ
    const double* log_extents;  // (D,) log lengths of the uniform one's box; null without one
};

// Which features rows have; rows of one pattern stand together.
struct Patterns {
    std::int64_t n_patterns;
    const std::int64_t* order;   // (m,) the rows' numbers
    const std::int64_t* starts;  // (n_patterns + 1,) where each begins in `order`, and the end
    const bool* observed;        // (n_patterns, D)
};

// The same as `pass`, of rows some of whose features were not observed: each is of the density of
// those that were. The sums are those expected of whole rows given what was observed.
void pass_by_pattern(const Factors& factors, Posterior posterior, const float* rows,
                     const double* weights, std::int64_t n_rows, const Patterns& patterns,
                     const Results& results);
void pass_by_pattern(const Factors& factors, Posterior posterior, const double* rows,
                     const double* weights, std::int64_t n_rows, const Patterns& patterns,
                     const Results& results);

// Statistics about `reference` (K, D) for given responsibilities (m, K): of `results`, `weight`,
// `first` and `second` are filled.
void moments(const float* rows, const double* weights, std::int64_t n_rows,
             const double* responsibilities, const double* reference, std::int64_t n_components,
             std::int64_t n_features, const Results& results);
void moments(const double* rows, const double* weights, std::int64_t n_rows,
             const double* responsibilities, const double* reference, std::int64_t n_components,
             std::int64_t n_features, const Results& results);

// Centres on their way, and what is known of the rows that follow them.
struct Centres {
    std::int64_t n_centres;   // K
    std::int64_t n_features;  // D
    const double* centres;    // (K, D)
    const double* reference;  // (K, D) the points that sums are taken about
    const double* loss;       // (K,) by how much a row's slack shrinks, by whose it is
    double rounding;          // of a distance, relative
};
struct Membership {
    std::int32_t* labels;  // (m,) whose a row is; −1 for nobody's yet
    double* slack;         // (m,) how much farther the second-nearest is, at least; NaN: not known
};

// How many rows changed theirs, and how many lie so far out that every squared distance overflows.
struct Followed {
    std::int64_t moved, far;
};

// One step of Lloyd's iteration: rows go to the nearest centre, the first of equals, but those with
// slack left are not looked at. Of `results`, `weight` and `first` are filled with what the sums of
// the clusters gain. Far rows stay whose they are, and their slack is NaN.
Followed hamerly_step(const Centres& centres, const float* rows, const double* weights,
                      std::int64_t n_rows, const Membership& membership, const Results& results);
Followed hamerly_step(const Centres& centres, const double* rows, const double* weights,
                      std::int64_t n_rows, const Membership& membership, const Results& results);

// What is left of the sum of `nearest` (m,) with each component's squared distances besides:
// potentials[k] = Σ_i v_i min(nearest_i, ‖W_k (x_i − μ_k)‖²). With `update`, the least of all takes
// the place of `nearest`.
void potentials(const Components& components, const double* rows, const double* weights,
                std::int64_t n_rows, double* nearest, bool update, double* potentials);

// W = L⁻¹ for lower triangular matrices: (n, D, D) -> (n, D, D).
void invert_lower(const double* lower, std::int64_t n, std::int64_t n_features, double* inverse);

// The features of matrices that `factor` takes, at most.
constexpr std::int64_t most_at_once = 8;

// L with A = L Lᵀ, L⁻¹ and log|L|, nats, of small matrices: (n, D, D) -> (n, D, D) each and (n,).
// False where one is not positive definite, or not finite; what is written then means nothing.
bool factor(const double* matrices, std::int64_t n, std::int64_t n_features, double* lower,
            double* inverse, double* log_determinants);

// Which of matrices (n, D, D) less a diagonal (D,) have a pivot of 0 or below, so that an
// eigenvalue is not above that: flags (n,). They are read below their diagonals, and on them.
void below_floor(const double* matrices, std::int64_t n, std::int64_t n_features,
                 const double* floor, bool* flags);

// Those matrices (D, D) of the numbers `which` (n,) with their eigenvalues raised to 1, in units of
// `floor` (D,), but to no less than what rounding takes of the largest; flags (n,) where that
// succeeded, the others stay as they are. They are read as before.
void raise_to_floor(double* matrices, const std::int64_t* which, std::int64_t n,
                    std::int64_t n_features, const double* floor, bool* flags);

// The instruction set in use: "baseline", "avx2", "avx512" or "neon".
const char* instruction_set();

// Use another one from now on; false where this machine or build has none of that name.
bool use_instruction_set(const char* name);

// Vector exp and log, as the pass uses them, over n values: for measuring their error.
void vector_exp(const double* x, std::int64_t n, double* y);
void vector_exp(const float* x, std::int64_t n, float* y);
void vector_log(const double* x, std::int64_t n, double* y);

}  // namespace mixtura
