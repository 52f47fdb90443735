#include "clustering.hpp"

#include <algorithm>
#include <cmath>

#include "mixtura/size.hpp"

namespace mixtura {
namespace {

constexpr std::int64_t nowhere = -1;

}  // namespace

Clustering::Clustering(const ClusteringProblem& problem, const std::int64_t* labels)
    : problem_(&problem), label_(size(problem.n), nowhere), deviation_(size(problem.d)) {
    if (problem.pooled) laws_.emplace_back(problem.form, problem.d, problem.scale);
    for (std::int64_t i = 0; i < problem.n; ++i) {
        while (std::ssize(clusters_) <= labels[i]) vacant_at(std::ssize(clusters_));
        enter(i, labels[i]);
    }
}

std::int64_t Clustering::vacant() {
    std::int64_t place = 0;
    while (place < std::ssize(clusters_) && clusters_[size(place)].n_rows) ++place;
    if (place == std::ssize(clusters_)) vacant_at(place);
    return place;
}

// The prior alone at a place, which is made where it is the next.
void Clustering::vacant_at(std::int64_t place) {
    const double* mean = problem_->mean;
    if (place == std::ssize(clusters_)) {
        clusters_.push_back({0, std::vector<double>(mean, mean + problem_->d)});
        if (!problem_->pooled) laws_.emplace_back(problem_->form, problem_->d, problem_->scale);
        return;
    }
    std::copy_n(mean, problem_->d, clusters_[size(place)].mean.begin());
    if (!problem_->pooled) laws_[size(place)].start(problem_->scale);
}

std::int64_t Clustering::rows_of_law(std::int64_t law) const {
    return problem_->pooled ? n_placed_ : clusters_[size(law)].n_rows;
}

double Clustering::degrees_of(std::int64_t n_rows) const {
    const bool one = problem_->form == ScatterForm::spherical;
    return problem_->degrees + static_cast<double>(n_rows * (one ? problem_->d : 1));
}

const double* Clustering::deviation(std::int64_t row, std::int64_t place, double step) {
    const Cluster& cluster = clusters_[size(place)];
    const double beta = problem_->mean_precision + static_cast<double>(cluster.n_rows);
    const double root = std::sqrt(beta / (beta + step));
    const double* x = problem_->rows + row * problem_->d;
    for (std::int64_t j = 0; j < problem_->d; ++j)
        deviation_[size(j)] = root * (x[j] - cluster.mean[size(j)]);
    return deviation_.data();
}

double Clustering::log_predictive(std::int64_t row, std::int64_t place) {
    const std::int64_t n = clusters_[size(place)].n_rows, law = law_of(place);
    const std::int64_t of_law = rows_of_law(law);
    Scatter& scatter = laws_[size(law)];
    const double gain = scatter.gain(deviation(row, place, 1.0));
    const double after = degrees_of(of_law + 1), copies = after - degrees_of(of_law);
    return problem_->sizes[n + 1] - problem_->sizes[n] + problem_->normalisers[of_law + 1] -
           problem_->normalisers[of_law] - 0.5 * copies * scatter.log_determinant() -
           0.5 * after * gain;
}

void Clustering::enter(std::int64_t row, std::int64_t place) {
    Cluster& cluster = clusters_[size(place)];
    laws_[size(law_of(place))].add(deviation(row, place, 1.0));
    move_mean(row, place, 1.0);
    if (cluster.n_rows++ == 0) present_.push_back(place);
    ++n_placed_;
    label_[size(row)] = place;
}

// m + (x − m)/(β + 1) as a row enters, m − (x − m)/(β − 1) as it leaves.
void Clustering::move_mean(std::int64_t row, std::int64_t place, double step) {
    Cluster& cluster = clusters_[size(place)];
    const double beta = problem_->mean_precision + static_cast<double>(cluster.n_rows);
    const double* x = problem_->rows + row * problem_->d;
    for (std::int64_t j = 0; j < problem_->d; ++j)
        cluster.mean[size(j)] += step * (x[j] - cluster.mean[size(j)]) / (beta + step);
}

void Clustering::leave(std::int64_t row) {
    const std::int64_t place = label_[size(row)];
    Cluster& cluster = clusters_[size(place)];
    const bool sound = laws_[size(law_of(place))].take(deviation(row, place, -1.0));
    move_mean(row, place, -1.0);
    label_[size(row)] = nowhere;
    --n_placed_;
    if (--cluster.n_rows == 0) {
        present_.erase(std::find(present_.begin(), present_.end(), place));
        vacant_at(place);
    }
    if (!sound) rebuild(law_of(place));
}

// A law from its rows, one after the other.
void Clustering::rebuild(std::int64_t law) {
    laws_[size(law)].start(problem_->scale);
    const auto concerned = [&](std::int64_t place) { return problem_->pooled || place == law; };
    for (std::int64_t place = 0; place < std::ssize(clusters_); ++place)
        if (concerned(place)) {
            std::copy_n(problem_->mean, problem_->d, clusters_[size(place)].mean.begin());
            clusters_[size(place)].n_rows = 0;
        }
    for (std::int64_t i = 0; i < problem_->n; ++i)
        if (const std::int64_t place = label_[size(i)]; place != nowhere && concerned(place)) {
            laws_[size(law)].add(deviation(i, place, 1.0));
            move_mean(i, place, 1.0);
            ++clusters_[size(place)].n_rows;
        }
}

double Clustering::of_law(std::int64_t law) const {
    const std::int64_t n = rows_of_law(law);
    return problem_->normalisers[n] - 0.5 * degrees_of(n) * laws_[size(law)].log_determinant();
}

double Clustering::log_density() const {
    double sum = problem_->counts[n_clusters()] + (problem_->pooled ? of_law(0) : 0.0);
    for (const std::int64_t place : present_) {
        sum += problem_->sizes[clusters_[size(place)].n_rows];
        if (!problem_->pooled) sum += of_law(place);
    }
    return sum;
}

void Clustering::write(std::int32_t* labels) const {
    std::vector<std::int32_t> number(clusters_.size(), -1);
    std::int32_t next = 0;
    for (std::int64_t i = 0; i < problem_->n; ++i) {
        std::int32_t& own = number[size(label_[size(i)])];
        if (own < 0) own = next++;
        labels[i] = own;
    }
}

}  // namespace mixtura
