// Members of components, from what each row keeps: a counting sort, chunk by chunk.
#include "mixtura/truncated.hpp"

namespace mixtura {
namespace {

// A share below it is no share.
constexpr double negligible = 1e-20;

template <class Do>
void each_member(const Sets& sets, std::int64_t n_slots, std::int64_t first, std::int64_t last,
                 const Do& act) {
    for (std::int64_t row = first; row < last; ++row)
        for (std::int64_t s = 0; s < n_slots; ++s) {
            const std::int64_t at = row * sets.n_kept + s;
            const double share = sets.shares ? sets.shares[at] : 1.0;
            if (sets.ids[at] >= 0 && share > negligible) act(row, sets.ids[at], share);
        }
}

}  // namespace

void count_members(const Sets& sets, std::int64_t n_slots, std::int64_t first, std::int64_t last,
                   std::int64_t* counts) {
    each_member(sets, n_slots, first, last,
                [&](std::int64_t, std::int32_t k, double) { ++counts[k]; });
}

void place_members(const Sets& sets, std::int64_t n_slots, std::int64_t first, std::int64_t last,
                   const double* weights, std::int64_t* next, std::int32_t* order, double* shares) {
    each_member(sets, n_slots, first, last, [&](std::int64_t row, std::int32_t k, double share) {
        const std::int64_t at = next[k]++;
        order[at] = static_cast<std::int32_t>(row);
        if (shares) shares[at] = weights ? share * weights[row] : share;
    });
}

}  // namespace mixtura
