# cmake -D COMPILER=... -D FLAGS=... -D EIGEN=... -D SOURCE=misuse/<name>.cpp -P misuse_test.cmake
#
# SOURCE begins with comment lines:
#   // expect: <words that the compiler must print>      once or more; the first in its first error or the line after it
#   // flags: <flags for the compiler>                   optional
# It must fail to compile with all the expected words in the output. With XENT_MISUSE_FIXED defined, and the same flags, it
# must compile: the misuse alone makes it fail.

function(read_comments tag result)
  file(STRINGS "${SOURCE}" lines REGEX "^// ${tag}: ")
  list(TRANSFORM lines REPLACE "^// ${tag}: " "")
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

function(compile result output)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env LC_ALL=C "${COMPILER}" ${FLAGS} ${EIGEN} ${flags} -fsyntax-only ${ARGN} "${SOURCE}"
    RESULT_VARIABLE exit_code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  string(REPLACE "\\\"" "\"" text "${text}") # clang 14 prints quotes in a static_assert as the source has them
  set(${result} "${exit_code}" PARENT_SCOPE)
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

read_comments(expect expected)
read_comments(flags flags)
separate_arguments(flags)
if(flags)
  set(EIGEN "") # was read with others
endif()
if(NOT expected)
  message(FATAL_ERROR "${SOURCE} has no line '// expect: <words that the compiler must print>'")
endif()

compile(exit_code output)
if(exit_code EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, but should not")
endif()
string(REGEX MATCH "[^\n]* error: [^\n]*\n?[^\n]*" first_error "${output}")
list(GET expected 0 words)
string(FIND "${first_error}" "${words}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "The first error should be\n  ${words}\nbut is\n${first_error}\nof\n${output}")
endif()
foreach(words IN LISTS expected)
  string(FIND "${output}" "${words}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "The compiler should print\n  ${words}\nbut prints\n${output}")
  endif()
endforeach()

compile(exit_code output -DXENT_MISUSE_FIXED)
if(NOT exit_code EQUAL 0)
  message(FATAL_ERROR "With XENT_MISUSE_FIXED defined it should compile, but the compiler prints\n${output}")
endif()
