#include "mixtura/groups.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "group_fitting.hpp"

namespace mixtura {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// How many free parameters a candidate has.
double n_parameters(const GroupCandidate& of, std::int64_t d, bool equal_weights) {
    const char* letters = structure_names[static_cast<int>(of.structure)];
    const std::int64_t k = of.n_components;
    const auto copies = [k](char letter) {
        return letter == 'I' ? std::int64_t{0} : letter == 'E' ? std::int64_t{1} : k;
    };
    return static_cast<double>((equal_weights ? 0 : k - 1) + k * d + copies(letters[0]) +
                               copies(letters[1]) * (d - 1) + copies(letters[2]) * d * (d - 1) / 2);
}

// Whether there are rows enough for the covariances: `Structure.rows_needed`.
bool enough(const GroupCandidate& candidate, std::int64_t n, std::int64_t d) {
    const char* letters = structure_names[static_cast<int>(candidate.structure)];
    const std::int64_t k = candidate.n_components, spanned = letters[2] == 'I' ? 1 : d;
    const bool shaped = letters[1] == 'V' || letters[2] == 'V';
    const std::int64_t own = shaped ? spanned + 1 : letters[0] == 'V' ? 2 : 0;
    return n > own * k && n > k + spanned;
}

// What is known of one group.
class Chosen {
  public:
    Chosen(const GroupEnds& ends, std::int64_t group, std::int64_t most, std::int64_t d)
        : ends_(ends), group_(group), most_(most), d_(d) {
        ends_.chosen[group_] = -1;
    }

    void count(std::int64_t n_rows) const { ends_.n_rows[group_] = n_rows; }

    void take(std::int64_t number, const GroupCandidate& candidate, const GroupEnd& end,
              double total, double cost) const {
        const std::int64_t k = candidate.n_components;
        double* weights = ends_.weights + group_ * most_;
        double sum = 0.0;
        for (const double weight : end.at.weight) sum += weight;
        for (std::int64_t i = 0; i < k; ++i)
            weights[i] = end.at.weight[static_cast<std::size_t>(i)] / sum;
        std::vector<double> held = end.at.weight;
        Place place{k,
                    held.data(),
                    ends_.means + group_ * most_ * d_,
                    ends_.covariances + group_ * most_ * d_ * d_,
                    0.0,
                    0.0};
        Hill hill{};
        hill.n_features = d_;
        hill.structure = candidate.structure;
        write(hill, end.at, place);
        ends_.chosen[group_] = number;
        ends_.n_steps[group_] = end.n_steps;
        ends_.converged[group_] = end.converged;
        ends_.log_likelihood[group_] = end.height * total;
        ends_.bic[group_] = cost - 2.0 * end.height * total;
    }

    void equalise(std::int64_t k) const {
        std::fill_n(ends_.weights + group_ * most_, k, 1.0 / static_cast<double>(k));
    }

  private:
    const GroupEnds& ends_;
    std::int64_t group_, most_, d_;
};

}  // namespace

void fit_groups(const GroupedRows& of, const GroupCandidate* candidates, std::int64_t n_candidates,
                const GroupRule& rule, const GroupEnds& ends) {
    const std::int64_t d = of.n_features;
    std::int64_t most = 0;
    for (std::int64_t c = 0; c < n_candidates; ++c)
        most = std::max(most, candidates[c].n_components);
    GroupRows rows(d);
    for (std::int64_t g = 0; g < of.n_groups; ++g) {
        const Chosen chosen(ends, g, most, d);
        const bool sound = rows.take(of, g);
        chosen.count(rows.count());
        double least = infinity;
        std::optional<GroupEnd> before;  // of the candidate before
        for (std::int64_t c = 0; sound && c < n_candidates; ++c) {
            const GroupCandidate& candidate = candidates[c];
            if (!enough(candidate, rows.count(), d)) continue;
            const double p = n_parameters(candidate, d, rule.equal_weights);
            const double cost = p * (rule.by_rows ? std::log(rows.total()) : 2.0);
            const bool follows = before && c > 0 &&
                                 candidates[c - 1].structure == candidate.structure &&
                                 std::ssize(before->at.weight) == candidate.n_components - 1;
            GroupFitting fitting(rows, candidate, rule, d, 0.5 * (cost - least) / rows.total());
            before = fitting.best(of.seeds[g], follows ? &before->at : nullptr);
            if (!before || !(cost - 2.0 * before->height * rows.total() < least)) continue;
            least = cost - 2.0 * before->height * rows.total();
            chosen.take(c, candidate, *before, rows.total(), p * std::log(rows.total()));
            if (rule.equal_weights) chosen.equalise(candidate.n_components);
        }
    }
}

}  // namespace mixtura
