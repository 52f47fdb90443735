// Lanes: as many rows side by side as a vector register holds.
//
// Included once for each instruction set, inside its own namespace; MIXTURA_ISA names it and
// MIXTURA_LANES_BYTES is the width of a register.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#if MIXTURA_LANES_BYTES > 16
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace mixtura::MIXTURA_ISA {

typedef double Doubles __attribute__((vector_size(MIXTURA_LANES_BYTES)));
typedef float Floats __attribute__((vector_size(MIXTURA_LANES_BYTES)));
typedef std::int64_t Longs __attribute__((vector_size(MIXTURA_LANES_BYTES)));
typedef std::int32_t Ints __attribute__((vector_size(MIXTURA_LANES_BYTES)));
typedef std::uint64_t UnsignedLongs __attribute__((vector_size(MIXTURA_LANES_BYTES)));
typedef std::uint32_t UnsignedInts __attribute__((vector_size(MIXTURA_LANES_BYTES)));

// The vector types that go with a scalar.
template <class S> struct Wide;
template <> struct Wide<double> {
    using Lanes = Doubles;
    using Bits = Longs;
    using Unsigned = UnsignedLongs;
};
template <> struct Wide<float> {
    using Lanes = Floats;
    using Bits = Ints;
    using Unsigned = UnsignedInts;
};
template <class S> using Lanes = typename Wide<S>::Lanes;
template <class S> using Bits = typename Wide<S>::Bits;
template <class S> using Unsigned = typename Wide<S>::Unsigned;

// How many values of a scalar make a register.
template <class S> constexpr int width = MIXTURA_LANES_BYTES / static_cast<int>(sizeof(S));

// How many registers of rows the register-blocked loops hold at once: sixteen accumulators where
// there are 32 registers, eight where there are 16.
constexpr int rows_at_once = MIXTURA_LANES_BYTES == 64 ? 4 : 2;

template <class S> inline Lanes<S> load(const S* from) {
    Lanes<S> lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

template <class S> inline void store(S* to, Lanes<S> lanes) {
    std::memcpy(to, &lanes, sizeof lanes);
}

// Subtracting zero keeps every value, −0.0 too, and compiles to a broadcast.
template <class S> inline Lanes<S> all(S value) { return value - Lanes<S>{}; }

template <class To, class From> inline To as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

// a·b + c, rounded once where the machine can.
inline Doubles fma(Doubles a, Doubles b, Doubles c) {
#if MIXTURA_LANES_BYTES == 64
    return _mm512_fmadd_pd(a, b, c);
#elif MIXTURA_LANES_BYTES == 32
    return _mm256_fmadd_pd(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f64(c, a, b);
#else
    return a * b + c;
#endif
}

inline Floats fma(Floats a, Floats b, Floats c) {
#if MIXTURA_LANES_BYTES == 64
    return _mm512_fmadd_ps(a, b, c);
#elif MIXTURA_LANES_BYTES == 32
    return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    return a * b + c;
#endif
}

// √a.
inline Doubles root(Doubles a) {
#if MIXTURA_LANES_BYTES == 64
    return _mm512_sqrt_pd(a);
#elif MIXTURA_LANES_BYTES == 32
    return _mm256_sqrt_pd(a);
#elif defined(__aarch64__)
    return vsqrtq_f64(a);
#else
    return Doubles{std::sqrt(a[0]), std::sqrt(a[1])};
#endif
}

// The larger of a and b; b where one is NaN.
template <class V> inline V larger(V a, V b) {
#if MIXTURA_LANES_BYTES == 64
    if constexpr (sizeof(a[0]) == 8) return _mm512_max_pd(a, b);
    else return _mm512_max_ps(a, b);
#elif MIXTURA_LANES_BYTES == 32
    if constexpr (sizeof(a[0]) == 8) return _mm256_max_pd(a, b);
    else return _mm256_max_ps(a, b);
#else
    return a > b ? a : b;
#endif
}

template <class S> inline bool any_nonzero(Lanes<S> lanes) {
#if MIXTURA_LANES_BYTES == 64
    if constexpr (sizeof(S) == 8)
        return _mm512_cmp_pd_mask(lanes, _mm512_setzero_pd(), _CMP_NEQ_UQ);
    else return _mm512_cmp_ps_mask(lanes, _mm512_setzero_ps(), _CMP_NEQ_UQ);
#else
    S values[width<S>];
    store(values, lanes);
    bool any = false;
    for (S value : values) any |= value != 0;
    return any;
#endif
}

// Whether any lane is `least` or more; a NaN is not.
template <class S> inline bool any_at_least(Lanes<S> lanes, S least) {
#if MIXTURA_LANES_BYTES == 64
    if constexpr (sizeof(S) == 8) return _mm512_cmp_pd_mask(lanes, all(least), _CMP_GE_OQ);
    else return _mm512_cmp_ps_mask(lanes, all(least), _CMP_GE_OQ);
#elif MIXTURA_LANES_BYTES == 32
    if constexpr (sizeof(S) == 8)
        return _mm256_movemask_pd(_mm256_cmp_pd(lanes, all(least), _CMP_GE_OQ));
    else return _mm256_movemask_ps(_mm256_cmp_ps(lanes, all(least), _CMP_GE_OQ));
#else
    S values[width<S>];
    store(values, lanes);
    bool any = false;
    for (S value : values) any |= value >= least;
    return any;
#endif
}

// Whether any lane of a is above that of b; a NaN is not.
inline bool any_above(Doubles a, Doubles b) {
#if MIXTURA_LANES_BYTES == 64
    return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ) != 0;
#elif MIXTURA_LANES_BYTES == 32
    return _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_GT_OQ)) != 0;
#else
    const Longs above = a > b;
    for (int t = 0; t < width<double>; ++t)
        if (above[t]) return true;
    return false;
#endif
}

// The lanes, or 0; without a branch.
template <class S> inline Lanes<S> kept_if(Lanes<S> lanes, bool condition) {
    using Word = decltype(Bits<S>{}[0] + 0);
    return as<Lanes<S>>(as<Bits<S>>(lanes) & (Bits<S>{} - static_cast<Word>(condition)));
}

// ½ of the lanes of a float register, as doubles.
inline Doubles widened(Floats lanes, int part) {
    typedef float Half __attribute__((vector_size(MIXTURA_LANES_BYTES / 2)));
    float values[width<float>];
    store(values, lanes);
    Half half;
    std::memcpy(&half, values + part * width<double>, sizeof half);
    return __builtin_convertvector(half, Doubles);
}

// Picks for merging sums of `span` lanes: {0..s−1 of a, of b, 2s..3s−1 of a, of b, …}, and the
// other halves with `offset` = span.
template <class V, int span, int offset, std::size_t... i>
inline V picked(V a, V b, std::index_sequence<i...>) {
    constexpr int n = sizeof...(i);
    return __builtin_shufflevector(
        a, b,
        (static_cast<int>(i) / (2 * span) * 2 * span + static_cast<int>(i) % span + offset +
         (static_cast<int>(i) / span % 2 ? n : 0))...);
}

// Lane t of the result is the sum over the lanes of vectors[t]: a tree, log₂(width) levels deep.
template <class S, int span = 1> inline Lanes<S> summed(const Lanes<S>* vectors) {
    constexpr int n = width<S>;
    if constexpr (span == n) {
        return vectors[0];
    } else {
        // At this level each vector holds `span` interleaved inputs' partial sums.
        Lanes<S> merged[n / span / 2];
        for (int t = 0; t < n / span / 2; ++t) {
            const auto lanes = std::make_index_sequence<n>{};
            merged[t] = picked<Lanes<S>, span, 0>(vectors[2 * t], vectors[2 * t + 1], lanes) +
                        picked<Lanes<S>, span, span>(vectors[2 * t], vectors[2 * t + 1], lanes);
        }
        return summed<S, 2 * span>(merged);
    }
}

// Lane t of vectors[u] and lane u of vectors[t] change places: first in squares of two, then four.
template <class S, int span = 1> inline void transpose(Lanes<S>* vectors) {
    constexpr int n = width<S>;
    if constexpr (span < n) {
        const auto lanes = std::make_index_sequence<n>{};
        for (int t = 0; t < n; ++t) {
            if (t & span) continue;
            const Lanes<S> a = vectors[t], b = vectors[t + span];
            vectors[t] = picked<Lanes<S>, span, 0>(a, b, lanes);
            vectors[t + span] = picked<Lanes<S>, span, span>(a, b, lanes);
        }
        transpose<S, 2 * span>(vectors);
    }
}

#if MIXTURA_LANES_BYTES == 64
// Of a table of sixteen words at a cache line, those whose numbers the low four bits of `at` are.
inline UnsignedLongs looked_up(const std::uint64_t* table, UnsignedLongs at) {
    return as<UnsignedLongs>(_mm512_permutex2var_epi64(_mm512_load_si512(table), as<__m512i>(at),
                                                       _mm512_load_si512(table + 8)));
}
#endif

template <class S> inline double total(Lanes<S> lanes) {
    S values[width<S>];
    store(values, lanes);
    double sum = 0.0;
    for (S value : values) sum += value;
    return sum;
}

}  // namespace mixtura::MIXTURA_ISA
