// SIM_CHECK: an invariant of the program, always on. A broken one is a bug of ours, never of an
// input: it prints where and what, then aborts so that a debugger or core file is useful (2.8).
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>

#define SIM_CHECK(condition, ...)                                                             \
  do {                                                                                        \
    if (!(condition)) [[unlikely]] {                                                          \
      fmt::print(stderr, "{}:{}: broken invariant: {}: {}\n", __FILE__, __LINE__, #condition, \
                 fmt::format(__VA_ARGS__));                                                   \
      std::abort();                                                                           \
    }                                                                                         \
  } while (false)
