// What each instruction set's compilation of the pass offers: the functions of kernel.hpp.
#pragma once

#include "mixtura/component_tree.hpp"
#include "mixtura/kernel.hpp"
#include "mixtura/passes.hpp"
#include "mixtura/truncated.hpp"

#define MIXTURA_DECLARE(isa)                                                                       \
    namespace mixtura::isa {                                                                       \
    void pass(const Components&, Posterior, const float*, const double*, std::int64_t,             \
              const Results&);                                                                     \
    void pass(const Components&, Posterior, const double*, const double*, std::int64_t,            \
              const Results&);                                                                     \
    void deconvolve(const Components&, const double*, const double*, bool, const double*,          \
                    std::int64_t, const Results&);                                                 \
    void pass_by_pattern(const Factors&, Posterior, const float*, const double*, std::int64_t,     \
                         const Patterns&, const Results&);                                         \
    void pass_by_pattern(const Factors&, Posterior, const double*, const double*, std::int64_t,    \
                         const Patterns&, const Results&);                                         \
    void moments(const float*, const double*, std::int64_t, const double*, const double*,          \
                 std::int64_t, std::int64_t, const Results&);                                      \
    void moments(const double*, const double*, std::int64_t, const double*, const double*,         \
                 std::int64_t, std::int64_t, const Results&);                                      \
    Followed hamerly_step(const Centres&, const float*, const double*, std::int64_t,               \
                          const Membership&, const Results&);                                      \
    Followed hamerly_step(const Centres&, const double*, const double*, std::int64_t,              \
                          const Membership&, const Results&);                                      \
    void potentials(const Components&, const double*, const double*, std::int64_t, double*, bool,  \
                    double*);                                                                      \
    Passes* passes(Form, const double*, const double*, std::int64_t, std::int64_t, std::int64_t,   \
                   bool);                                                                          \
    void invert_lower(const double*, std::int64_t, std::int64_t, double*);                         \
    bool factor(const double*, std::int64_t, std::int64_t, double*, double*, double*);             \
    void below_floor(const double*, std::int64_t, std::int64_t, const double*, bool*);             \
    void raise_to_floor(double*, const std::int64_t*, std::int64_t, std::int64_t, const double*,   \
                        bool*);                                                                    \
    Expanded expand(const Components&, const HeldRows&, const Cells&, std::int64_t, std::int64_t,  \
                    const Lists&, const Expanding&, const Sets&);                                  \
    void moments_of_cells(const HeldRows&, const Cells&, const double*, const double*,             \
                          std::int64_t, std::int64_t, const Results&);                             \
    void seed_distances(const HeldRows&, const double*, const std::int32_t*, std::int64_t,         \
                        std::int64_t, const SeedPlaces&, std::int64_t, double*);                   \
    void chain_seeds(const HeldRows&, const double*, const Chains&, std::int64_t, std::int64_t,    \
                     const SeedPlaces&, std::int32_t*);                                            \
    ComponentTree* component_tree(const Components&, const Bounds&);                               \
    void vector_exp(const double*, std::int64_t, double*);                                         \
    void vector_exp(const float*, std::int64_t, float*);                                           \
    void vector_log(const double*, std::int64_t, double*);                                         \
    }

MIXTURA_DECLARE(baseline)
MIXTURA_DECLARE(avx2)
MIXTURA_DECLARE(avx512)
MIXTURA_DECLARE(neon)

#undef MIXTURA_DECLARE
