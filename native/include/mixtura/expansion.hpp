// Expansion: the E-step of truncated EM, cell by cell.
#pragma once

#include <array>
#include <bit>
#include <vector>

#include "mixtura/asked.hpp"
#include "mixtura/posterior.hpp"
#include "mixtura/sums.hpp"
#include "mixtura/truncated.hpp"

namespace mixtura::MIXTURA_ISA {

// Rows that are scored together, of few features and at most, and how many of them ask together: a
// bit of a mask each. So many are shown one component that is drawn.
constexpr std::int64_t few_rows = 64, most_rows = 256, asking = 8, drawing = 64;
// From so many components on a list is long.
constexpr std::int64_t long_list = 8;
using Mask = std::uint32_t;

// Things by number, each with a mask of who asks for it, in the order in which they came.
class Union {
  public:
    explicit Union(std::int64_t n) : stamps_(n), masks_(static_cast<std::size_t>(n)) {}

    void clear() {
        ids.clear();
        ++now_;
    }
    void add(std::int32_t id, Mask mask) {
        if (stamps_[id] == now_) {
            masks_[static_cast<std::size_t>(id)] |= mask;
            return;
        }
        stamps_[id] = now_;
        masks_[static_cast<std::size_t>(id)] = mask;
        ids.push_back(id);
    }
    Mask mask(std::int32_t id) const { return masks_[static_cast<std::size_t>(id)]; }

    std::vector<std::int32_t> ids;

  private:
    std::int64_t now_ = 0;
    Buffer<std::int64_t> stamps_;
    std::vector<Mask> masks_;
};

// The C largest of what each lane was shown, with who that was; the first of equals. (C, T)
class Largest {
  public:
    Largest(std::int64_t n_kept, std::int64_t n_rows)
        : n_kept(n_kept), n_rows(n_rows), values(n_kept * n_rows), ids(n_kept * n_rows) {}

    void clear() {
        std::fill_n(values.data(), n_kept * n_rows, -std::numeric_limits<double>::infinity());
        std::fill_n(ids.data(), n_kept * n_rows, std::int64_t{-1});
    }
    void show(Doubles value, std::int64_t id, std::int64_t at) {
        if (!any_above(value, load(values.data() + (n_kept - 1) * n_rows + at))) return;
        Longs who = Longs{} + id;
        for (std::int64_t i = 0; i < n_kept; ++i) {
            double* to = values.data() + i * n_rows + at;
            std::int64_t* name = ids.data() + i * n_rows + at;
            const Doubles held = load(to);
            Longs holder;
            std::memcpy(&holder, name, sizeof holder);
            const Longs more = value > held;
            store(to, more ? value : held);
            const Longs now = more ? who : holder;
            std::memcpy(name, &now, sizeof now);
            value = more ? held : value;
            who = more ? holder : who;
        }
    }

    const double* least() const { return values.data() + (n_kept - 1) * n_rows; }  // (T,)

    const std::int64_t n_kept, n_rows;
    Buffer<double> values;
    Buffer<std::int64_t> ids;
};

class Expansion {
  public:
    Expansion(const Components& components, const HeldRows& rows, const Cells& cells,
              const Lists& lists, const Expanding& how, const Sets& sets)
        : c_(components), rows_(rows), cells_(cells), lists_(lists), how_(how), sets_(sets),
          distances_(components), together_(rows.n_features <= few ? few_rows : most_rows),
          tile_(together_ + apart, rows.n_features), asked_(lists.n_lists), further_(lists.n_lists),
          scored_(components.n_components), met_(components.n_components),
          excess_(how.graph ? components.n_components : 0),
          times_(how.graph ? components.n_components : 0), largest_(sets.n_kept, together_),
          values_(together_), own_(together_), there_(together_), likelihood_(together_),
          alone_(together_), weights_(together_), amid_noise_(std::isfinite(how.background)) {}

    void cell(std::int64_t c) {
        const std::int64_t begin = cells_.offsets[c], end = cells_.offsets[c + 1];
        const std::int32_t* order = alike(cells_.order + begin, end - begin) - begin;
        const double before = done.bound;
        met_.clear();
        for (std::int64_t start = begin; start < end; start += together_) {
            fill(order + start, std::min(together_, end - start));
            gather(how_.graph ? c : -1);
            largest_.clear();
            for (const std::int32_t k : scored_.ids) score(k, how_.graph && k == c);
            settle();
        }
        if (how_.bounds) how_.bounds[c] = done.bound - before;
        if (how_.graph && end > begin) relist(c);
    }

    Expanded done{};

  private:
    // Features of a tile lie so much farther apart: at a multiple of 2048 bytes they would share
    // cache sets.
    static constexpr std::int64_t apart = 8;

    // The rows of a cell, those side by side that ask for the same lists besides: what one asks for
    // is scored for all that ask together. Of short lists the order saves less than it costs.
    const std::int32_t* alike(const std::int32_t* rows, std::int64_t n) {
        if (how_.n_asked < 3 || lists_.length < long_list || n <= asking) return rows;
        sorted_.clear();
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int32_t* wish = how_.asked + rows[i] * how_.n_asked;
            sorted_.push_back({wish[1], wish[2], rows[i]});
        }
        std::sort(sorted_.begin(), sorted_.end());
        reordered_.clear();
        for (const auto& each : sorted_) reordered_.push_back(each[2]);
        return reordered_.data();
    }

    // The rows of a tile, turned; beyond them, for whole groups, the first one again.
    void fill(const std::int32_t* chosen, std::int64_t size) {
        const std::int64_t whole = (size + asking - 1) / asking * asking;
        chosen_ = chosen;
        tile_.pick(rows_.values, chosen, size, whole);
        for (std::int64_t i = 0; i < whole; ++i) there_[i] = i < size;
        everyone_ = static_cast<Mask>((std::uint64_t{1} << (whole / asking)) - 1u);
    }

    // Who is to be scored for whom: first the cell's own component, if there is one; then all on a
    // row's first list, and of those that it asks for after that as much as they reach.
    void gather(std::int64_t own) {
        asked_.clear();
        further_.clear();
        scored_.clear();
        if (own >= 0) scored_.add(static_cast<std::int32_t>(own), everyone_);
        else keep_first();
        for (std::int64_t i = 0; i < tile_.size; ++i) {
            const std::int32_t* wish = how_.asked + chosen_[i] * how_.n_asked;
            const auto mask = static_cast<Mask>(1u << (i / asking));
            for (std::int64_t a = 0; a < how_.n_asked; ++a)
                if (wish[a] >= 0) (a ? further_ : asked_).add(wish[a], mask);
        }
        add_lists(asked_, lists_.length);
        add_lists(further_, how_.reach);
        if (how_.draw < 0) return;
        const auto n = static_cast<std::uint64_t>(c_.n_components);
        constexpr Mask some = (1u << (drawing / asking)) - 1u;
        for (std::int64_t i = 0; i < tile_.size; i += drawing) {
            const std::uint64_t drawn = hash(static_cast<std::uint64_t>(how_.draw), chosen_[i]);
            scored_.add(static_cast<std::int32_t>(drawn % n), everyone_ & some << (i / asking));
        }
    }

    // Of those that all are shown first what rows keep: others are told sooner to be less.
    void keep_first() {
        if (how_.n_asked != 1 || lists_.n_lists != 1) return;
        for (std::int64_t i = 0; i < tile_.size * sets_.n_kept; ++i) {
            const std::int32_t kept =
                sets_.ids[chosen_[i / sets_.n_kept] * sets_.n_kept + i % sets_.n_kept];
            if (kept >= 0 && kept < c_.n_components) scored_.add(kept, everyone_);
        }
    }

    void add_lists(const Union& wanted, std::int64_t length) {
        for (const std::int32_t list : wanted.ids) {
            const std::int32_t* ids = lists_.ids + list * lists_.length;
            const Mask mask = wanted.mask(list);
            for (std::int64_t g = 0; g < length && ids[g] >= 0; ++g) scored_.add(ids[g], mask);
        }
    }

    // A number for a round and a row, by SplitMix64's finaliser (Steele, Lea & Flood 2014).
    static std::uint64_t hash(std::uint64_t round, std::int32_t row) {
        std::uint64_t x = round * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(row);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        return x ^ (x >> 31);
    }

    void score(std::int32_t k, bool own) {
        constexpr int registers = asking / width<double>;
        std::int64_t at[most_rows / width<double>], n = 0;
        const Mask mask = scored_.mask(k);
        for (unsigned left = mask; left; left &= left - 1)
            for (int r = 0; r < registers; ++r)
                at[n++] = std::countr_zero(left) * asking + r * width<double>;
        // A graph takes the mean of all, of those that are not kept as well.
        const double* above = how_.graph ? nullptr : largest_.least();
        distances_.to(tile_, k, {at, n}, above, values_.data());
        done.n_densities += n * width<double>;
        Doubles excess = {}, times = {};
        for (std::int64_t r = 0; r < n; ++r) {
            const Doubles value =
                log_joint(load(values_.data() + r * width<double>), c_.constants[k]);
            largest_.show(value, k, at[r]);
            if (own) {
                store(own_.data() + at[r], value);
                if (amid_noise_) {
                    double* there = there_.data() + at[r];
                    const Doubles odds = all(how_.background) - value, most = all(700.0);
                    store(there,
                          load(there) / (exponential<double>(odds < most ? odds : most) + 1.0));
                }
            } else if (how_.graph) {
                const Doubles there = load(there_.data() + at[r]);
                excess = fma(there, load(own_.data() + at[r]) - value, excess);
                times += there;
            }
        }
        if (own || !how_.graph) return;
        const std::size_t known = met_.ids.size();
        met_.add(k, 1);
        if (met_.ids.size() > known) excess_[k] = times_[k] = 0.0;
        excess_[k] += total<double>(excess);
        times_[k] += total<double>(times);
    }

    // Responsibilities among those that are kept, and the bound.
    void settle() {
        const std::int64_t n_kept = sets_.n_kept;
        constexpr double lowest = std::numeric_limits<double>::lowest();
        for (std::int64_t at = 0; at < tile_.steps * width<double>; at += width<double>) {
            double* column = largest_.values.data() + at;
            const Doubles top = larger(load(column), all(how_.background));
            const Doubles scale = larger(top, all(lowest));
            Doubles sum = {}, alone = {};
            for (std::int64_t i = 0; i < n_kept; ++i) {
                const Doubles e = exponential<double>(load(column + i * together_) - scale);
                store(column + i * together_, e);
                sum += e;
            }
            if (amid_noise_) {
                alone = exponential<double>(all(how_.background) - scale);
                sum += alone;
            }
            sum = sum > 0.0 ? sum : all(1.0);
            store(alone_.data() + at, alone / sum);
            store(likelihood_.data() + at, top + logarithm(sum));
            for (std::int64_t i = 0; i < n_kept; ++i)
                store(column + i * together_, load(column + i * together_) / sum);
        }
        for (std::int64_t i = 0; i < tile_.size; ++i) {
            const std::int64_t row = chosen_[i];
            for (std::int64_t s = 0; s < n_kept; ++s) {
                sets_.ids[row * n_kept + s] =
                    static_cast<std::int32_t>(largest_.ids[s * together_ + i]);
                if (sets_.shares)
                    sets_.shares[row * n_kept + s] = largest_.values[s * together_ + i];
            }
            if (rows_.weights) weights_[i] = rows_.weights[row];
        }
        const double* weights = rows_.weights ? weights_.data() : nullptr;
        done.bound += weighed_sum(likelihood_.data(), weights, tile_.size);
        if (amid_noise_) done.noise += weighed_sum(alone_.data(), weights, tile_.size);
    }

    // The next list of component c: itself, and those that its rows tell least from it.
    void relist(std::int64_t c) {
        nearest_.clear();
        for (const std::int32_t k : met_.ids) {
            const double mean = excess_[k] / times_[k];
            const double divergence = mean + how_.log_weights[k] - how_.log_weights[c];
            if (divergence < std::numeric_limits<double>::infinity())
                nearest_.push_back({divergence, k});
        }
        if (nearest_.empty()) return;
        const std::size_t n =
            std::min(nearest_.size(), static_cast<std::size_t>(lists_.length - 1));
        std::partial_sort(nearest_.begin(), nearest_.begin() + static_cast<std::ptrdiff_t>(n),
                          nearest_.end());
        std::int32_t* to = how_.graph + c * lists_.length;
        to[0] = static_cast<std::int32_t>(c);
        std::fill(to + 1, to + lists_.length, -1);
        for (std::size_t i = 0; i < n; ++i) to[i + 1] = nearest_[i].second;
    }

    Components c_;
    HeldRows rows_;
    Cells cells_;
    Lists lists_;
    Expanding how_;
    Sets sets_;
    AskedDistances distances_;
    const std::int64_t together_;  // rows that are scored together
    Tile<double> tile_;
    Union asked_, further_;          // lists: those that come first in a row's wishes, and others
    Union scored_, met_;             // components of a tile; components of a cell
    Buffer<double> excess_, times_;  // (K,) Σ log p_c − log p_k over a cell, and of how many rows
    Largest largest_;
    Buffer<double> values_, own_, there_, likelihood_, alone_, weights_;
    const bool amid_noise_;
    const std::int32_t* chosen_ = nullptr;
    Mask everyone_ = 0;
    std::vector<std::pair<double, std::int32_t>> nearest_;
    std::vector<std::array<std::int32_t, 3>> sorted_;  // second and third list, and the row
    std::vector<std::int32_t> reordered_;
};

}  // namespace mixtura::MIXTURA_ISA
