// Descent: a tile of rows on its way through the tree of components.
#pragma once

#include <cmath>

#include "mixtura/asked.hpp"
#include "mixtura/branches.hpp"
#include "mixtura/posterior.hpp"

namespace mixtura::MIXTURA_ISA {

// Rows that go together.
constexpr std::int64_t together = 64;

// The C largest densities that each row was shown, and whose they are, the first of equals first.
class Told {
  public:
    explicit Told(std::int64_t n_told)
        : n_told(n_told), values(n_told * together), labels(n_told * together) {}

    void clear() {
        std::fill_n(values.data(), n_told * together, -std::numeric_limits<double>::infinity());
        std::fill_n(labels.data(), n_told * together, std::int64_t{-1});
    }
    void show(Doubles value, std::int64_t label, std::int64_t at) {
        constexpr double least = std::numeric_limits<double>::lowest();
        const Doubles last = load(values.data() + (n_told - 1) * together + at);
        if (!any_at_least<double>(value - last, 0.0)) return;
        Longs who = Longs{} + label;
        for (std::int64_t i = 0; i < n_told; ++i) {
            double* to = values.data() + i * together + at;
            std::int64_t* name = labels.data() + i * together + at;
            const Doubles held = load(to);
            Longs holder;
            std::memcpy(&holder, name, sizeof holder);
            const Longs before =
                (value > held) | ((value == held) & (value >= least) & (who < holder));
            const Longs now = before ? who : holder;
            store(to, before ? value : held);
            std::memcpy(name, &now, sizeof now);
            value = before ? held : value;
            who = before ? holder : who;
        }
    }
    // The i-th largest of the rows' densities, the smallest of them.
    double least(std::int64_t i, std::int64_t n) const {
        const double* from = values.data() + i * together;
        return *std::min_element(from, from + n);
    }

    const std::int64_t n_told;
    Buffer<double> values;        // (C, T), falling
    Buffer<std::int64_t> labels;  // (C, T), −1 for none
};

// A leaf, level −1, or a group of nodes of a level, and what bounds its densities.
struct Branch {
    double bound;
    std::int64_t level, number;
};

// Components in the order of the leaves, and what is known of them.
struct Grove {
    Components c;
    const std::vector<std::int64_t>& order;
    const std::vector<Level>& levels;
    double largest;  // of the constants
};

class Descent {
  public:
    Descent(const Grove& grove, std::int64_t n_axes, std::int64_t n_told, bool sums)
        : told(n_told), sum(together), grove_(grove), p_(n_axes),
          n_leaves_(in_eights(grove.c.n_components)),
          depth_(sums ? 40.0 + std::log(static_cast<double>(grove.c.n_components)) : 0.0),
          sums_(sums), distances_(grove.c), near_(n_axes), far_(n_axes), seen_(n_leaves_),
          values_(fan * together) {
        for (std::int64_t r = 0; r < together / width<double>; ++r) at_[r] = r * width<double>;
    }

    // All leaves that may count for any of the rows, those first that the rows lie in; how many
    // components that were.
    std::int64_t run(const Tile<double>& tile, const double* low, const double* high,
                     const std::vector<std::int32_t>& own) {
        for (std::int64_t p = 0; p < p_; ++p) {
            near_[p] = *std::min_element(low + p * together, low + p * together + tile.size);
            far_[p] = *std::max_element(high + p * together, high + p * together + tile.size);
        }
        constexpr double all_of_it = std::numeric_limits<double>::infinity();
        told.clear();
        held_.clear();
        looked_.clear();
        branches_.clear();
        ++now_;
        limit_ = -all_of_it;
        branches_.push_back({all_of_it, static_cast<std::int64_t>(grove_.levels.size()) - 1, 0});
        for (const std::int32_t leaf : own) branches_.push_back({all_of_it, -1, leaf});
        while (!branches_.empty()) {
            const Branch branch = branches_.back();
            branches_.pop_back();
            if (branch.bound < limit_) continue;
            if (branch.level >= 0) open(branch);
            else if (seen_[branch.number] != now_) score(tile, branch.number);
        }
        if (sums_) add_up(tile);
        return static_cast<std::int64_t>(looked_.size()) * fan;
    }

    Told told;
    Buffer<double> sum;  // (T,) Σ_k exp(log p_k − largest), at least 1

  private:
    // What rounding may take of a bound and a density, of the largest numbers in them.
    static constexpr double rounding = 1e-9;

    // The nodes of a group that may hold what counts, the most promising one last.
    void open(const Branch& branch) {
        const Level& level = grove_.levels[static_cast<std::size_t>(branch.level)];
        double bounds[fan];
        level.bounds(branch.number, near_.data(), far_.data(), bounds);
        const std::int64_t first = branch.number * fan, n = std::min(fan, level.n_nodes - first);
        const std::size_t begin = branches_.size();
        for (std::int64_t i = 0; i < n; ++i) {
            if (bounds[i] < limit_) continue;
            branches_.push_back({bounds[i], branch.level - 1, first + i});
            if (branches_.size() - begin > 1 && branches_.end()[-2].bound > bounds[i])
                std::swap(branches_.end()[-2], branches_.back());
        }
    }

    void score(const Tile<double>& tile, std::int64_t leaf) {
        const std::int64_t end = std::min(fan, grove_.c.n_components - leaf * fan);
        seen_[leaf] = now_;
        looked_.push_back({leaf, static_cast<std::int64_t>(looked_.size())});
        if (sums_) held_.resize(looked_.size() * fan * together);
        double* to = sums_ ? &held_[(looked_.size() - 1) * fan * together] : values_.data();
        for (std::int64_t i = 0; i < end; ++i, to += together) {
            const std::int64_t k = leaf * fan + i;
            distances_.to(tile, k, {at_, tile.steps}, nullptr, to);
            for (std::int64_t at = 0; at < tile.steps * width<double>; at += width<double>) {
                const Doubles value = log_joint(load(to + at), grove_.c.constants[k]);
                store(to + at, value);
                told.show(value, grove_.order[static_cast<std::size_t>(k)], at);
            }
        }
        for (std::int64_t i = end; i < fan && sums_; ++i, to += together)
            std::fill_n(to, together, -std::numeric_limits<double>::infinity());
        const double reached =
            std::min(told.least(0, tile.size) - depth_, told.least(told.n_told - 1, tile.size));
        limit_ = reached - rounding * (std::abs(reached) + grove_.largest);
    }

    // In the order of the leaves, whatever that was in which they were looked at.
    void add_up(const Tile<double>& tile) {
        std::sort(looked_.begin(), looked_.end());
        const std::int64_t end = tile.steps * width<double>;
        std::fill_n(sum.data(), end, 0.0);
        for (const auto& [leaf, place] : looked_)
            for (std::int64_t i = 0; i < fan; ++i) {
                const double* from = &held_[static_cast<std::size_t>((place * fan + i) * together)];
                for (std::int64_t at = 0; at < end; at += width<double>) {
                    const Doubles x = load(from + at) - load(told.values.data() + at);
                    if (!any_at_least<double>(x, -depth_)) continue;
                    const Doubles e = x >= -depth_ ? exponential<double>(x) : Doubles{};
                    store(&sum[at], load(&sum[at]) + e);
                }
            }
        for (std::int64_t i = 0; i < end; ++i) sum[i] = std::max(sum[i], 1.0);
    }

    Grove grove_;
    std::int64_t p_, n_leaves_;
    double depth_;  // nats below the largest density that a sum takes in
    bool sums_;
    AskedDistances distances_;
    Buffer<double> near_, far_;  // (P,) the ends of the box that the rows are in
    Buffer<std::int64_t> seen_;  // (n_leaves,) by which tile a leaf was looked at last
    Buffer<double> values_;
    std::int64_t at_[together / width<double>];
    std::int64_t now_ = 0;
    double limit_ = 0.0;  // who is bounded by less is not looked at
    std::vector<Branch> branches_;
    std::vector<std::pair<std::int64_t, std::int64_t>> looked_;  // leaves, and where they are held
    std::vector<double> held_;                                   // (leaves, 8, T) densities
};

}  // namespace mixtura::MIXTURA_ISA
