// What the parts of the binding share: arrays and their checks, and the interpreter's lock.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <chrono>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "mixtura/climb.hpp"
#include "mixtura/kernel.hpp"

namespace nb = nanobind;
using namespace nb::literals;

template <class T, class... Shape>
using Array = nb::ndarray<T, Shape..., nb::c_contig, nb::device::cpu>;
template <class T> using Vector = Array<T, nb::ndim<1>>;
template <class T> using Matrix = Array<T, nb::ndim<2>>;
template <class T> using Matrices = Array<T, nb::ndim<3>>;
template <class A> using Maybe = std::optional<A>;

using Shape = std::initializer_list<std::int64_t>;

// The interpreter's lock, given away for the length of a block.
//
// Until Python 3.14 a thread that asks an interpreter at its end for the lock is unwound, frame by
// frame; a destructor and the frames of the binding let nothing through, and the process would be
// aborted. A thread that nobody waits for any more waits here for the end of the process.
//
// A call that is over before another thread would have woken keeps it: who gives it away waits for
// it again, behind whoever took it.
class Released {
  public:
    Released() : state_(PyEval_SaveThread()) {}
    // For a pass over n rows, or one that takes as long.
    Released(std::int64_t n, std::int64_t n_components, std::int64_t n_features)
        : state_(takes(n, n_components, n_features) < brief ? nullptr : PyEval_SaveThread()) {}
    ~Released() {
        if (!state_) return;
        try {
            PyEval_RestoreThread(state_);
        } catch (...) {
            for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
        }
    }
    Released(const Released&) = delete;
    Released& operator=(const Released&) = delete;

  private:
    // Multiply-adds, a logarithm or an exponential as many; so many are some ten microseconds.
    static double takes(std::int64_t n, std::int64_t k, std::int64_t d) {
        return static_cast<double>(n) * static_cast<double>(k) * static_cast<double>(d * d + 16);
    }
    static constexpr double brief = 2e5;

    PyThreadState* state_;
};

inline std::string written(const std::int64_t* extents, std::size_t n) {
    std::string text = "(";
    for (std::size_t i = 0; i < n; ++i)
        text += std::to_string(extents[i]) + (i + 1 < n ? ", " : "");
    return text + (n == 1 ? ",)" : ")");
}

// The array's numbers; an error if its shape is another.
template <class A> auto* checked(const A& array, const char* name, Shape shape) {
    bool same = array.ndim() == shape.size();
    for (std::size_t i = 0; same && i < shape.size(); ++i)
        same = static_cast<std::int64_t>(array.shape(i)) == shape.begin()[i];
    if (!same) {
        const std::string found = written(array.shape_ptr(), array.ndim());
        const std::string wanted = written(shape.begin(), shape.size());
        throw nb::value_error((name + (" has shape " + found) + ", expected " + wanted).c_str());
    }
    return array.data();
}

template <class A> auto* checked(const Maybe<A>& array, const char* name, Shape shape) {
    return array ? checked(*array, name, shape) : nullptr;
}

// `second` may be the matrices, of `width` columns, or their diagonals.
inline double* checked_second(const Array<double>& second, std::int64_t k, std::int64_t d,
                              std::int64_t width) {
    return second.ndim() == 2 ? checked(second, "second", {k, d})
                              : checked(second, "second", {k, d, width});
}

inline mixtura::Structure structure_called(std::string_view letters) {
    for (std::size_t i = 0; i < std::size(mixtura::structure_names); ++i)
        if (letters == mixtura::structure_names[i]) return static_cast<mixtura::Structure>(i);
    throw nb::value_error("the structure is none of the fourteen");
}

inline const double* checked_whitening(const Array<const double>& whitening, mixtura::Form form,
                                       std::int64_t k, std::int64_t d, std::int64_t factors = 0) {
    switch (form) {
        case mixtura::Form::triangular: return checked(whitening, "whitening", {k, d, d});
        case mixtura::Form::shared_triangular: return checked(whitening, "whitening", {d, d});
        case mixtura::Form::diagonal: return checked(whitening, "whitening", {k, d});
        case mixtura::Form::spherical: return checked(whitening, "whitening", {k});
        case mixtura::Form::low_rank: return checked(whitening, "whitening", {k, d, factors + 1});
    }
    throw nb::value_error("form is none of the five");
}

inline mixtura::Components packed(int form_number, const Vector<const double>& constants,
                                  const Matrix<const double>& means,
                                  const Array<const double>& whitening, std::int64_t d) {
    const auto form = static_cast<mixtura::Form>(form_number);
    const auto k = static_cast<std::int64_t>(constants.shape(0));
    const bool low_rank = form == mixtura::Form::low_rank && whitening.ndim() == 3;
    const std::int64_t factors = low_rank ? static_cast<std::int64_t>(whitening.shape(2)) - 1 : 0;
    return {form,
            k,
            d,
            constants.data(),
            checked(means, "means", {k, d}),
            checked_whitening(whitening, form, k, d, factors),
            factors};
}

// The parts.
void bind_run(nb::module_& module);
void bind_search(nb::module_& module);
void bind_groups(nb::module_& module);
void bind_beliefs(nb::module_& module);
void bind_clusterings(nb::module_& module);
void bind_truncated(nb::module_& module);
void bind_tree(nb::module_& module);
