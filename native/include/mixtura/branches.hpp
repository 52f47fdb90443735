// Branches: how the tree of components is grown, eight at a node.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "mixtura/component_tree.hpp"
#include "mixtura/tile.hpp"

namespace mixtura::MIXTURA_ISA {

// So many components make a leaf, and so many nodes one of the next level.
constexpr std::int64_t fan = 8;

constexpr std::int64_t in_eights(std::int64_t n) { return (n + fan - 1) / fan; }

// The components in an order in which those side by side lie near one another: halved again and
// again along where they reach farthest, at multiples of eight, of 64, … of them.
class Arrangement {
  public:
    Arrangement(const Bounds& bounds, std::int64_t n)
        : b_(bounds), order(static_cast<std::size_t>(n)) {
        std::iota(order.begin(), order.end(), std::int64_t{0});
        halve(0, n);
    }

  private:
    // Along axis p, or the last one, which is how far a component is felt.
    double place(std::int64_t k, std::int64_t p) const {
        return p < b_.n_axes ? b_.low[k * b_.n_axes + p] : b_.reaches[k];
    }
    std::int64_t longest(std::int64_t first, std::int64_t last) const {
        std::int64_t longest = 0;
        double length = -1.0;
        for (std::int64_t p = 0; p <= b_.n_axes; ++p) {
            double low = place(at(first), p), high = low;
            for (std::int64_t i = first + 1; i < last; ++i) {
                low = std::min(low, place(at(i), p));
                high = std::max(high, place(at(i), p));
            }
            if (high - low > length) {
                length = high - low;
                longest = p;
            }
        }
        return longest;
    }
    void halve(std::int64_t first, std::int64_t last) {
        const std::int64_t n = last - first;
        if (n <= fan) return;
        std::int64_t unit = fan;
        while (unit * fan < n) unit *= fan;
        const std::int64_t middle = first + (n + unit - 1) / unit / 2 * unit;
        const std::int64_t p = longest(first, last);
        const auto begin = order.begin() + first;
        std::sort(begin, begin + n, [&](std::int64_t a, std::int64_t b) {
            const double left = place(a, p), right = place(b, p);
            return left < right || (left == right && a < b);
        });
        halve(first, middle);
        halve(middle, last);
    }
    std::int64_t at(std::int64_t i) const { return order[static_cast<std::size_t>(i)]; }

    Bounds b_;

  public:
    std::vector<std::int64_t> order;
};

// Nodes of one level, in groups of eight, each a lane: of P axes low, high and rate, and then the
// largest constant.
struct Level {
    Level(std::int64_t n_nodes, std::int64_t n_axes)
        : n_nodes(n_nodes), n_axes(n_axes), values(in_eights(n_nodes) * (3 * n_axes + 1) * fan) {}

    // Of a group's nodes, what the densities of rows are at most that are between `near` and `far`
    // (P,): out (8,).
    void bounds(std::int64_t group, const double* near, const double* far, double* out) const {
        const double* from = values.data() + group * (3 * n_axes + 1) * fan;
        for (int at = 0; at < fan; at += width<double>) {
            Doubles bound = load(from + 3 * n_axes * fan + at);
            for (std::int64_t p = 0; p < n_axes; ++p) {
                const double* low = from + 3 * p * fan + at;
                const Doubles gap =
                    larger(larger(load(low) - far[p], near[p] - load(low + fan)), Doubles{});
                bound = fma(-load(low + 2 * fan) * gap, gap, bound);
            }
            store(out + at, bound);
        }
    }
    // 0, 1 and 2 are low, high and rate.
    double& at(std::int64_t node, std::int64_t p, int which) {
        return values[(node / fan * (3 * n_axes + 1) + 3 * p + which) * fan + node % fan];
    }
    double& constant(std::int64_t node) {
        return values[(node / fan * (3 * n_axes + 1) + 3 * n_axes) * fan + node % fan];
    }
    // What holds for whom `from` is of holds for the node too.
    void widen(std::int64_t node, bool first, const double* low, const double* high,
               const double* rates, std::int64_t stride, double most) {
        for (std::int64_t p = 0; p < n_axes; ++p) {
            double &l = at(node, p, 0), &h = at(node, p, 1), &r = at(node, p, 2);
            l = first ? low[p * stride] : std::min(l, low[p * stride]);
            h = first ? high[p * stride] : std::max(h, high[p * stride]);
            r = first ? rates[p * stride] : std::min(r, rates[p * stride]);
        }
        constant(node) = first ? most : std::max(constant(node), most);
    }

    std::int64_t n_nodes, n_axes;
    Buffer<double> values;
};

// From the leaves up to a level of eight nodes at most.
inline std::vector<Level> grown(const Components& c, const Bounds& b,
                                const std::vector<std::int64_t>& order) {
    std::vector<Level> levels;
    const auto n = static_cast<std::int64_t>(order.size()), axes = b.n_axes;
    levels.emplace_back(in_eights(n), axes);
    for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t k = order[static_cast<std::size_t>(i)];
        levels[0].widen(i / fan, i % fan == 0, b.low + k * axes, b.high + k * axes,
                        b.rates + k * axes, 1, c.constants[k]);
    }
    while (levels.back().n_nodes > fan) {
        Level& below = levels.back();
        Level above(in_eights(below.n_nodes), axes);
        for (std::int64_t i = 0; i < below.n_nodes; ++i)
            above.widen(i / fan, i % fan == 0, &below.at(i, 0, 0), &below.at(i, 0, 1),
                        &below.at(i, 0, 2), 3 * fan, below.constant(i));
        levels.push_back(std::move(above));
    }
    return levels;
}

}  // namespace mixtura::MIXTURA_ISA
