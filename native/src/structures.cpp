#include "structures.hpp"

#include <algorithm>
#include <cmath>

#include "mixtura/size.hpp"

namespace mixtura {
namespace {

// Turns of volumes and shape at most, with nothing to go on from, and a change of the volumes that
// is too small to matter.
constexpr int most_turns = 100;
constexpr double settled = 1e-9;

// (Π_j x_j)^(1/D).
double geometric_mean(const double* x, std::int64_t d) {
    double sum = 0.0;
    for (std::int64_t j = 0; j < d; ++j) sum += std::log(x[j]);
    return std::exp(sum / static_cast<double>(d));
}

}  // namespace

Form form_of(Structure structure) {
    switch (structure) {
        case Structure::EII:
        case Structure::VII: return Form::spherical;
        case Structure::EEE: return Form::shared_triangular;
        default: return is_diagonal(structure) ? Form::diagonal : Form::triangular;
    }
}

bool is_ridged_after(Structure structure) {
    switch (structure) {
        case Structure::EII:
        case Structure::EEI:
        case Structure::EEE:
        case Structure::VII:
        case Structure::VVI:
        case Structure::VVV: return true;
        default: return false;
    }
}

// Re-centring over a long way leaves rounding that is not the same on both sides of the diagonal.
void about_mean(const double* first, const double* shift, std::int64_t d, bool diagonal,
                double* second) {
    if (diagonal) {
        for (std::int64_t j = 0; j < d; ++j) second[j] -= first[j] * shift[j];
        return;
    }
    for (std::int64_t i = 0; i < d; ++i)
        for (std::int64_t j = 0; j < d; ++j)
            second[i * d + j] = 0.5 * ((second[i * d + j] - first[i] * shift[j]) +
                                       (second[i * d + j] - first[j] * shift[i]));
}

void add_ridge(Structure structure, const double* ridge, const double* factors, std::int64_t k,
               std::int64_t d, double* matrices) {
    const bool diagonal = is_diagonal(structure), sphere = form_of(structure) == Form::spherical;
    const std::int64_t entries = diagonal ? d : d * d;
    double mean = 0.0;
    for (std::int64_t j = 0; j < d; ++j) mean += ridge[j * d + j] / static_cast<double>(d);
    for (std::int64_t c = 0; c < k; ++c)
        for (std::int64_t i = 0; i < entries; ++i)
            matrices[c * entries + i] +=
                (factors ? factors[c] : 1.0) * (sphere ? mean : ridge[diagonal ? i * (d + 1) : i]);
}

bool first_m_step(Structure structure, std::int64_t k, std::int64_t d, const double* ridge,
                  double* weight, const double* first, double* second, double* shift,
                  double* covariances) {
    const bool diagonal = is_diagonal(structure), after = is_ridged_after(structure);
    const std::int64_t entries = diagonal ? d : d * d;
    for (std::int64_t c = 0; c < k; ++c) {
        weight[c] += least_weight;
        for (std::int64_t j = c * d; j < (c + 1) * d; ++j) shift[j] = first[j] / weight[c];
        about_mean(first + c * d, shift + c * d, d, diagonal, second + c * entries);
    }
    if (ridge && !after) add_ridge(structure, ridge, weight, k, d, second);
    MStep{structure, k, d}({weight, second, nullptr, nullptr}, covariances);
    if (ridge && after) add_ridge(structure, ridge, nullptr, k, d, covariances);
    for (std::int64_t c = 0; c < k; ++c)
        for (std::int64_t j = 0; j < d; ++j) {
            const double variance = covariances[c * entries + (diagonal ? j : j * (d + 1))];
            if (!(variance > 0.0 && std::isfinite(variance))) return false;
        }
    return true;
}

MStep::MStep(Structure structure, std::int64_t k, std::int64_t d)
    : structure_(structure),
      varying_volume_(structure_names[static_cast<int>(structure)][0] == 'V'), k_(k), d_(d),
      entries_(is_diagonal(structure) ? d : d * d), orientation_(k, d, !varying_volume_),
      axes_(size(k * d * d)), spread_(size(k * d)), shape_(size(d * d)), lower_(size(d * d)),
      inverse_(size(d * d)), volumes_(size(k)) {}

void MStep::operator()(const Scatters& of, double* covariances) {
    switch (structure_) {
        case Structure::EII:
        case Structure::VII: return spheres(of, covariances);
        case Structure::EEI:
        case Structure::EEE: return shared(of, covariances);
        case Structure::VVI:
        case Structure::VVV: return separate(of, covariances);
        case Structure::EVI:
        case Structure::EVV: return one_volume(of, covariances);
        case Structure::VEI: return proportional(of, of.matrices, covariances);
        case Structure::VEE: return one_shape(of, covariances);
        case Structure::EEV:
        case Structure::VEV: return one_spectrum(of, covariances);
        case Structure::EVE:
        case Structure::VVE: return one_orientation(of, covariances);
    }
}

// EII: Σ_k = Σ_j tr(W_j) / (n D) · I. VII: Σ_k = tr(W_k) / (n_k D) · I.
void MStep::spheres(const Scatters& of, double* covariances) const {
    const double d = static_cast<double>(d_), n = total(of.weight);
    double all = 0.0;
    for (std::int64_t at = 0; at < k_ * d_; ++at) all += of.matrices[at];
    for (std::int64_t k = 0; k < k_; ++k) {
        double trace = 0.0;
        for (std::int64_t j = 0; j < d_; ++j) trace += of.matrices[k * d_ + j];
        std::fill_n(covariances + k * d_, d_,
                    varying_volume_ ? trace / (d * of.weight[k]) : all / (n * d));
    }
}

// EEI, EEE: Σ_k = Σ_j W_j / n.
void MStep::shared(const Scatters& of, double* covariances) const {
    const double n = total(of.weight);
    for (std::int64_t i = 0; i < entries_; ++i) {
        double sum = 0.0;
        for (std::int64_t k = 0; k < k_; ++k) sum += of.matrices[k * entries_ + i];
        for (std::int64_t k = 0; k < k_; ++k) covariances[k * entries_ + i] = sum / n;
    }
}

// VVI, VVV: Σ_k = W_k / n_k.
void MStep::separate(const Scatters& of, double* covariances) const {
    for (std::int64_t k = 0; k < k_; ++k) {
        const double share = 1.0 / of.weight[k];
        for (std::int64_t i = k * entries_; i < (k + 1) * entries_; ++i)
            covariances[i] = share * of.matrices[i];
    }
}

// EVI, EVV: Σ_k = λ W_k / v_k, with v_k = |W_k|^(1/D) and λ = Σ_j v_j / n.
void MStep::one_volume(const Scatters& of, double* covariances) {
    for (std::int64_t k = 0; k < k_; ++k) {
        const double* own = of.matrices + k * entries_;
        double& volume = volumes_[size(k)];
        if (is_diagonal(structure_)) volume = geometric_mean(own, d_);
        else if (!cholesky(own, d_, lower_.data())) volume = 0.0;
        else volume = std::exp(2.0 / static_cast<double>(d_) * log_determinant(lower_.data(), d_));
    }
    of_one_volume(of, of.matrices, entries_, covariances);
}

// λ times each component's numbers over its volume; zeros where there is no volume.
void MStep::of_one_volume(const Scatters& of, const double* matrices, std::int64_t entries,
                          double* covariances) const {
    const double mean = total(volumes_.data()) / total(of.weight);
    for (std::int64_t k = 0; k < k_; ++k) {
        const double factor = volumes_[size(k)] > 0.0 ? mean / volumes_[size(k)] : 0.0;
        for (std::int64_t i = k * entries; i < (k + 1) * entries; ++i)
            covariances[i] = factor * matrices[i];
    }
}

// Those before, or of spheres: tr(W_k) / (n_k D).
void MStep::begin_volumes(const Scatters& of) {
    for (std::int64_t k = 0; k < k_; ++k) {
        double trace = 0.0;
        for (std::int64_t j = 0; j < d_; ++j)
            trace += of.matrices[k * entries_ + (is_diagonal(structure_) ? j : j * (d_ + 1))];
        volumes_[size(k)] =
            of.volumes ? of.volumes[k] : trace / (static_cast<double>(d_) * of.weight[k]);
    }
}

// VEI, of spreads S_k (K, D): λ_k A, with A ∝ Σ_k S_k / λ_k of the volumes before, |A| = 1, and
// λ_k = tr(S_k A⁻¹) / (n_k D): once, or where there are none before until the λ_k rest.
void MStep::proportional(const Scatters& of, const double* spread, double* lengths) {
    double* shape = shape_.data();
    begin_volumes(of);
    double change = 1.0;
    for (int turn = 0; turn < (of.volumes ? 1 : most_turns) && change > settled; ++turn) {
        std::fill_n(shape, d_, 0.0);
        for (std::int64_t k = 0; k < k_; ++k)
            for (std::int64_t j = 0; j < d_; ++j)
                shape[j] += spread[k * d_ + j] / volumes_[size(k)];
        const double volume = geometric_mean(shape, d_);
        for (std::int64_t j = 0; j < d_; ++j) shape[j] /= volume;
        change = 0.0;
        for (std::int64_t k = 0; k < k_; ++k) {
            double trace = 0.0;
            for (std::int64_t j = 0; j < d_; ++j) trace += spread[k * d_ + j] / shape[j];
            const double own = trace / (static_cast<double>(d_) * of.weight[k]);
            change = std::max(change, std::abs(volumes_[size(k)] - own) / own);
            volumes_[size(k)] = own;
        }
    }
    for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t j = 0; j < d_; ++j) lengths[k * d_ + j] = volumes_[size(k)] * shape[j];
}

// VEE: λ_k C, with C ∝ Σ_k W_k / λ_k of the volumes before, |C| = 1, and λ_k = tr(W_k C⁻¹) / (n_k
// D); once, or until the λ_k rest.
void MStep::one_shape(const Scatters& of, double* covariances) {
    const std::int64_t entries = d_ * d_;
    begin_volumes(of);
    double change = 1.0;
    for (int turn = 0; turn < (of.volumes ? 1 : most_turns) && change > settled; ++turn) {
        std::fill(shape_.begin(), shape_.end(), 0.0);
        for (std::int64_t k = 0; k < k_; ++k)
            for (std::int64_t i = 0; i < entries; ++i)
                shape_[size(i)] += of.matrices[k * entries + i] / volumes_[size(k)];
        if (!cholesky(shape_.data(), d_, lower_.data())) {
            std::fill_n(covariances, k_ * entries, 0.0);
            return;
        }
        invert_lower(lower_.data(), 1, d_, inverse_.data());
        const double volume =
            of.volumes
                ? 1.0
                : std::exp(2.0 / static_cast<double>(d_) * log_determinant(lower_.data(), d_));
        change = 0.0;
        for (std::int64_t k = 0; k < k_; ++k) {
            const double own =
                along_shape(of.matrices + k * entries) / (static_cast<double>(d_) * of.weight[k]);
            spread_[size(k)] = own;
            change = std::max(change, std::abs(volumes_[size(k)] - own * volume) / (own * volume));
            volumes_[size(k)] = own * volume;
        }
    }
    // Of λ_k C the volume of S is in both, and cancels.
    for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t i = 0; i < entries; ++i)
            covariances[k * entries + i] = spread_[size(k)] * shape_[size(i)];
}

// tr(W S⁻¹) with S = L Lᵀ: Σ_j of row j of L⁻¹ on either side of W.
double MStep::along_shape(const double* scatter) const {
    double trace = 0.0;
    for (std::int64_t j = 0; j < d_; ++j) {
        const double* row = &inverse_[size(j * d_)];
        for (std::int64_t i = 0; i <= j; ++i)
            for (std::int64_t l = 0; l <= j; ++l) trace += row[i] * scatter[i * d_ + l] * row[l];
    }
    return trace;
}

// EEV: Σ_k = L_k (Σ_j Ω_j / n) L_kᵀ, with W_k = L_k Ω_k L_kᵀ and eigenvalues Ω_k in order. VEV: in
// between them, what VEI makes of Ω_k.
void MStep::one_spectrum(const Scatters& of, double* covariances) {
    const std::int64_t entries = d_ * d_;
    for (std::int64_t k = 0; k < k_; ++k) {
        double* spread = &spread_[size(k * d_)];
        std::copy_n(of.matrices + k * entries, entries, shape_.data());
        eigen(shape_.data(), d_, spread, &axes_[size(k * entries)]);
        for (std::int64_t j = 0; j < d_; ++j) spread[j] = std::max(spread[j], 0.0);
    }
    if (varying_volume_) {
        proportional(of, spread_.data(), spread_.data());
    } else {
        const double n = total(of.weight);
        for (std::int64_t j = 0; j < d_; ++j) {
            double sum = 0.0;
            for (std::int64_t k = 0; k < k_; ++k) sum += spread_[size(k * d_ + j)];
            for (std::int64_t k = 0; k < k_; ++k) spread_[size(k * d_ + j)] = sum / n;
        }
    }
    for (std::int64_t k = 0; k < k_; ++k)
        composed(&axes_[size(k * entries)], &spread_[size(k * d_)], d_, covariances + k * entries);
}

// With m_kj = (Oᵀ W_k O)_jj of the common orientation, VVE: Σ_k = O diag(m_k / n_k) Oᵀ, and EVE:
// Σ_k = λ O diag(m_k / v_k) Oᵀ with v_k = (Π_j m_kj)^(1/D) and λ = Σ_j v_j / n.
void MStep::one_orientation(const Scatters& of, double* covariances) {
    if (of.before) orientation_.begin(of.before);
    if (!(of.before ? orientation_.descend(of.weight, of.matrices)
                    : orientation_.seek(of.weight, of.matrices))) {
        std::fill_n(covariances, k_ * d_ * d_, 0.0);
        return;
    }
    for (std::int64_t k = 0; k < k_; ++k) {
        double* spread = &spread_[size(k * d_)];
        for (std::int64_t j = 0; j < d_; ++j) spread[j] = std::max(orientation_.spread(k, j), 0.0);
        if (varying_volume_)
            for (std::int64_t j = 0; j < d_; ++j) spread[j] /= of.weight[k];
        else volumes_[size(k)] = geometric_mean(spread, d_);
    }
    if (!varying_volume_) of_one_volume(of, spread_.data(), d_, spread_.data());
    for (std::int64_t k = 0; k < k_; ++k)
        composed(orientation_.axes(), &spread_[size(k * d_)], d_, covariances + k * d_ * d_);
}

double MStep::total(const double* values) const {
    double sum = 0.0;
    for (std::int64_t k = 0; k < k_; ++k) sum += values[k];
    return sum;
}

}  // namespace mixtura
