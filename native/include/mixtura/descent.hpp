// Descent: what is known of one row on its way through the tree of components.
#pragma once

#include <bit>
#include <cmath>

#include "mixtura/leaves.hpp"

namespace mixtura::MIXTURA_ISA {

// One of the leaves, level −1, or a group of nodes of a level, and what bounds its densities.
struct Branch {
    double bound;
    std::int64_t level, number;
};

// A bit for each of eight values that is `least` or more.
inline unsigned eight_at_least(const double* values, double least) {
    unsigned bits = 0;
    for (int at = 0; at < fan; at += width<double>)
        bits |= at_least(load(values + at), least) << at;
    return bits;
}

class Descent {
  public:
    // `largest` is that of the components' constants.
    Descent(std::int64_t n_told, std::int64_t n_components, bool sums, double largest)
        : labels(n_told), values(n_told), n_told_(n_told), n_components_(n_components),
          depth_(sums ? 40.0 + std::log(static_cast<double>(n_components)) : 0.0),
          largest_(largest), sums_(sums) {}

    void begin() {
        std::fill_n(values.data(), n_told_, nothing);
        std::fill_n(labels.data(), n_told_, std::int64_t{-1});
        held_.clear();
        limit = nothing;
    }

    // Log joint densities (8,) of a leaf, whose components are `order`.
    void show(const double* densities, const std::int64_t* order) {
        if (sums_) held_.insert(held_.end(), densities, densities + fan);
        unsigned news = eight_at_least(densities, values[n_told_ - 1]);
        if (!news) return;
        for (; news; news &= news - 1) {
            const int i = std::countr_zero(news);
            tell(densities[i], order[i]);
        }
        const double reached = std::min(values[0] - depth_, values[n_told_ - 1]);
        limit = reached - rounding * (std::abs(reached) + largest_);
    }

    // Σ_k exp(log p_k(x) − largest), or 1 where there is nothing to sum.
    double sum() const {
        if (!sums_ || values.data()[0] == nothing) return 1.0;
        const Doubles top = all(values.data()[0]);
        Doubles sum = {};
        for (std::size_t at = 0; at < held_.size(); at += width<double>) {
            const Doubles x = load(held_.data() + at) - top;
            if (any_at_least<double>(x, -depth_))
                sum += x >= -depth_ ? exponential<double>(x) : Doubles{};
        }
        return total<double>(sum);
    }

    double limit = nothing;       // who is bounded by less is not looked at
    Buffer<std::int64_t> labels;  // (C,) the likeliest so far, −1 for none
    Buffer<double> values;        // (C,) their log joint densities, falling

  private:
    static constexpr double nothing = -std::numeric_limits<double>::infinity();
    // What rounding may take of a bound and a density, of the largest numbers in them.
    static constexpr double rounding = 1e-9;

    void tell(double value, std::int64_t label) {
        if (label == n_components_ || value == nothing) return;
        for (std::int64_t i = 0; i < n_told_; ++i)
            if (value > values[i] || (value == values[i] && label < labels[i])) {
                std::swap(value, values[i]);
                std::swap(label, labels[i]);
            }
    }

    std::int64_t n_told_, n_components_;
    double depth_, largest_;  // nats below the largest density that a sum takes in
    bool sums_;
    std::vector<double> held_;  // densities that were found
};

}  // namespace mixtura::MIXTURA_ISA
