// From squared distances to densities and responsibilities, a register of rows at a time.
#pragma once

#include <limits>

#include "mixtura/distances.hpp"
#include "mixtura/mathematics.hpp"

namespace mixtura::MIXTURA_ISA {

// A squared distance, where NaN, which ∞ − ∞ in the whitening gives, counts as infinitely far.
template <class S> inline Lanes<S> reached(Lanes<S> squared) {
    return squared == squared ? squared : all(std::numeric_limits<S>::infinity());
}

// log p_k(x) = constant_k − ½ distance². Of a NaN distance it is NaN, which compares as −∞ below.
template <class S> inline Lanes<S> log_joint(Lanes<S> squared, S constant) {
    return fma(all(S(-0.5)), squared, all(constant));
}

// (K, T) -> (m, K), each register of rows of component k through `map`.
template <class S, class Map>
inline void turned(const S* values, std::int64_t n_components, std::int64_t capacity,
                   std::int64_t n_rows, double* to, const Map& map) {
    S lanes[width<S>];
    for (std::int64_t k = 0; k < n_components; ++k)
        for (std::int64_t at = 0; at < n_rows; at += width<S>) {
            store(lanes, map(load(values + k * capacity + at), k, at));
            for (std::int64_t i = 0; i < std::min<std::int64_t>(width<S>, n_rows - at); ++i)
                to[(at + i) * n_components + k] = static_cast<double>(lanes[i]);
        }
}

// What `exponentials` leaves of a tile (T,): r_k = e_k · share.
template <class S> struct Normalisation {
    Normalisation(std::int64_t capacity, std::int64_t n_components)
        : top(capacity), sum(capacity), share(capacity), counting(n_components) {}
    Buffer<S> top;                  // the largest log joint density
    Buffer<S> sum;                  // Σ_k e_k with e_k = exp(log joint density − top)
    Buffer<S> share;                // 1 / Σ_k e_k; 0 beyond the rows that are there
    Buffer<std::int64_t> counting;  // (K,) components of which some e_k of a register is not 0
    std::int64_t n_counting = 0;    // as many as were listed last
    static constexpr std::int64_t many = 64;

    // Whether those are to be listed: where most were none, and to see it now and then.
    bool lists(std::int64_t n_components, std::int64_t at) const {
        constexpr std::int64_t seldom = 32 * width<S>;
        return n_components >= many && (2 * n_counting < n_components || at % seldom == 0);
    }
};

// What `exponentials` does to R registers of rows side by side: one exponential waits for itself
// while another goes on.
template <class S, bool keeps, int R>
inline void some_exponentials(std::int64_t n_components, std::int64_t capacity, std::int64_t at,
                              const S* constants, S* values, Normalisation<S>& norm) {
    Lanes<S> top[R], scale[R], sum[R] = {};
    for (int v = 0; v < R; ++v) top[v] = all(-std::numeric_limits<S>::infinity());
    for (std::int64_t k = 0; k < n_components; ++k)
        for (int v = 0; v < R; ++v) {
            S* to = values + k * capacity + at + v * width<S>;
            const Lanes<S> joint = log_joint(load(to), constants[k]);
            if constexpr (keeps) store(to, joint);
            top[v] = larger(joint, top[v]);
        }
    for (int v = 0; v < R; ++v) scale[v] = larger(top[v], all(std::numeric_limits<S>::lowest()));
    const auto shifted = [&](const S* from, std::int64_t k, int v) {
        return (keeps ? load(from) : log_joint(load(from), constants[k])) - scale[v];
    };
    if (R > 1 || !norm.lists(n_components, at)) {
        for (std::int64_t k = 0; k < n_components; ++k)
            for (int v = 0; v < R; ++v) {
                S* to = values + k * capacity + at + v * width<S>;
                const Lanes<S> e = exponential<S>(shifted(to, k, v));
                if constexpr (keeps) store(to, e);
                sum[v] += e;
            }
    } else {
        std::int64_t n = 0;
        for (std::int64_t k = 0; k < n_components; ++k) {
            S* to = values + k * capacity + at;
            const Lanes<S> x = shifted(to, k, 0);
            const bool counts = any_at_least<S>(x, Exponential<S>::least);
            norm.counting[n] = k;
            n += counts;
            if constexpr (keeps) store(to, kept_if<S>(x, counts));
        }
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int64_t k = norm.counting[i];
            S* to = values + k * capacity + at;
            const Lanes<S> e = exponential<S>(keeps ? load(to) : shifted(to, k, 0));
            if constexpr (keeps) store(to, e);
            sum[0] += e;
        }
        norm.n_counting = n;
    }
    for (int v = 0; v < R; ++v) {
        sum[v] = sum[v] > S(0) ? sum[v] : all(S(1));
        store(&norm.top[at + v * width<S>], top[v]);
        store(&norm.sum[at + v * width<S>], sum[v]);
        store(&norm.share[at + v * width<S>], S(1) / sum[v]);
    }
}

// The exponentials e_k = exp(log joint density − top) from squared distances, in place (K, T) where
// it `keeps` them, their sum and the top, and their shares r_k = e_k · share.
//
// One exponential a row and component, the largest density taken out first; of many components
// none where those of a whole register are 0. Which they are is listed before, for who branches
// between exponentials waits for each wrong guess. Where every density is −∞ all e_k are zero, and
// their sum is told as 1.
template <class S, bool keeps = true>
inline void exponentials(std::int64_t n_components, const Tile<S>& tile, const S* constants,
                         S* values, Normalisation<S>& norm) {
    const std::int64_t capacity = tile.capacity, end = tile.steps * width<S>;
    std::int64_t at = 0;
    const auto go = [&]<int R>() {
        for (; at + (R - 1) * width<S> < end; at += R * width<S>)
            some_exponentials<S, keeps, R>(n_components, capacity, at, constants, values, norm);
    };
    if (n_components < norm.many) {
        if constexpr (rows_at_once > 2) go.template operator()<rows_at_once>();
        go.template operator()<2>();
    }
    go.template operator()<1>();
    std::fill(&norm.share[tile.size], &norm.share[end], S(0));
}

// One of the registers of double that a register of S makes.
template <class S> inline Doubles in_double(Lanes<S> lanes, int part) {
    if constexpr (sizeof(S) == sizeof(double)) return lanes;
    else return widened(lanes, part);
}
template <class S> constexpr int parts = width<S> / width<double>;

// The exponentials, their shares, and log-likelihoods (T,). The logarithms have a loop of their
// own, for a row's maximum, exponential, sum and logarithm wait for one another.
template <class S, bool keeps = true>
inline void soft_posterior(std::int64_t n_components, const Tile<S>& tile, const S* constants,
                           S* values, Normalisation<S>& norm, double* log_likelihood) {
    exponentials<S, keeps>(n_components, tile, constants, values, norm);
    for (std::int64_t at = 0; at < tile.steps * width<S>; at += width<S>) {
        const Lanes<S> sum = load(&norm.sum[at]), top = load(&norm.top[at]);
        for (int part = 0; part < parts<S>; ++part)
            store(log_likelihood + at + part * width<double>,
                  in_double<S>(top, part) + logarithm(in_double<S>(sum, part)));
    }
}

// The exponentials, their shares, and the sum of all rows' log-likelihoods: of the rows' sums of
// exponentials, each from 1 to K, products are taken, and a logarithm of those.
template <class S>
inline double total_posterior(std::int64_t n_components, const Tile<S>& tile, const S* constants,
                              S* values, Normalisation<S>& norm) {
    constexpr std::int64_t most = 32;  // factors of a product, each below 10⁹
    exponentials<S>(n_components, tile, constants, values, norm);
    const std::int64_t end = tile.steps * width<S>;
    std::fill(&norm.top[tile.size], &norm.top[end], S(0));
    std::fill(&norm.sum[tile.size], &norm.sum[end], S(1));
    Doubles tops = {}, logarithms = {};
    for (std::int64_t at = 0; at < end;) {
        const std::int64_t stop = std::min(end, at + most / parts<S> * width<S>);
        Doubles product = all(1.0);
        for (; at < stop; at += width<S>)
            for (int part = 0; part < parts<S>; ++part) {
                product *= in_double<S>(load(&norm.sum[at]), part);
                tops += in_double<S>(load(&norm.top[at]), part);
            }
        logarithms += logarithm(product);
    }
    return total<double>(tops + logarithms);
}

// The largest log joint density (T,), the next (T,), and which component has the largest, the
// first of equals.
template <class S>
inline void hard_posterior(std::int64_t n_components, const Tile<S>& tile, const S* constants,
                           const S* values, std::int64_t* labels, double* largest, double* second) {
    constexpr S none = -std::numeric_limits<S>::infinity();
    for (std::int64_t at = 0; at < tile.steps * width<S>; at += width<S>) {
        Lanes<S> top = all(none), next = all(none);
        Bits<S> label = {};
        for (std::int64_t k = 0; k < n_components; ++k) {
            const Lanes<S> value = log_joint(load(values + k * tile.capacity + at), constants[k]);
            label = value > top ? Bits<S>{} + static_cast<decltype(label[0] + 0)>(k) : label;
            next = larger(value > top ? top : value, next);
            top = larger(value, top);
        }
        for (int t = 0; t < width<S>; ++t) {
            labels[at + t] = label[t];
            largest[at + t] = top[t];
            second[at + t] = next[t];
        }
    }
}

}  // namespace mixtura::MIXTURA_ISA
