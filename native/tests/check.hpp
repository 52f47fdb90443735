// What a test program needs: CHECK(condition), and its verdict as the exit code.
#pragma once

#include <cmath>
#include <cstdio>

inline int failures = 0;
inline char about[200] = "";  // what is being tried, for the message

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition) && ++failures <= 20)                                                      \
            std::printf("%s:%d: not so: %s  %s\n", __FILE__, __LINE__, #condition, about);         \
    } while (false)

// Whether a and b are the same to `tolerance`, relative to `scale`.
inline bool close(double a, double b, double scale, double tolerance = 1e-12) {
    return a == b || std::abs(a - b) <= tolerance * scale;
}
