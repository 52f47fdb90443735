// The components in the features that a pattern has, and what those say of the others.
//
// With o the observed features and m the missing ones, x_m given x_o is under component k
// N(μ_m + G_k (x_o − μ_o), C_k), with G_k = Σ_mo Σ_oo⁻¹ and C_k = Σ_mm − G_k Σ_om. Both come of the
// factor of (o, m) in that order, which an orthogonal map of the columns of L makes of its rows in
// that order: nothing is squared. Lanes are components.
#pragma once

#include <cmath>
#include <vector>

#include "mixtura/kernel.hpp"
#include "mixtura/mathematics.hpp"
#include "mixtura/tile.hpp"

namespace mixtura::MIXTURA_ISA {

class Marginals {
  public:
    explicit Marginals(const Factors& f)
        : f_(f), d_(f.n_features), n_(f.n_components - (f.log_extents != nullptr)),
          copies_(f.form == Form::shared_triangular ? 1 : n_),
          groups_(triangular() ? (copies_ + lanes - 1) / lanes : 0),
          own_(groups_ * d_ * d_ * lanes), turned_(d_ * d_ * lanes), inverse_(d_ * d_ * lanes),
          logs_(n_), constants_(f.n_components), means_(f.n_components * d_), whitening_(size()),
          slopes_(triangular() ? copies_ * d_ * d_ : 0),
          rest_(triangular() ? copies_ * d_ * d_ : 0), across_(d_) {
        for (std::int64_t g = 0; g < groups_; ++g) spread(g);
    }

    // The marginals in the observed features (D,), one at least.
    void set(const bool* observed) {
        o_.clear();
        m_.clear();
        for (std::int64_t j = 0; j < d_; ++j) (observed[j] ? o_ : m_).push_back(j);
        const std::int64_t n_o = count(o_);
        for (std::int64_t k = 0; k < f_.n_components; ++k)
            for (std::int64_t i = 0; i < n_o; ++i) means_[k * n_o + i] = f_.means[k * d_ + o_[i]];
        if (triangular())
            for (std::int64_t g = 0; g < groups_; ++g) divide(g);
        else scale();
        const double normalisation = -0.5 * static_cast<double>(n_o) * std::log(2.0 * pi);
        for (std::int64_t k = 0; k < n_; ++k)
            constants_[k] = f_.log_weights[k] - logs_[copies_ == n_ ? k : 0] + normalisation;
        if (!f_.log_extents) return;
        double volume = 0.0;
        for (const std::int64_t j : o_) volume += f_.log_extents[j];
        constants_[n_] = f_.log_weights[n_] - volume;
        const std::int64_t stride = f_.form == Form::triangular ? n_o * n_o
                                    : f_.form == Form::diagonal ? n_o
                                                                : 1;
        std::fill_n(&whitening_[n_ * stride], stride, 0.0);
    }

    Components components() const {
        return {f_.form,           f_.n_components, count(o_),
                constants_.data(), means_.data(),   whitening_.data()};
    }

    // Adds to the sums in all features those of the observed ones: `of` is what a pass over these
    // gives, with whole second moments unless covariances are diagonal and only diagonals wanted.
    void lift(const Results& of, const Results& to) {
        const std::int64_t n_o = count(o_);
        for (std::int64_t k = 0; k < f_.n_components; ++k) {
            const double* first = of.first + k * n_o;
            double* sum = to.first + k * d_;
            to.weight[k] += of.weight[k];
            for (std::int64_t i = 0; i < n_o; ++i) sum[o_[i]] += first[i];
            double* second = to.second + k * (to.diagonal ? d_ : d_ * d_);
            if (of.diagonal) {
                for (std::int64_t i = 0; i < n_o; ++i) second[o_[i]] += of.second[k * n_o + i];
            } else {
                add(second, to.diagonal, of.second + k * n_o * n_o);
            }
            if (k == n_) continue;  // of noise nothing is told of the others
            if (triangular()) {
                const std::int64_t copy = copies_ == n_ ? k : 0;
                regress(copy, of.weight[k], first, of.second + k * n_o * n_o, sum, second,
                        to.diagonal);
            } else {
                for (const std::int64_t j : m_) {
                    const double sigma = f_.held[f_.form == Form::diagonal ? k * d_ + j : k];
                    second[to.diagonal ? j : j * d_ + j] += of.weight[k] * sigma * sigma;
                }
            }
        }
    }

  private:
    static constexpr int lanes = width<double>;
    static constexpr double pi = 3.14159265358979323846;
    static std::int64_t count(const std::vector<std::int64_t>& of) {
        return static_cast<std::int64_t>(of.size());
    }
    bool triangular() const {
        return f_.form == Form::triangular || f_.form == Form::shared_triangular;
    }
    std::int64_t size() const {
        switch (f_.form) {
            case Form::triangular: return f_.n_components * d_ * d_;
            case Form::shared_triangular: return d_ * d_;
            case Form::diagonal: return f_.n_components * d_;
            case Form::low_rank: return 0;  // has no pass of its own
            default: return f_.n_components;
        }
    }

    // The factors of group g side by side; the identity in lanes that have none.
    void spread(std::int64_t g) {
        double* to = &own_[g * d_ * d_ * lanes];
        for (std::int64_t i = 0; i < d_; ++i)
            for (std::int64_t j = 0; j < d_; ++j)
                for (int t = 0; t < lanes; ++t) {
                    const std::int64_t c = g * lanes + t;
                    *to++ = c >= copies_ ? double(i == j)
                            : j > i      ? 0.0
                                         : f_.held[(c * d_ + i) * d_ + j];
                }
    }

    void scale() {
        const std::int64_t n_o = count(o_);
        for (std::int64_t k = 0; k < n_; ++k) {
            if (f_.form == Form::spherical) {
                whitening_[k] = 1.0 / f_.held[k];
                logs_[k] = static_cast<double>(n_o) * std::log(f_.held[k]);
                continue;
            }
            double sum = 0.0;
            for (std::int64_t i = 0; i < n_o; ++i) {
                whitening_[k * n_o + i] = 1.0 / f_.held[k * d_ + o_[i]];
                sum += std::log(f_.held[k * d_ + o_[i]]);
            }
            logs_[k] = sum;
        }
    }

    // Of group g: W = L_oo⁻¹, log |L_oo|, G and C.
    void divide(std::int64_t g) {
        const std::int64_t n_o = count(o_), n_m = count(m_);
        const double* own = &own_[g * d_ * d_ * lanes];
        for (std::int64_t i = 0; i < d_; ++i)
            std::copy_n(own + (i < n_o ? o_[i] : m_[i - n_o]) * d_ * lanes, d_ * lanes,
                        &turned_[i * d_ * lanes]);
        for (std::int64_t i = 0; i < n_o; ++i)
            if (o_[i] > i) reflect(i, o_[i]);
        Doubles log = {};
        for (std::int64_t i = 0; i < n_o; ++i) {
            const Doubles share = 1.0 / at(turned_, i, i);
            log += logarithm(at(turned_, i, i));
            for (std::int64_t j = 0; j < i; ++j) {
                Doubles sum = {};
                for (std::int64_t c = j; c < i; ++c)
                    sum = fma(at(turned_, i, c), at(inverse_, c, j), sum);
                put(inverse_, i, j, -sum * share);
            }
            put(inverse_, i, i, share);
        }
        const auto each = [&](std::int64_t c, Doubles value, double* to, std::int64_t stride) {
            for (int t = 0; t < lanes && c + t < copies_; ++t) to[(c + t) * stride] = value[t];
        };
        const std::int64_t c = g * lanes;
        for (int t = 0; t < lanes && c + t < copies_; ++t) logs_[c + t] = log[t];
        for (std::int64_t i = 0; i < n_o; ++i)
            for (std::int64_t j = 0; j < n_o; ++j)
                each(c, j <= i ? at(inverse_, i, j) : Doubles{}, &whitening_[i * n_o + j],
                     n_o * n_o);
        for (std::int64_t q = 0; q < n_m; ++q) {
            for (std::int64_t j = 0; j < n_o; ++j) {
                Doubles sum = {};
                for (std::int64_t i = j; i < n_o; ++i)
                    sum = fma(at(turned_, n_o + q, i), at(inverse_, i, j), sum);
                each(c, sum, &slopes_[q * n_o + j], n_m * n_o);
            }
            for (std::int64_t r = 0; r <= q; ++r) {
                Doubles sum = {};
                for (std::int64_t i = n_o; i < d_; ++i)
                    sum = fma(at(turned_, n_o + q, i), at(turned_, n_o + r, i), sum);
                each(c, sum, &rest_[q * n_m + r], n_m * n_m);
                each(c, sum, &rest_[r * n_m + q], n_m * n_m);
            }
        }
    }

    // Columns i…last of the rows from i on, mapped so that row i is zero beyond i, and positive
    // there (Householder): x − β v (v·x), and the sign of column i.
    void reflect(std::int64_t i, std::int64_t last) {
        const Doubles head = at(turned_, i, i);
        Doubles square = head * head;
        for (std::int64_t j = i + 1; j <= last; ++j) {
            const Doubles x = at(turned_, i, j);
            square = fma(x, x, square);
        }
        const Doubles length = root(square);
        const Doubles sign = head < 0.0 ? all(-1.0) : all(1.0);
        const Doubles first = fma(sign, length, head);
        const Doubles beta = 1.0 / (length * (sign * first));
        for (std::int64_t r = i + 1; r < d_; ++r) {
            Doubles dot = first * at(turned_, r, i);
            for (std::int64_t j = i + 1; j <= last; ++j)
                dot = fma(at(turned_, i, j), at(turned_, r, j), dot);
            dot *= beta;
            put(turned_, r, i, sign * (dot * first - at(turned_, r, i)));
            for (std::int64_t j = i + 1; j <= last; ++j)
                put(turned_, r, j, at(turned_, r, j) - dot * at(turned_, i, j));
        }
        put(turned_, i, i, length);
        for (std::int64_t j = i + 1; j <= last; ++j) put(turned_, i, j, Doubles{});
    }

    void add(double* second, bool diagonal, const double* of) const {
        const std::int64_t n_o = count(o_);
        for (std::int64_t i = 0; i < n_o; ++i) {
            if (diagonal) {
                second[o_[i]] += of[i * n_o + i];
                continue;
            }
            for (std::int64_t j = 0; j < n_o; ++j) second[o_[i] * d_ + o_[j]] += of[i * n_o + j];
        }
    }

    // What the sums of the observed features say of the missing ones, of one component.
    void regress(std::int64_t copy, double weight, const double* first, const double* second_o,
                 double* sum, double* second, bool diagonal) {
        const std::int64_t n_o = count(o_), n_m = count(m_);
        const double* slopes = &slopes_[copy * n_m * n_o];
        const double* rest = &rest_[copy * n_m * n_m];
        for (std::int64_t q = 0; q < n_m; ++q) {
            const double* slope = slopes + q * n_o;
            double mean = 0.0;
            for (std::int64_t i = 0; i < n_o; ++i) mean += slope[i] * first[i];
            sum[m_[q]] += mean;
            double* across = across_.data();  // row q of G S, (|o|,)
            std::fill_n(across, n_o, 0.0);
            for (std::int64_t i = 0; i < n_o; ++i)
                for (std::int64_t j = 0; j < n_o; ++j)
                    across[j] += slope[i] * second_o[i * n_o + j];
            for (std::int64_t r = diagonal ? q : 0; r <= q; ++r) {
                double square = 0.0;
                for (std::int64_t j = 0; j < n_o; ++j) square += across[j] * slopes[r * n_o + j];
                square += weight * rest[q * n_m + r];
                if (diagonal) {
                    second[m_[q]] += square;
                    continue;
                }
                second[m_[q] * d_ + m_[r]] += square;
                if (r != q) second[m_[r] * d_ + m_[q]] += square;
            }
            if (diagonal) continue;
            for (std::int64_t j = 0; j < n_o; ++j) {
                second[m_[q] * d_ + o_[j]] += across[j];
                second[o_[j] * d_ + m_[q]] += across[j];
            }
        }
    }

    Doubles at(const Buffer<double>& of, std::int64_t i, std::int64_t j) const {
        return load(of.data() + (i * d_ + j) * lanes);
    }
    void put(Buffer<double>& to, std::int64_t i, std::int64_t j, Doubles value) {
        store(to.data() + (i * d_ + j) * lanes, value);
    }

    const Factors f_;
    const std::int64_t d_, n_, copies_, groups_;
    Buffer<double> own_, turned_, inverse_, logs_, constants_, means_, whitening_, slopes_, rest_,
        across_;
    std::vector<std::int64_t> o_, m_;
};

}  // namespace mixtura::MIXTURA_ISA
