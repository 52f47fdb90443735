// Every instruction set that the machine has gives the answers of the narrowest, and none is in
// use but by its name.
#include <cstring>
#include <string>

#include "answer.hpp"

namespace {

bool alike(const Guarded<double>& a, const Guarded<double>& b) {
    double scale = 1.0;
    for (std::int64_t i = 0; i < b.size(); ++i) scale = std::max(scale, std::abs(b[i]));
    for (std::int64_t i = 0; i < b.size(); ++i)
        if (!close(a[i], b[i], scale)) return false;
    return true;
}

void compare(const Case<double>& it, Posterior posterior, const char* narrowest, const char* name) {
    const bool diagonal = !is_triangular(it.form);
    CHECK(mixtura::use_instruction_set(narrowest));
    const Answer expected = answer(it, it.m, posterior, true, diagonal);
    CHECK(mixtura::use_instruction_set(name));
    it.announce();
    const Answer found = answer(it, it.m, posterior, true, diagonal);
    CHECK(alike(found.squared_distances, expected.squared_distances));
    CHECK(alike(found.log_joint, expected.log_joint));
    CHECK(found.labels.same_bits(expected.labels));
    CHECK(alike(found.weight, expected.weight));
    CHECK(alike(found.first, expected.first));
    CHECK(alike(found.second, expected.second));
    CHECK(alike(found.total, expected.total));
    if (posterior == Posterior::hard) return;
    CHECK(alike(found.log_likelihood, expected.log_likelihood));
    CHECK(alike(found.responsibilities, expected.responsibilities));
}

}  // namespace

int main() {
    const std::string widest = mixtura::instruction_set();
    CHECK(!mixtura::use_instruction_set("abacus"));
    CHECK(mixtura::instruction_set() == widest);
    const auto usable = usable_instruction_sets();
    CHECK(!usable.empty() && usable.back() == widest);
    for (const char* name : usable) {
        CHECK(mixtura::use_instruction_set(name));
        CHECK(std::strcmp(mixtura::instruction_set(), name) == 0);
        std::printf("%s\n", name);
        for (const Form form : forms)
            for (const std::int64_t d : {1, 2, 3, 5, 8, 9, 13, 17, 31, 33, 64, 70})
                for (const std::int64_t m : {0, 1, 7, 8, 9, 33, 700})
                    for (const Posterior posterior : {Posterior::soft, Posterior::hard})
                        compare(Case<double>(form, m, d, 3), posterior, usable.front(), name);
    }
    return failures != 0;
}
