// The pass over rows that were measured with errors, a register of rows at a time.
//
// With W = L_k⁻¹, z = W (x − μ_k) and T = I + W S_i Wᵀ = U Δ Uᵀ, U unit lower triangular and Δ
// diagonal: u = T⁻¹ z is where the true value is expected, and I − T⁻¹ its covariance, both in
// units of the component.
#pragma once

#include "mixtura/posterior.hpp"
#include "mixtura/sums.hpp"

namespace mixtura::MIXTURA_ISA {

// Where entry (j, l), l ≤ j, of a lower triangle is held.
constexpr std::int64_t entry(std::int64_t j, std::int64_t l) { return j * (j + 1) / 2 + l; }

// What is worked out of a register of rows; D features, known to the compiler or, as 0, not.
template <int D> struct Numbers {
    Numbers(std::int64_t, double*) {}
    static std::int64_t room(std::int64_t) { return 0; }
    Doubles t[entry(D, 0)], u[entry(D, 0)], b[D * D], z[D], pivot[D], inverse[D];
};
template <> struct Numbers<0> {
    Numbers(std::int64_t d, double* held)
        : t(reinterpret_cast<Doubles*>(held)), u(t + entry(d, 0)), b(u + entry(d, 0)), z(b + d * d),
          pivot(z + d), inverse(pivot + d) {}
    static std::int64_t room(std::int64_t d) {
        return (2 * entry(d, 0) + d * d + 3 * d) * width<double>;
    }
    Doubles *t, *u, *b, *z, *pivot, *inverse;
};

// A tile's rows with the errors of each: features of standard deviations, or of matrices by rows.
struct Measured {
    const Tile<double>& rows;
    const Tile<double>& errors;
};

// B with W S Wᵀ = B Bᵀ or, of matrices, B Wᵀ: W times the deviations, or times the matrix.
template <int D, bool deviations>
[[gnu::always_inline]] inline void half_of_errors(const Measured& m, const double* w,
                                                  std::int64_t row, std::int64_t n_features,
                                                  Numbers<D>& to) {
    const std::int64_t d = D ? D : n_features;
#pragma GCC unroll 8
    for (std::int64_t j = 0; j < d; ++j)
#pragma GCC unroll 8
        for (std::int64_t i = 0; i <= j; ++i) {
            if (deviations) {
                to.b[j * d + i] = w[entry(j, i)] * load(m.errors.feature(i) + row);
                continue;
            }
            Doubles sum = {};
#pragma GCC unroll 8
            for (std::int64_t a = 0; a <= j; ++a)
                sum = fma(all(w[entry(j, a)]), load(m.errors.feature(a * d + i) + row), sum);
            to.b[j * d + i] = sum;
        }
}

// U, Δ and 1/Δ of the rows at `row`, and U⁻¹ z in the place of z; w is W's lower triangle.
template <int D, bool deviations>
[[gnu::always_inline]] inline void factorise(const Measured& m, const double* mean, const double* w,
                                             std::int64_t row, std::int64_t n_features,
                                             Numbers<D>& to) {
    const std::int64_t d = D ? D : n_features;
    half_of_errors<D, deviations>(m, w, row, n_features, to);
#pragma GCC unroll 8
    for (std::int64_t j = 0; j < d; ++j) {
        Doubles z = {};
#pragma GCC unroll 8
        for (std::int64_t i = 0; i <= j; ++i)
            z = fma(all(w[entry(j, i)]), load(m.rows.feature(i) + row) - mean[i], z);
#pragma GCC unroll 8
        for (std::int64_t l = 0; l <= j; ++l) {
            Doubles sum = j == l ? all(1.0) : Doubles{};
#pragma GCC unroll 8
            for (std::int64_t i = 0; i <= l; ++i)
                sum = fma(to.b[j * d + i], deviations ? to.b[l * d + i] : all(w[entry(l, i)]), sum);
#pragma GCC unroll 8
            for (std::int64_t i = 0; i < l; ++i)
                sum = fma(-to.t[entry(j, i)], to.u[entry(l, i)], sum);
            to.t[entry(j, l)] = sum;  // U Δ
            if (l < j) {
                to.u[entry(j, l)] = sum * to.inverse[l];
                z = fma(-to.u[entry(j, l)], to.z[l], z);
            }
        }
        to.z[j] = z;
        to.pivot[j] = to.t[entry(j, j)];
        to.inverse[j] = 1.0 / to.pivot[j];
    }
}

// zᵀ T⁻¹ z + log|T| of all rows of a tile: out (T,).
template <int D, bool deviations>
[[gnu::noinline]] void measured_distances(const Measured& m, const double* mean, const double* w,
                                          double* room, double* out) {
    const std::int64_t d = D ? D : m.rows.n_features;
    Numbers<D> numbers(d, room);
    for (std::int64_t row = 0; row < m.rows.steps * width<double>; row += width<double>) {
        factorise<D, deviations>(m, mean, w, row, d, numbers);
        Doubles sum = {};
#pragma GCC unroll 8
        for (std::int64_t j = 0; j < d; ++j) {
            sum = fma(numbers.z[j] * numbers.z[j], numbers.inverse[j], sum);
            // Two pivots at most under a logarithm, so that their product is a number.
            if (j % 2) sum += logarithm(numbers.pivot[j - 1] * numbers.pivot[j]);
            else if (j == d - 1) sum += logarithm(numbers.pivot[j]);
        }
        store(out + row, sum);
    }
}

// Adds Σ q, Σ q u and the lower triangle of Σ q (u uᵀ − T⁻¹) of a tile's rows to `lanes`.
template <int D, bool deviations>
[[gnu::noinline]] void measured_sums(const Measured& m, const double* mean, const double* w,
                                     const Shares<double>& shares, double* room, double* lanes) {
    const std::int64_t d = D ? D : m.rows.n_features;
    Numbers<D> numbers(d, room);
    const auto add = [](double* to, Doubles value) { store(to, load(to) + value); };
    for (std::int64_t row = 0; row < m.rows.steps * width<double>; row += width<double>) {
        const Doubles share = shares.at(row);
        if (!any_nonzero<double>(share)) continue;
        factorise<D, deviations>(m, mean, w, row, d, numbers);
        auto &u = numbers.u, &v = numbers.t, &inverse = numbers.inverse, &z = numbers.z;
#pragma GCC unroll 8
        for (std::int64_t j = 0; j < d; ++j)  // V = U⁻¹ below the diagonal
#pragma GCC unroll 8
            for (std::int64_t l = 0; l < j; ++l) {
                Doubles sum = -u[entry(j, l)];
#pragma GCC unroll 8
                for (std::int64_t i = l + 1; i < j; ++i)
                    sum = fma(-u[entry(j, i)], v[entry(i, l)], sum);
                v[entry(j, l)] = sum;
            }
        add(lanes, share);
        double* first = lanes + width<double>;
        double* second = first + d * width<double>;
#pragma GCC unroll 8
        for (std::int64_t j = 0; j < d; ++j) {
            z[j] *= inverse[j];
            numbers.pivot[j] = z[j];
        }
#pragma GCC unroll 8
        for (std::int64_t j = 0; j < d; ++j) {  // u = Vᵀ Δ⁻¹ U⁻¹ z
#pragma GCC unroll 8
            for (std::int64_t i = j + 1; i < d; ++i)
                numbers.pivot[j] = fma(v[entry(i, j)], z[i], numbers.pivot[j]);
            const Doubles weighted = share * numbers.pivot[j];
            add(first + j * width<double>, weighted);
#pragma GCC unroll 8
            for (std::int64_t l = 0; l <= j; ++l) {
                Doubles gain = l == j ? inverse[j] : inverse[j] * v[entry(j, l)];
#pragma GCC unroll 8
                for (std::int64_t i = j + 1; i < d; ++i)
                    gain = fma(inverse[i] * v[entry(i, j)], v[entry(i, l)], gain);
                add(second + entry(j, l) * width<double>,
                    fma(weighted, numbers.pivot[l], -share * gain));
            }
        }
    }
}

// The same two where covariances are diagonal and errors are standard deviations; w is (D,).
inline void diagonal_distances(const Measured& m, const double* mean, const double* w,
                               double* out) {
    const std::int64_t d = m.rows.n_features;
    for (std::int64_t row = 0; row < m.rows.steps * width<double>; row += width<double>) {
        Doubles sum = {}, before = all(1.0);
        for (std::int64_t j = 0; j < d; ++j) {
            const Doubles z = w[j] * (load(m.rows.feature(j) + row) - mean[j]);
            const Doubles error = w[j] * load(m.errors.feature(j) + row);
            const Doubles pivot = fma(error, error, all(1.0));
            sum += z * z / pivot;
            if (j % 2 || j == d - 1) sum += logarithm(before * pivot);
            before = j % 2 ? all(1.0) : pivot;
        }
        store(out + row, sum);
    }
}

inline void diagonal_sums(const Measured& m, const double* mean, const double* w,
                          const Shares<double>& shares, double* lanes) {
    const std::int64_t d = m.rows.n_features;
    for (std::int64_t row = 0; row < m.rows.steps * width<double>; row += width<double>) {
        const Doubles share = shares.at(row);
        if (!any_nonzero<double>(share)) continue;
        store(lanes, load(lanes) + share);
        double* to = lanes + width<double>;
        for (std::int64_t j = 0; j < d; ++j, to += width<double>) {
            const Doubles error = w[j] * load(m.errors.feature(j) + row);
            const Doubles gain = 1.0 / fma(error, error, all(1.0));
            const Doubles u = gain * w[j] * (load(m.rows.feature(j) + row) - mean[j]);
            double* second = to + d * width<double>;
            store(to, fma(share, u, load(to)));
            store(second, fma(share, fma(u, u, -gain), load(second)));
        }
    }
}

// The factors W and what is needed of a register of rows, for one set of components.
class Deconvolution {
  public:
    Deconvolution(const Components& c, bool deviations)
        : c_(c), d_(c.n_features), diagonal_(c.form == Form::diagonal), deviations_(deviations),
          stride_(diagonal_ ? d_ : entry(d_, 0)), w_(c.n_components * stride_),
          room_(Numbers<0>::room(d_)) {
        for (std::int64_t k = 0; k < c.n_components; ++k)
            for (std::int64_t j = 0; j < d_; ++j)
                if (diagonal_) w_[k * d_ + j] = c.whitening[k * d_ + j];
                else
                    std::copy_n(c.whitening + (k * d_ + j) * d_, j + 1,
                                &w_[k * stride_ + entry(j, 0)]);
    }

    // How many sums a component has: its weight, first and second moments.
    std::int64_t n_sums() const { return 1 + d_ + stride_; }

    // Squared distances, with the logarithms of the determinants: out (T,).
    void distances(const Measured& m, std::int64_t k, double* out) {
        const double *mean = c_.means + k * d_, *w = &w_[k * stride_];
        if (diagonal_) return diagonal_distances(m, mean, w, out);
        by_size([&]<int D, bool deviations>() {
            measured_distances<D, deviations>(m, mean, w, room_.data(), out);
        });
    }

    void sums(const Measured& m, std::int64_t k, const Shares<double>& shares, double* lanes) {
        const double *mean = c_.means + k * d_, *w = &w_[k * stride_];
        if (diagonal_) return diagonal_sums(m, mean, w, shares, lanes);
        by_size([&]<int D, bool deviations>() {
            measured_sums<D, deviations>(m, mean, w, shares, room_.data(), lanes);
        });
    }

  private:
    template <class F> void by_size(const F& f) const {
        switch (d_) {
            case 1: return of<1>(f);
            case 2: return of<2>(f);
            case 3: return of<3>(f);
            case 4: return of<4>(f);
            case 5: return of<5>(f);
            case 6: return of<6>(f);
            case 7: return of<7>(f);
            case 8: return of<8>(f);
            default: return of<0>(f);
        }
    }
    template <int D, class F> void of(const F& f) const {
        if (deviations_) f.template operator()<D, true>();
        else f.template operator()<D, false>();
    }

    Components c_;
    std::int64_t d_;
    bool diagonal_, deviations_;
    std::int64_t stride_;
    Buffer<double> w_, room_;
};

// One pass: see `deconvolve` of kernel.hpp.
inline void run_deconvolution(const Components& c, const double* rows, const double* errors,
                              bool deviations, const double* weights, std::int64_t n_rows,
                              const Results& results) {
    const std::int64_t n = c.n_components, d = c.n_features, t = tile_rows<double>(d, n);
    const std::int64_t n_errors = deviations ? d : d * d;
    Tile<double> tile(t, d), beside(t, n_errors);
    Deconvolution deconvolution(c, deviations);
    const std::int64_t stride = deconvolution.n_sums() * width<double>;
    Normalisation<double> norm(t, n);
    Buffer<double> values(n * t), likelihood(t), lanes(results.weight ? n * stride : 0);
    if (results.total) *results.total = 0.0;
    for (std::int64_t start = 0; start < n_rows; start += t) {
        const std::int64_t size = std::min(t, n_rows - start);
        const double* weight = weights ? weights + start : nullptr;
        tile.fill(rows + start * d, size);
        beside.fill(errors + start * n_errors, size);
        const Measured measured{tile, beside};
        for (std::int64_t k = 0; k < n; ++k)
            deconvolution.distances(measured, k, values.data() + k * t);
        if (results.log_joint)
            turned(values.data(), n, t, size, results.log_joint + start * n,
                   [&](Doubles squared, std::int64_t k, std::int64_t) {
                       return log_joint<double>(reached<double>(squared), c.constants[k]);
                   });
        if (!results.weight && !results.log_likelihood) continue;
        soft_posterior(n, tile, c.constants, values.data(), norm, likelihood.data());
        if (results.log_likelihood)
            std::copy_n(likelihood.data(), size, results.log_likelihood + start);
        if (results.total) *results.total += weighed_sum(likelihood.data(), weight, size);
        if (!results.weight) continue;
        if (weight) weigh(tile, weight, norm.share);
        for (std::int64_t k = 0; k < n; ++k)
            deconvolution.sums(measured, k, {values.data() + k * t, norm.share.data()},
                               lanes.data() + k * stride);
    }
    if (!results.weight) return;
    clear(results, n, d);
    for (std::int64_t k = 0; k < n; ++k) {
        const Sums sums = sums_of(results, k, d);
        const double* from = lanes.data() + k * stride;
        const auto next = [&from] {
            const double sum = total<double>(load(from));
            from += width<double>;
            return sum;
        };
        *sums.weight = next();
        for (std::int64_t j = 0; j < d; ++j) sums.first[j] = next();
        for (std::int64_t j = 0; j < d; ++j)
            for (std::int64_t l = results.diagonal ? j : 0; l <= j; ++l)
                sums.second[results.diagonal ? j : j * d + l] = next();
    }
    if (!results.diagonal) mirror(results.second, n, d);
}

}  // namespace mixtura::MIXTURA_ISA
