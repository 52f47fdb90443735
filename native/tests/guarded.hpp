// Guarded: an output array that tells whether anything beside it was written.
#pragma once

#include <cstring>
#include <limits>
#include <vector>

template <class T> class Guarded {
  public:
    // `n` values that nobody has computed: NaN, or −1 for labels. The odd offset of the first one
    // is no register's alignment.
    explicit Guarded(std::int64_t n)
        : n_(static_cast<std::size_t>(n)), bytes_(n_ * sizeof(T) + 2 * guard, mark) {
        const T unset =
            std::numeric_limits<T>::has_quiet_NaN ? std::numeric_limits<T>::quiet_NaN() : T(-1);
        std::fill_n(data(), n_, unset);
    }
    T* data() { return reinterpret_cast<T*>(bytes_.data() + guard); }
    const T* data() const { return reinterpret_cast<const T*>(bytes_.data() + guard); }
    const T& operator[](std::int64_t i) const { return data()[i]; }
    std::int64_t size() const { return static_cast<std::int64_t>(n_); }

    bool intact() const {
        for (std::size_t i = 0; i < guard; ++i)
            if (bytes_[i] != mark || bytes_[bytes_.size() - 1 - i] != mark) return false;
        return true;
    }
    bool same_bits(const Guarded& other) const { return same_bits(other, size()); }
    // Of the first `n` values.
    bool same_bits(const Guarded& other, std::int64_t n) const {
        return std::memcmp(data(), other.data(), static_cast<std::size_t>(n) * sizeof(T)) == 0;
    }

  private:
    static constexpr std::size_t guard = 136;
    static constexpr unsigned char mark = 0xa5;
    std::size_t n_;
    std::vector<unsigned char> bytes_;
};
