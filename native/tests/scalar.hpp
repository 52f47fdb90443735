// Scalar: the formulas of kernel.hpp, a row at a time in long double, each value with a bound of
// what rounding may do to it in the kernel's arithmetic.
//
// The bounds are first-order: a sum of n products is off by at most n·ε·Σ|product|, and an error
// of its terms is carried on by the derivative of what is made of them.
#pragma once

#include <limits>

#include "cases.hpp"

using Real = long double;

// A value and how far the kernel's may be from it; `worst` remembers the nearest it came.
struct Bounded {
    Real value = 0, error = 0;
    inline static Real worst = 0;

    bool admits(double found) const {
        if (static_cast<Real>(found) == value) return true;
        const Real distance = std::abs(static_cast<Real>(found) - value);
        worst = std::max(worst, distance / error);
        return distance <= error;
    }
    void add(Real term, Real its_error) {
        value += term;
        error += its_error;
    }
};

// All that is known of a row: (K,) each, and its log-likelihood.
struct Scored {
    std::vector<Bounded> squared_distances, log_joint, responsibilities;
    Bounded log_likelihood;
};

template <class S> class Scalar {
  public:
    explicit Scalar(const Case<S>& it) : it_(it), centre_(size(it.d)) {
        for (std::int64_t c = 0; c < it.k; ++c)
            for (std::int64_t j = 0; j < it.d; ++j)
                centre_[size(j)] +=
                    static_cast<Real>(it.means[size(c * it.d + j)]) / static_cast<Real>(it.k);
    }

    // Row i's deviation from component c's mean in feature j.
    Real deviation(std::int64_t i, std::int64_t c, std::int64_t j) const {
        return static_cast<Real>(it_.rows[size(i * it_.d + j)]) -
               static_cast<Real>(it_.means[size(c * it_.d + j)]);
    }

    Scored scored(std::int64_t i) const {
        const std::size_t k = size(it_.k);
        Scored row{std::vector<Bounded>(k), std::vector<Bounded>(k), std::vector<Bounded>(k), {}};
        Real top = -std::numeric_limits<Real>::infinity();
        for (std::size_t c = 0; c < k; ++c) {
            const Bounded q = row.squared_distances[c] =
                squared_distance(i, static_cast<std::int64_t>(c));
            const Real constant = it_.constants[c];
            row.log_joint[c] = {constant - q.value / 2,
                                q.error / 2 + 2 * epsilon * (std::abs(constant) + q.value / 2)};
            top = std::max(top, row.log_joint[c].value);
        }
        Real sum = 0;
        for (const Bounded& joint : row.log_joint) sum += std::exp(joint.value - top);
        row.log_likelihood.value = top + std::log(sum);
        // K + 1 roundings of the sum, one of each exponential and of the result.
        const Real summing = epsilon * static_cast<Real>(2 * it_.k + 8);
        row.log_likelihood.error = summing + epsilon * std::abs(row.log_likelihood.value);
        for (std::size_t c = 0; c < k; ++c) {
            const Bounded& joint = row.log_joint[c];
            Bounded& r = row.responsibilities[c];
            r.value = std::exp(joint.value - row.log_likelihood.value);
            r.error = joint.error + summing + epsilon * (top - joint.value);  // relative, so far
            row.log_likelihood.error += r.value * r.error;
        }
        for (Bounded& r : row.responsibilities)  // and what is too small to be kept counts as zero
            r.error = r.value * (r.error + row.log_likelihood.error) + least;
        return row;
    }

  private:
    Bounded squared_distance(std::int64_t i, std::int64_t c) const {
        const Real growth = epsilon * static_cast<Real>(it_.d + 8);
        // A shared factor may whiten the row and the mean apart, about the means' centre.
        const bool apart = it_.form == Form::shared_triangular;
        const bool full = is_triangular(it_.form);
        Bounded q;
        for (std::int64_t j = 0; j < it_.d; ++j) {
            Real z = 0, size_of_z = 0;
            for (std::int64_t l = full ? 0 : j; l <= j; ++l) {
                const Real w = it_.factor(c, j, l), d = deviation(i, c, l);
                z += w * d;
                size_of_z +=
                    std::abs(w) * (apart ? std::abs(d) + 2 * from_centre(c, l) : std::abs(d));
            }
            const Real off = growth * size_of_z;
            q.add(z * z, 2 * std::abs(z) * off + off * off);
        }
        return q;
    }
    Real from_centre(std::int64_t c, std::int64_t j) const {
        return std::abs(static_cast<Real>(it_.means[size(c * it_.d + j)]) - centre_[size(j)]);
    }

    static constexpr Real epsilon = std::numeric_limits<S>::epsilon();
    static constexpr Real least = sizeof(S) == 8 ? 1e-300L : 1e-37L;
    const Case<S>& it_;
    std::vector<Real> centre_;
};

// Statistics about the means, as rows are added to them.
template <class S> struct ScalarSums {
    std::vector<Bounded> weight, first, second;  // (K,), (K, D), (K, D, D) of which j ≤ i is kept
    Bounded total;

    explicit ScalarSums(const Case<S>& it)
        : weight(size(it.k)), first(size(it.k * it.d)), second(size(it.k * it.d * it.d)), it_(it) {}

    void add(const Scalar<S>& scalar, std::int64_t i, Real v, const Bounded& likelihood,
             const std::vector<Bounded>& responsibilities) {
        total.add(v * likelihood.value,
                  v * (likelihood.error + 1e-13L * std::abs(likelihood.value)));
        std::vector<Real> deviations(size(it_.d));
        for (std::int64_t c = 0; c < it_.k; ++c) {
            const Bounded& r = responsibilities[size(c)];
            const Real share = v * r.value, off = v * (r.error + summing * r.value);
            if (share == 0 && off == 0) continue;
            weight[size(c)].add(share, off);
            for (std::int64_t j = 0; j < it_.d; ++j) {
                const Real d = deviations[size(j)] = scalar.deviation(i, c, j);
                first[size(c * it_.d + j)].add(share * d, off * std::abs(d));
                for (std::int64_t l = 0; l <= j; ++l)
                    second[size((c * it_.d + j) * it_.d + l)].add(
                        share * d * deviations[size(l)], off * std::abs(d * deviations[size(l)]));
            }
        }
    }

  private:
    // A tile's rows are added up in the rows' own type, at most 256 in each lane.
    static constexpr Real summing = 256 * static_cast<Real>(std::numeric_limits<S>::epsilon());
    const Case<S>& it_;
};
