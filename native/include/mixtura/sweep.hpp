// Sweep: a pass over rows that are turned into tiles once, in room that is made once.
#pragma once

#include "mixtura/passes.hpp"
#include "mixtura/posterior.hpp"
#include "mixtura/sums.hpp"

namespace mixtura::MIXTURA_ISA {

class Sweep final : public Passes {
  public:
    Sweep(Form form, const double* rows, const double* weights, std::int64_t n_rows, std::int64_t n,
          std::int64_t d, bool diagonal)
        : n_(n), d_(d), t_(capacity<double>(n_rows, d, n)), diagonal_(diagonal), weights_(weights),
          nothing_(n * d * d), none_{form, n, d, nothing_.data(), nothing_.data(), nothing_.data()},
          distances_(none_, t_), moments_(t_, d, n, diagonal), norm_(t_, n), values_(n * t_),
          likelihood_(t_) {
        tiles_.reserve(static_cast<std::size_t>((n_rows + t_ - 1) / t_));
        for (std::int64_t start = 0; start < n_rows; start += t_) {
            tiles_.emplace_back(t_, d);
            tiles_.back().fill(rows + start * d, std::min(t_, n_rows - start));
        }
    }

    double over(const Components& c, double* weight, double* first, double* second) override {
        Results results{};
        results.weight = weight;
        results.first = first;
        results.second = second;
        results.diagonal = diagonal_;
        clear(results, n_, d_);
        distances_.set(c);
        double total = 0.0;
        std::int64_t start = 0;
        for (const Tile<double>& tile : tiles_) {
            distances_.to(tile, values_.data());
            if (weights_) {
                soft_posterior(n_, tile, c.constants, values_.data(), norm_, likelihood_.data());
                total += weighed_sum(likelihood_.data(), weights_ + start, tile.size);
                weigh(tile, weights_ + start, norm_.share);
            } else {
                total += total_posterior(n_, tile, c.constants, values_.data(), norm_);
            }
            for (std::int64_t k = 0; k < n_; ++k)
                moments_.add(tile, c.means + k * d_, {values_.data() + k * t_, norm_.share.data()},
                             k, sums_of(results, k, d_));
            start += t_;
        }
        for (std::int64_t k = 0; k < n_; ++k) moments_.finish(k, sums_of(results, k, d_));
        if (!diagonal_) mirror(second, n_, d_);
        return total;
    }

  private:
    std::int64_t n_, d_, t_;
    bool diagonal_;
    const double* weights_;
    Buffer<double> nothing_;  // what the first components consist of
    Components none_;
    Distances<double> distances_;
    Moments<double> moments_;
    Normalisation<double> norm_;
    Buffer<double> values_, likelihood_;
    std::vector<Tile<double>> tiles_;
};

}  // namespace mixtura::MIXTURA_ISA
