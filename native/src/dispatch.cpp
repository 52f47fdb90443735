// The functions of kernel.hpp, by the widest instruction set that the machine has.
#include <atomic>
#include <cstring>

#include "instruction_sets.hpp"

#if defined(_MSC_VER) && defined(__x86_64__)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace mixtura {
namespace {

struct Compiled {
    const char* name;
    bool (*usable)();
    void (*pass32)(const Components&, Posterior, const float*, const double*, std::int64_t,
                   const Results&);
    void (*pass64)(const Components&, Posterior, const double*, const double*, std::int64_t,
                   const Results&);
    void (*deconvolve)(const Components&, const double*, const double*, bool, const double*,
                       std::int64_t, const Results&);
    void (*pass_by_pattern32)(const Factors&, Posterior, const float*, const double*, std::int64_t,
                              const Patterns&, const Results&);
    void (*pass_by_pattern64)(const Factors&, Posterior, const double*, const double*, std::int64_t,
                              const Patterns&, const Results&);
    void (*moments32)(const float*, const double*, std::int64_t, const double*, const double*,
                      std::int64_t, std::int64_t, const Results&);
    void (*moments64)(const double*, const double*, std::int64_t, const double*, const double*,
                      std::int64_t, std::int64_t, const Results&);
    Followed (*hamerly_step32)(const Centres&, const float*, const double*, std::int64_t,
                               const Membership&, const Results&);
    Followed (*hamerly_step64)(const Centres&, const double*, const double*, std::int64_t,
                               const Membership&, const Results&);
    void (*potentials)(const Components&, const double*, const double*, std::int64_t, double*, bool,
                       double*);
    Passes* (*passes)(Form, const double*, const double*, std::int64_t, std::int64_t, std::int64_t,
                      bool);
    void (*invert_lower)(const double*, std::int64_t, std::int64_t, double*);
    bool (*factor)(const double*, std::int64_t, std::int64_t, double*, double*, double*);
    void (*below_floor)(const double*, std::int64_t, std::int64_t, const double*, bool*);
    void (*raise_to_floor)(double*, const std::int64_t*, std::int64_t, std::int64_t, const double*,
                           bool*);
    Expanded (*expand)(const Components&, const HeldRows&, const Cells&, std::int64_t, std::int64_t,
                       const Lists&, const Expanding&, const Sets&);
    void (*moments_of_cells)(const HeldRows&, const Cells&, const double*, const double*,
                             std::int64_t, std::int64_t, const Results&);
    void (*seed_distances)(const HeldRows&, const double*, const std::int32_t*, std::int64_t,
                           std::int64_t, const SeedPlaces&, std::int64_t, double*);
    void (*chain_seeds)(const HeldRows&, const double*, const Chains&, std::int64_t, std::int64_t,
                        const SeedPlaces&, std::int32_t*);
    ComponentTree* (*component_tree)(const Components&, const Bounds&);
    void (*exp32)(const float*, std::int64_t, float*);
    void (*exp64)(const double*, std::int64_t, double*);
    void (*log64)(const double*, std::int64_t, double*);
};

[[maybe_unused]] bool always() { return true; }

#if defined(_MSC_VER) && defined(__x86_64__)
// clang-cl links without the library that __builtin_cpu_supports needs. Leaf 7, EBX: bit 5 is
// AVX2, bits 16, 17, 30 and 31 are AVX-512 F, DQ, BW and VL; leaf 1, ECX: bit 12 is FMA, bit 27
// says that XGETBV tells which registers the system saves: 0x6 up to YMM, 0xe6 up to ZMM.
bool has(int features, unsigned long long saved) {
    int leaf1[4], leaf7[4];
    __cpuid(leaf1, 1);
    __cpuidex(leaf7, 7, 0);
    constexpr int wanted = 1 << 12 | 1 << 27;
    return (leaf1[2] & wanted) == wanted && (_xgetbv(0) & saved) == saved &&
           (leaf7[1] & features) == features;
}
bool has_avx2() { return has(1 << 5, 0x6); }
bool has_avx512() { return has(1 << 5 | 1 << 16 | 1 << 17 | 1 << 30 | int(1u << 31), 0xe6); }
#elif defined(__x86_64__)
bool has_avx2() {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
#endif

#define MIXTURA_COMPILED(isa, usable)                                                              \
    {#isa,                                                                                         \
     usable,                                                                                       \
     isa::pass,                                                                                    \
     isa::pass,                                                                                    \
     isa::deconvolve,                                                                              \
     isa::pass_by_pattern,                                                                         \
     isa::pass_by_pattern,                                                                         \
     isa::moments,                                                                                 \
     isa::moments,                                                                                 \
     isa::hamerly_step,                                                                            \
     isa::hamerly_step,                                                                            \
     isa::potentials,                                                                              \
     isa::passes,                                                                                  \
     isa::invert_lower,                                                                            \
     isa::factor,                                                                                  \
     isa::below_floor,                                                                             \
     isa::raise_to_floor,                                                                          \
     isa::expand,                                                                                  \
     isa::moments_of_cells,                                                                        \
     isa::seed_distances,                                                                          \
     isa::chain_seeds,                                                                             \
     isa::component_tree,                                                                          \
     isa::vector_exp,                                                                              \
     isa::vector_exp,                                                                              \
     isa::vector_log}

// The widest first.
constexpr Compiled known[] = {
#ifdef MIXTURA_HAS_AVX512
    MIXTURA_COMPILED(avx512, has_avx512),
#endif
#ifdef MIXTURA_HAS_AVX2
    MIXTURA_COMPILED(avx2, has_avx2),
#endif
#ifdef MIXTURA_HAS_NEON
    MIXTURA_COMPILED(neon, always),
#endif
#ifdef MIXTURA_HAS_BASELINE
    MIXTURA_COMPILED(baseline, always),
#endif
};

const Compiled* widest() {
    for (const Compiled& compiled : known)
        if (compiled.usable()) return &compiled;
    return nullptr;  // the last of them is always usable
}

std::atomic<const Compiled*> in_use{widest()};

const Compiled& current() { return *in_use.load(std::memory_order_relaxed); }

}  // namespace

const char* instruction_set() { return current().name; }

bool use_instruction_set(const char* name) {
    for (const Compiled& compiled : known)
        if (std::strcmp(compiled.name, name) == 0 && compiled.usable()) {
            in_use.store(&compiled, std::memory_order_relaxed);
            return true;
        }
    return false;
}

void pass(const Components& components, Posterior posterior, const float* rows,
          const double* weights, std::int64_t n_rows, const Results& results) {
    current().pass32(components, posterior, rows, weights, n_rows, results);
}

void pass(const Components& components, Posterior posterior, const double* rows,
          const double* weights, std::int64_t n_rows, const Results& results) {
    current().pass64(components, posterior, rows, weights, n_rows, results);
}

void deconvolve(const Components& components, const double* rows, const double* errors,
                bool deviations, const double* weights, std::int64_t n_rows,
                const Results& results) {
    current().deconvolve(components, rows, errors, deviations, weights, n_rows, results);
}

void pass_by_pattern(const Factors& factors, Posterior posterior, const float* rows,
                     const double* weights, std::int64_t n_rows, const Patterns& patterns,
                     const Results& results) {
    current().pass_by_pattern32(factors, posterior, rows, weights, n_rows, patterns, results);
}

void pass_by_pattern(const Factors& factors, Posterior posterior, const double* rows,
                     const double* weights, std::int64_t n_rows, const Patterns& patterns,
                     const Results& results) {
    current().pass_by_pattern64(factors, posterior, rows, weights, n_rows, patterns, results);
}

void moments(const float* rows, const double* weights, std::int64_t n_rows,
             const double* responsibilities, const double* reference, std::int64_t n_components,
             std::int64_t n_features, const Results& results) {
    current().moments32(rows, weights, n_rows, responsibilities, reference, n_components,
                        n_features, results);
}

void moments(const double* rows, const double* weights, std::int64_t n_rows,
             const double* responsibilities, const double* reference, std::int64_t n_components,
             std::int64_t n_features, const Results& results) {
    current().moments64(rows, weights, n_rows, responsibilities, reference, n_components,
                        n_features, results);
}

Followed hamerly_step(const Centres& centres, const float* rows, const double* weights,
                      std::int64_t n_rows, const Membership& membership, const Results& results) {
    return current().hamerly_step32(centres, rows, weights, n_rows, membership, results);
}

Followed hamerly_step(const Centres& centres, const double* rows, const double* weights,
                      std::int64_t n_rows, const Membership& membership, const Results& results) {
    return current().hamerly_step64(centres, rows, weights, n_rows, membership, results);
}

void potentials(const Components& components, const double* rows, const double* weights,
                std::int64_t n_rows, double* nearest, bool update, double* potentials) {
    current().potentials(components, rows, weights, n_rows, nearest, update, potentials);
}

Passes::~Passes() = default;

std::unique_ptr<Passes> passes(Form form, const double* rows, const double* weights,
                               std::int64_t n_rows, std::int64_t n_components,
                               std::int64_t n_features, bool diagonal) {
    return std::unique_ptr<Passes>(
        current().passes(form, rows, weights, n_rows, n_components, n_features, diagonal));
}

void invert_lower(const double* lower, std::int64_t n, std::int64_t n_features, double* inverse) {
    current().invert_lower(lower, n, n_features, inverse);
}

bool factor(const double* matrices, std::int64_t n, std::int64_t n_features, double* lower,
            double* inverse, double* log_determinants) {
    return current().factor(matrices, n, n_features, lower, inverse, log_determinants);
}

void below_floor(const double* matrices, std::int64_t n, std::int64_t n_features,
                 const double* floor, bool* flags) {
    current().below_floor(matrices, n, n_features, floor, flags);
}

void raise_to_floor(double* matrices, const std::int64_t* which, std::int64_t n,
                    std::int64_t n_features, const double* floor, bool* flags) {
    current().raise_to_floor(matrices, which, n, n_features, floor, flags);
}

Expanded expand(const Components& components, const HeldRows& rows, const Cells& cells,
                std::int64_t first, std::int64_t last, const Lists& lists, const Expanding& how,
                const Sets& sets) {
    return current().expand(components, rows, cells, first, last, lists, how, sets);
}

void moments_of_cells(const HeldRows& rows, const Cells& members, const double* shares,
                      const double* reference, std::int64_t first, std::int64_t last,
                      const Results& results) {
    current().moments_of_cells(rows, members, shares, reference, first, last, results);
}

void seed_distances(const HeldRows& rows, const double* scale, const std::int32_t* drawn,
                    std::int64_t first, std::int64_t last, const SeedPlaces& places,
                    std::int64_t n_known, double* far) {
    current().seed_distances(rows, scale, drawn, first, last, places, n_known, far);
}

void chain_seeds(const HeldRows& rows, const double* scale, const Chains& chains,
                 std::int64_t first, std::int64_t last, const SeedPlaces& places,
                 std::int32_t* chosen) {
    current().chain_seeds(rows, scale, chains, first, last, places, chosen);
}

ComponentTree::~ComponentTree() = default;

std::unique_ptr<ComponentTree> component_tree(const Components& components, const Bounds& bounds) {
    return std::unique_ptr<ComponentTree>(current().component_tree(components, bounds));
}

void vector_exp(const double* x, std::int64_t n, double* y) { current().exp64(x, n, y); }
void vector_exp(const float* x, std::int64_t n, float* y) { current().exp32(x, n, y); }
void vector_log(const double* x, std::int64_t n, double* y) { current().log64(x, n, y); }

}  // namespace mixtura
