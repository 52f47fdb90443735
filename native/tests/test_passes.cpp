// Passes over the same rows give what a pass gives, to the last bit, however many came before.
#include "answer.hpp"
#include "mixtura/passes.hpp"

namespace {

void check(Form form, std::int64_t m, std::int64_t d, std::int64_t k, bool weighted) {
    const Case<double> it(form, m, d, k);
    const Case<double> other(form, m, d, k, 3.0, 1.0);
    it.announce(weighted ? ", passes, weighted" : ", passes");
    for (const bool diagonal : {false, true}) {
        const auto passes = mixtura::passes(
            form, it.rows.data(), weighted ? it.weights.data() : nullptr, m, k, d, diagonal);
        const auto agree = [&](const Case<double>& with) {
            Answer found(m, d, k, diagonal), expected(m, d, k, diagonal);
            found.total.data()[0] = passes->over(with.components(), found.weight.data(),
                                                 found.first.data(), found.second.data());
            Results sums{};
            sums.weight = expected.weight.data();
            sums.first = expected.first.data();
            sums.second = expected.second.data();
            sums.diagonal = diagonal;
            sums.total = expected.total.data();
            mixtura::pass(with.components(), Posterior::soft, it.rows.data(),
                          weighted ? it.weights.data() : nullptr, m, sums);
            CHECK(found.intact());
            CHECK(found.same_sums(expected));
        };
        agree(it);
        agree(other);
        agree(it);
    }
}

}  // namespace

int main() {
    for (const char* name : usable_instruction_sets()) {
        mixtura::use_instruction_set(name);
        for (const Form form : forms)
            for (const std::int64_t d : {1, 2, 5, 8, 9, 33})
                for (const std::int64_t m : {1, 9, 288, 2000})
                    for (const bool weighted : {false, true}) check(form, m, d, 4, weighted);
    }
    return failures != 0;
}
