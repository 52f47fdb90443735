# A compiler that can build the core, or one sentence that says what is missing.

function(mixtura_needs what)
  message(FATAL_ERROR
    "mixtura's native kernel needs ${what}; or set MIXTURA_PURE_PYTHON=1 to install the "
    "pure-Python kernel on purpose, which gives the same answers more slowly.")
endfunction()

if(NOT CMAKE_CXX_COMPILER_LOADED)
  include(CheckLanguage)
  check_language(CXX)
  if(NOT CMAKE_CXX_COMPILER)
    mixtura_needs("a C++20 compiler, and none was found: install GCC, Clang or, on Windows, clang-cl")
  endif()
  enable_language(CXX)
endif()

# The kernel is written in the vector types that GCC and Clang share.
set(found "found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang|IntelLLVM")
  mixtura_needs("GCC, Clang or, on Windows, clang-cl to compile it, and ${found}")
elseif(NOT cxx_std_20 IN_LIST CMAKE_CXX_COMPILE_FEATURES
    OR (CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 11)
    OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14))
  mixtura_needs("a compiler of C++20, at least GCC 11 or Clang 14, and ${found}")
endif()

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
