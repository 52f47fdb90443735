// Exponential and logarithm of every lane at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "mixtura/lanes.hpp"

namespace mixtura::MIXTURA_ISA {

// What exp needs to know of a scalar type.
template <class S> struct Exponential;
template <> struct Exponential<double> {
    static constexpr double log2_e = 0x1.71547652b82fep+0;
    static constexpr double ln2_high = 0x1.62e42fefa3800p-1;  // 42 bits: n·high is exact
    static constexpr double ln2_low = 0x1.ef35793c76730p-45;
    // Adding it leaves the nearest integer in the low bits.
    static constexpr double round = 0x1.8p52;
    static constexpr double least = -708.0;  // e^least is still a normal number
    static constexpr int mantissa = 52;
    // (e^r − 1 − r)/r² of |r| ≤ ½ ln 2, by powers of r: e^r is off by less than 2⁻⁵⁶, relative. The
    // largest error is as small as it can be, and less than a longer Taylor series has.
    static constexpr double series[] = {
        0x1.000000000000ap-1,  0x1.55555555554f9p-3,  0x1.555555555083dp-5,  0x1.1111111127d10p-7,
        0x1.6c16c18438e14p-10, 0x1.a01a012a0f2d8p-13, 0x1.a01999e1ecbe2p-16, 0x1.71df25b248596p-19,
        0x1.28ad9be8bf84dp-22, 0x1.ad7f410eca90cp-26};
};
template <> struct Exponential<float> {
    static constexpr float log2_e = 0x1.715476p+0f;
    static constexpr float ln2_high = 0x1.62e4p-1f;
    static constexpr float ln2_low = 0x1.7f7d1cp-20f;
    static constexpr float round = 0x1.8p23f;
    static constexpr float least = -87.0f;
    static constexpr int mantissa = 23;
    static constexpr float series[] = {1.0f / 2,   1.0f / 6,   1.0f / 24,
                                       1.0f / 120, 1.0f / 720, 1.0f / 5040};
};

#if MIXTURA_LANES_BYTES == 64
// The same where two registers hold a table of sixteen: x = (n + j/16)·ln 2 + r.
struct ExponentialBySixteenths : Exponential<double> {
    static constexpr double log2_e = 16 * Exponential<double>::log2_e;
    static constexpr double ln2_high = Exponential<double>::ln2_high / 16;
    static constexpr double ln2_low = Exponential<double>::ln2_low / 16;
    static constexpr int mantissa = 48;  // 16n + j moved so far has n in the exponent
    // Of |r| ≤ ln 2 / 32, off by less than 2⁻⁵⁶, relative.
    static constexpr double series[] = {0x1.fffffffffffb9p-2, 0x1.555555548f893p-3,
                                        0x1.55555558fc9c1p-5, 0x1.11123aae54060p-7,
                                        0x1.6c14c6f19869bp-10};
    // The bits of 2^(j/16), less what j adds to them when it is moved with n.
    alignas(64) static constexpr auto roots = [] {
        std::array<std::uint64_t, 16> bits{
            0x3ff0000000000000, 0x3ff0b5586cf9890f, 0x3ff172b83c7d517b, 0x3ff2387a6e756238,
            0x3ff306fe0a31b715, 0x3ff3dea64c123422, 0x3ff4bfdad5362a27, 0x3ff5ab07dd485429,
            0x3ff6a09e667f3bcd, 0x3ff7a11473eb0187, 0x3ff8ace5422aa0db, 0x3ff9c49182a3f090,
            0x3ffae89f995ad3ad, 0x3ffc199bdd85529c, 0x3ffd5818dcfba487, 0x3ffea4afa2a490da};
        for (std::size_t j = 0; j < bits.size(); ++j) bits[j] -= j << mantissa;
        return bits;
    }();
};
#endif

// Every second term of a series, from that with r^i on, over r^i.
template <class E, std::size_t i, class V> inline V exponential_terms(V r2) {
    constexpr auto& series = E::series;
    if constexpr (i + 2 >= std::size(series)) return all(series[i]);
    else return fma(exponential_terms<E, i + 2>(r2), r2, all(series[i]));
}

// e^r − 1 = r + r²·series(r), even and odd powers beside each other: neither waits for the other.
template <class E, class V> inline V exponential_less_one(V r) {
    const V r2 = r * r;
    const V series = fma(exponential_terms<E, 1>(r2), r, exponential_terms<E, 0>(r2));
    return fma(series, r2, r);
}

// 2/3 + 2s²/5 + … + 2s²⁰/23, from the term with 2/i on.
template <int i = 3> inline Doubles logarithm_series(Doubles s2) {
    constexpr double coefficient = 2.0 / i;
    if constexpr (i == 23) return all(coefficient);
    else return fma(logarithm_series<i + 2>(s2), s2, all(coefficient));
}

// e^x for x ≤ 709 (88 for float); 0 below `least`, where the true value is near the smallest
// normal number. x = n·ln 2 + r with |r| ≤ ½ ln 2.
template <class S> inline Lanes<S> exponential(Lanes<S> x) {
    using E = Exponential<S>;
    const Lanes<S> shifted = fma(x, all<S>(E::log2_e), all<S>(E::round));
    const Lanes<S> n = shifted - E::round;
    const Lanes<S> r = fma(n, all<S>(-E::ln2_low), fma(n, all<S>(-E::ln2_high), x));
    const Lanes<S> power = exponential_less_one<E>(r) + S(1);
    // The low bits of `shifted` are n: moved to the exponent they multiply by 2^n. Unsigned, for
    // where x is below `least` the sum wraps.
    const auto scaled = as<Unsigned<S>>(power) + (as<Unsigned<S>>(shifted) << E::mantissa);
    return x >= E::least ? as<Lanes<S>>(scaled) : Lanes<S>{};
}

#if MIXTURA_LANES_BYTES == 64
// Half the series, and 2^n·2^(j/16) by a look at a table.
template <> inline Doubles exponential<double>(Doubles x) {
    using E = ExponentialBySixteenths;
    const Doubles shifted = fma(x, all(E::log2_e), all(E::round));
    const Doubles n = shifted - E::round;
    const Doubles r = fma(n, all(-E::ln2_low), fma(n, all(-E::ln2_high), x));
    const UnsignedLongs bits = as<UnsignedLongs>(shifted);
    const Doubles scale = as<Doubles>(looked_up(E::roots.data(), bits) + (bits << E::mantissa));
    return x >= E::least ? fma(scale, exponential_less_one<E>(r), scale) : Doubles{};
}
#endif

// log x for positive normal x. x = 2^n·m with √½ ≤ m < √2, f = m − 1, s = f/(2 + f), and
// log m = f − ½f² + s(½f² + R) with R = 2(s²/3 + s⁴/5 + …), so that f enters unrounded.
inline Doubles logarithm(Doubles x) {
    constexpr std::int64_t one = 0x3ff0000000000000, root_half = 0x3fe6a09e667f3bcd;
    // Counting exponents from √½ puts m between √½ and √2 at once.
    const Longs bits = as<Longs>(x) - root_half;
    const Longs exponent = bits & static_cast<std::int64_t>(0xfff0000000000000);
    const Doubles m = as<Doubles>(as<Longs>(x) - exponent);
    // n as a double: the biased exponent is put into the mantissa of 2⁵².
    const Longs biased = ((bits + one) >> 52) | static_cast<std::int64_t>(0x4330000000000000);
    const Doubles n = as<Doubles>(biased) - (0x1p52 + 1023.0);
    const Doubles f = m - 1.0, s = f / (f + 2.0), s2 = s * s, half = 0.5 * f * f;
    const Doubles small =
        fma(s, fma(logarithm_series(s2), s2, half), n * Exponential<double>::ln2_low);
    return fma(n, all(Exponential<double>::ln2_high), f - (half - small));
}

}  // namespace mixtura::MIXTURA_ISA
