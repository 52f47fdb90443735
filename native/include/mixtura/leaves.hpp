// Leaves: eight components each, side by side, and the log joint densities of one row under them.
#pragma once

#include "mixtura/branches.hpp"
#include "mixtura/posterior.hpp"

namespace mixtura::MIXTURA_ISA {

// The operations of a density are those of `Distances`, in their order, so its digits are the same.
class Leaves {
  public:
    Leaves(const Components& c, const std::vector<std::int64_t>& order)
        : form_(c.form), d_(c.n_features), n_leaves_(in_eights(c.n_components)),
          stride_((1 + d_ + n_factors()) * fan), values_(n_leaves_ * stride_) {
        for (std::int64_t l = 0; l < n_leaves_ * fan; ++l) {
            double* to = values_.data() + l / fan * stride_ + l % fan;
            if (l >= c.n_components) {  // nobody: at no distance from every row, of density 0
                *to = -std::numeric_limits<double>::infinity();
                continue;
            }
            const std::int64_t k = order[static_cast<std::size_t>(l)];
            *to = c.constants[k];
            for (std::int64_t j = 0; j < d_; ++j) *(to += fan) = c.means[k * d_ + j];
            pack(c, k, to + fan);
        }
    }

    // Log p_k(x) of the components of a leaf for a row (D,): out (8,).
    void densities(std::int64_t leaf, const double* row, double* out) const {
        const double* from = values_.data() + leaf * stride_;
        constexpr int registers = fan / width<double>;
        Doubles squared[registers] = {};
        const double *means = from + fan, *w = means + d_ * fan;
        if (form_ == Form::diagonal || form_ == Form::spherical)
            diagonal(row, means, w, form_ == Form::diagonal ? fan : 0, squared);
        else triangular(row, means, w, squared);
        for (int v = 0; v < registers; ++v)
            store(out + v * width<double>,
                  fma(all(-0.5), squared[v], load(from + v * width<double>)));
    }

  private:
    std::int64_t n_factors() const {
        if (form_ == Form::spherical) return 1;
        return form_ == Form::diagonal ? d_ : d_ * (d_ + 1) / 2;
    }
    void pack(const Components& c, std::int64_t k, double* to) {
        if (form_ == Form::diagonal || form_ == Form::spherical) {
            const std::int64_t n = n_factors();
            for (std::int64_t j = 0; j < n; ++j, to += fan) *to = c.whitening[k * n + j];
            return;
        }
        const double* lower = c.whitening + (form_ == Form::shared_triangular ? 0 : k * d_ * d_);
        for (std::int64_t j = 0; j < d_; ++j)
            for (std::int64_t i = 0; i <= j; ++i, to += fan) *to = lower[j * d_ + i];
    }

    void diagonal(const double* row, const double* means, const double* w, std::int64_t step,
                  Doubles* squared) const {
        constexpr int registers = fan / width<double>;
        for (std::int64_t j = 0; j < d_; ++j, means += fan, w += step)
            for (int v = 0; v < registers; ++v) {
                const Doubles z =
                    (row[j] - load(means + v * width<double>)) * load(w + v * width<double>);
                squared[v] = fma(z, z, squared[v]);
            }
    }

    void triangular(const double* row, const double* means, const double* w,
                    Doubles* squared) const {
        constexpr int registers = fan / width<double>;
        for (std::int64_t j = 0; j < d_; ++j) {
            Doubles whitened[registers] = {};
            const double* mean = means;
            for (std::int64_t i = 0; i <= j; ++i, mean += fan, w += fan)
                for (int v = 0; v < registers; ++v)
                    whitened[v] = fma(load(w + v * width<double>),
                                      row[i] - load(mean + v * width<double>), whitened[v]);
            for (int v = 0; v < registers; ++v)
                squared[v] = fma(whitened[v], whitened[v], squared[v]);
        }
    }

    Form form_;
    std::int64_t d_, n_leaves_, stride_;
    Buffer<double> values_;  // of each leaf its constants, means (D, 8) and factors
};

}  // namespace mixtura::MIXTURA_ISA
