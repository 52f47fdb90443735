// What a pass is asked for besides does not change what it gives: each result alone has the same
// bits as all together, and a null pointer is left alone.
#include <functional>

#include "answer.hpp"

namespace {

using Ask = std::function<void(Results&, const Results&)>;

const Ask soft_requests[] = {
    [](Results& ask, const Results& all) { ask.squared_distances = all.squared_distances; },
    [](Results& ask, const Results& all) { ask.log_joint = all.log_joint; },
    [](Results& ask, const Results& all) { ask.log_likelihood = all.log_likelihood; },
    [](Results& ask, const Results& all) { ask.responsibilities = all.responsibilities; },
    [](Results& ask, const Results& all) { ask.labels = all.labels; },
};

void ask_for_sums(Results& ask, const Results& all) {
    ask.weight = all.weight;
    ask.first = all.first;
    ask.second = all.second;
    ask.total = all.total;
}

template <class S> void check(Form form, std::int64_t d) {
    const Case<S> it(form, 77, d, 5);
    it.announce();
    for (const bool diagonal : {false, true})
        for (const Posterior posterior : {Posterior::soft, Posterior::hard}) {
            const bool soft = posterior == Posterior::soft;
            const Answer together = answer(it, it.m, posterior, true, diagonal);
            Answer apart(it.m, d, it.k, diagonal);
            const Results all = apart.everything(posterior);
            const auto pass = [&](const Ask& choose) {
                Results asked{};
                asked.diagonal = diagonal;
                choose(asked, all);
                mixtura::pass(it.components(), posterior, it.rows.data(), it.weights.data(), it.m,
                              asked);
            };
            for (const Ask& choose : soft_requests) pass(choose);
            pass(ask_for_sums);
            CHECK(apart.intact());
            CHECK(apart.squared_distances.same_bits(together.squared_distances));
            CHECK(apart.log_joint.same_bits(together.log_joint));
            CHECK(apart.labels.same_bits(together.labels));
            CHECK(apart.same_sums(together));
            if (soft) {
                CHECK(apart.log_likelihood.same_bits(together.log_likelihood));
                CHECK(apart.responsibilities.same_bits(together.responsibilities));
            }
            pass([](Results&, const Results&) {});
        }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const Form form : forms)
            for (const std::int64_t d : {1, 2, 4, 5, 9, 33}) {
                check<double>(form, d);
                check<float>(form, d);
            }
    }
    return failures != 0;
}
