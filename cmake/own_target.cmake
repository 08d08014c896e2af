# xent_own_target(target): links xent::xent and turns on the warnings that xent's tests, benchmarks and examples are held
# to. They are private to those targets: a program that uses xent keeps its own.
#
# xent::xent is a target of this build, so its headers are no system headers here and their warnings count. CMake older
# than 3.24 does not know COMPILE_WARNING_AS_ERROR and only prints them. Whoever builds the tests with a compiler that
# warns of something new passes --compile-no-warning-as-error to cmake.
function(xent_own_target target)
  target_link_libraries(${target} PRIVATE xent::xent)
  xent_own_warnings(${target})
endfunction()

function(xent_own_warnings target)
  set_target_properties(${target} PROPERTIES COMPILE_WARNING_AS_ERROR ON)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  endif()
endfunction()
