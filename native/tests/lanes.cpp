// Lanes and tiles do what their comments say. Compiled once for each instruction set, whose name
// and register width the build defines.
#include <random>
#include <string>

#include "check.hpp"
#include "mixtura/kernel.hpp"
#include "mixtura/tile.hpp"

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

using namespace mixtura::MIXTURA_ISA;

namespace {

// Whole numbers, so that sums have no rounding and no order.
template <class S> void fill(S* values, int n) {
    static std::mt19937 random(3);
    for (int i = 0; i < n; ++i)
        values[i] = static_cast<S>(static_cast<int>(random() % 2001) - 1000);
}

template <class S> void check_sums() {
    constexpr int n = width<S>;
    for (int repeat = 0; repeat < 20; ++repeat) {
        S values[n][n];
        fill(values[0], n * n);
        Lanes<S> vectors[n];
        for (int v = 0; v < n; ++v) vectors[v] = load(values[v]);
        S sums[n];
        store(sums, summed<S>(vectors));
        for (int v = 0; v < n; ++v) {
            S sum = 0;
            for (const S value : values[v]) sum += value;
            CHECK(sums[v] == sum);
            CHECK(total<S>(vectors[v]) == static_cast<double>(sum));
        }
    }
}

template <class S> void check_lanes() {
    constexpr int n = width<S>;
    constexpr S nan = std::numeric_limits<S>::quiet_NaN();
    S a[n], b[n], c[n], out[n];
    fill(a, n), fill(b, n), fill(c, n);
    store(out, fma(load(a), load(b), load(c)));
    for (int t = 0; t < n; ++t) CHECK(out[t] == a[t] * b[t] + c[t]);
    store(out, larger(load(a), load(b)));
    for (int t = 0; t < n; ++t) CHECK(out[t] == std::max(a[t], b[t]));
    if constexpr (sizeof(S) == sizeof(double)) {
        store(out, root(load(a) * load(a)));
        for (int t = 0; t < n; ++t) CHECK(out[t] == std::abs(a[t]));
    }
    store(out, larger(all(nan), load(b)));
    for (int t = 0; t < n; ++t) CHECK(out[t] == b[t]);
    for (const S value : {S(-0.0), S(0.0), S(1.5), std::numeric_limits<S>::denorm_min(),
                          -std::numeric_limits<S>::infinity()}) {
        store(out, all(value));
        for (int t = 0; t < n; ++t)
            CHECK(out[t] == value && std::signbit(out[t]) == std::signbit(value));
    }
    for (int t = 0; t < n; ++t) {
        S one[n] = {};
        CHECK(!any_nonzero<S>(load(one)));
        one[t] = S(-0.0);
        CHECK(!any_nonzero<S>(load(one)));
        for (const S value : {std::numeric_limits<S>::denorm_min(), S(-1), nan}) {
            one[t] = value;
            CHECK(any_nonzero<S>(load(one)));
        }
    }
}

// The halves of a float register are what they were, as doubles.
void check_widening() {
    float values[width<float>];
    for (int t = 0; t < width<float>; ++t) values[t] = 0.1f * static_cast<float>(t - 3);
    for (int part = 0; part < 2; ++part) {
        double halves[width<double>];
        store(halves, widened(load(values), part));
        for (int t = 0; t < width<double>; ++t)
            CHECK(halves[t] == static_cast<double>(values[part * width<double> + t]));
    }
}

// A mean in two parts keeps the digits that one float would lose.
void check_centre() {
    const double mean = 10000.0001;
    float out[width<float>];
    store(out, Centre<float>(mean).from(all(10000.5f)));
    for (const float value : out) CHECK(std::abs(value - (10000.5 - mean)) <= 1e-7);
}

template <class S> void check_tiles() {
    for (const std::int64_t d : {1, 2, 5, 64, 300})
        for (const std::int64_t k : {1, 3, 1000, 100000}) {
            const std::int64_t t = tile_rows<S>(d, k);
            CHECK(t >= granule<S> && t <= 512);
            CHECK(t % granule<S> == 0 && t % group<S> == 0 && t / granule<S> % 2 == 1);
        }
    const std::int64_t capacity = 3 * granule<S>;
    for (const std::int64_t d : {1, 3}) {
        Tile<S> tile(capacity, d);
        S rows[64 * 3 * 3 * 4];
        for (const std::int64_t n : {capacity, std::int64_t{0}, std::int64_t{1}, capacity - 1}) {
            fill(rows, static_cast<int>(n * d));
            tile.fill(rows, n);
            CHECK(tile.size == n && tile.steps * width<S> >= n && (tile.steps - 1) * width<S> < n);
            for (std::int64_t j = 0; j < d; ++j)
                for (std::int64_t i = 0; i < capacity; ++i)
                    CHECK(tile.feature(j)[i] == (i < n ? rows[i * d + j] : S(0)));
        }
    }
    Buffer<S> buffer(100);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0);
    for (std::int64_t i = 0; i < 100; ++i) CHECK(buffer[i] == 0);
}

}  // namespace

int main() {
    constexpr int skipped = 77;
    if (!mixtura::use_instruction_set(TEXT(MIXTURA_ISA))) return skipped;
    check_sums<double>();
    check_sums<float>();
    check_lanes<double>();
    check_lanes<float>();
    check_widening();
    check_centre();
    check_tiles<double>();
    check_tiles<float>();
    return failures != 0;
}
