// What the machine can do at most, on as many threads as it is told: prints GFLOP/s of fused
// multiply-adds, 1e9 exponentials a second and GB/s of reading, all float64.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

// Vectors as wide as the machine's, and enough independent sums to hide the latency of an FMA.
#if defined(__AVX512F__)
constexpr int lanes = 8, chains = 16;
#else
constexpr int lanes = 4, chains = 12;
#endif
typedef double vector __attribute__((vector_size(8 * lanes)));
typedef std::int64_t integers __attribute__((vector_size(8 * lanes)));

void multiply_add(double* values, long n) {
    vector a, b, sums[chains];
    std::memcpy(&a, values, sizeof a);
    std::memcpy(&b, values + lanes, sizeof b);
    for (int c = 0; c < chains; ++c) sums[c] = b + double(c);
    for (long i = 0; i < n; ++i)
#pragma GCC unroll 16
        for (int c = 0; c < chains; ++c) sums[c] = sums[c] * a + b;
    for (int c = 1; c < chains; ++c) sums[0] += sums[c];
    std::memcpy(values + 2 * lanes, &sums[0], sizeof b);
}

// exp(x) = 2ⁿ exp(r), |r| ≤ ½ log 2, by Taylor's series to the 12th power: its remainder is below
// half a unit in the last place. No care for overflow: a limit may cut that corner.
vector exponential(vector x) {
    constexpr double shift = 0x1.8p52;  // adding it leaves the nearest whole number in the low bits
    const vector n = x * 1.4426950408889634 + shift;
    const vector whole = n - shift;
    const vector r = x - whole * 0.6931471805599453;
    const vector r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
    const vector p0 = (1.0 + r) + r2 * (1.0 / 2 + r * (1.0 / 6));
    const vector p4 = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040));
    const vector p8 = (1.0 / 40320 + r * (1.0 / 362880)) +
                      r2 * (1.0 / 3628800 + r * (1.0 / 39916800)) + r4 * (1.0 / 479001600);
    return (vector)((integers)(p0 + r4 * p4 + r8 * p8) + ((integers)n << 52));
}

constexpr long in_cache = 2048;

void exponentials(double* values, long n) {
    double* results = values + in_cache;
    for (long i = 0; i < n; ++i) {
        for (long j = 0; j < in_cache; j += 4 * lanes)
#pragma GCC unroll 4
            for (long part = 0; part < 4 * lanes; part += lanes) {
                vector x;
                std::memcpy(&x, values + j + part, sizeof x);
                x = exponential(x);
                std::memcpy(results + j + part, &x, sizeof x);
            }
        asm volatile("" ::"r"(results) : "memory");  // every round is wanted
    }
}

constexpr long in_memory = 1L << 24;

void read(double* values, long n) {
    vector sums[8] = {};
    for (long i = 0; i < n; ++i)
        for (long j = 0; j < in_memory; j += 8 * lanes)
#pragma GCC unroll 8
            for (int c = 0; c < 8; ++c) {
                vector x;
                std::memcpy(&x, values + j + c * lanes, sizeof x);
                sums[c] += x;
            }
    for (int c = 1; c < 8; ++c) sums[0] += sums[c];
    std::memcpy(values, &sums[0], sizeof sums[0]);
}

// The shortest of many trials of `work` at once on all threads, each with `length` values of its
// own. Trials are short and many: what a neighbour does in one of them would pass for a limit.
double seconds(void (*work)(double*, long), int n_threads, int n_trials, long length, long n) {
    using Clock = std::chrono::steady_clock;
    std::vector<std::chrono::duration<double>> took(n_threads);
    double shortest = 1e300;
    const auto compare = [&]() noexcept {
        shortest = std::min(shortest, std::max_element(took.begin(), took.end())->count());
    };
    std::barrier ready(n_threads);
    std::barrier<decltype(compare)> done(n_threads, compare);
    std::vector<std::thread> threads;
    for (int t = 0; t < n_threads; ++t)
        threads.emplace_back([&, t] {
            std::vector<double> own(length, -0.5);
            for (int trial = 0; trial < n_trials; ++trial) {
                ready.arrive_and_wait();
                const auto began = Clock::now();
                work(own.data(), n);
                took[t] = Clock::now() - began;
                done.arrive_and_wait();
            }
        });
    for (auto& thread : threads) thread.join();
    return shortest;
}

}  // namespace

int main(int, char** arguments) {
    const int n_threads = std::atoi(arguments[1]);
    const long n_fma = 500'000, n_exp = 2'000;
    const double fma = seconds(multiply_add, n_threads, 400, 64, n_fma);
    const double exp = seconds(exponentials, n_threads, 400, 2 * in_cache, n_exp);
    const double reading = seconds(read, n_threads, 60, in_memory, 1);
    std::printf("%g %g %g\n", 2e-9 * n_threads * n_fma * chains * lanes / fma,
                1e-9 * n_threads * n_exp * in_cache / exp,
                8e-9 * n_threads * in_memory / reading);
}
