# cmake -D PROGRAM=... -D INSTRUCTION_SET=avx512 -D FILE=digests_kernels.txt -P compare.cmake
#
# PROGRAM, with XENT_SIMD=INSTRUCTION_SET, must print the digests that are in FILE. A change that means to change bits
# makes the files again, on a machine that has AVX2, from the test preset (no flags but -O2):
#
#   XENT_SIMD=avx2 build/test/tests/digests/digests > tests/data/digests_kernels.txt
#   XENT_SIMD=portable build/test/tests/digests/digests > tests/data/digests_portable.txt
#
# and their diff says which results it has changed.
#
# What other machines and flags compute otherwise is not compared: names with libm/ and eigen/, and all of the portable path,
# where the exponentials and logarithms of the C library have other last digits (the line `libm`); names with eigen/, and all
# of the portable path, where the compiler may fuse products and sums (-march=native); names with eigen/ and the signs of
# zeros under -ffast-math.

cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND "${CMAKE_COMMAND}" -E env "XENT_SIMD=${INSTRUCTION_SET}" "${PROGRAM}"
  OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM}: ${result}")
endif()
if(NOT output MATCHES "# instruction set ${INSTRUCTION_SET}\n")
  message("skipped: this machine does not have ${INSTRUCTION_SET}")
  return()
endif()
string(FIND "${output}" "# the compiler may fuse" fused)
string(FIND "${output}" "# -ffast-math" fast_math)
file(READ "${FILE}" expected)
string(REGEX MATCH "^libm [0-9a-f]+" libm "${output}")
string(REGEX MATCH "^libm [0-9a-f]+" expected_libm "${expected}")

set(left_out "")
if(NOT fused EQUAL -1)
  list(APPEND left_out "eigen/")
endif()
if(NOT libm STREQUAL expected_libm)
  list(APPEND left_out "eigen/" "libm/")
endif()
if(left_out AND INSTRUCTION_SET STREQUAL "portable")
  message("skipped: this C library, or these flags, compute other numbers (${left_out})")
  return()
endif()

if(NOT fast_math EQUAL -1)
  list(APPEND left_out "eigen/")
endif()

# The names in a text, with digest_<set>_<name>; less what is left out.
function(read_digests set text)
  string(REGEX MATCHALL "[^\n ]+ [0-9a-f]+\n" lines "${text}")
  set(names "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([^ /]+/?)[^ ]* " name "${line}")
    if(CMAKE_MATCH_1 STREQUAL "libm" OR CMAKE_MATCH_1 IN_LIST left_out)
      continue()
    elseif(NOT fast_math EQUAL -1 AND name MATCHES "/signs_of_zeros $")
      continue()
    endif()
    string(STRIP "${name}" name)
    string(REGEX MATCH "[0-9a-f]+\n$" digest "${line}")
    list(APPEND names "${name}")
    set(digest_${set}_${name} "${digest}" PARENT_SCOPE)
  endforeach()
  set(names_${set} "${names}" PARENT_SCOPE)
endfunction()
read_digests(expected "${expected}")
read_digests(now "${output}")

set(differences "")
foreach(name IN LISTS names_expected)
  if(NOT DEFINED digest_now_${name})
    list(APPEND differences "missing: ${name}")
  elseif(NOT digest_now_${name} STREQUAL digest_expected_${name})
    list(APPEND differences "differs: ${name}")
  endif()
endforeach()
foreach(name IN LISTS names_now)
  if(NOT DEFINED digest_expected_${name})
    list(APPEND differences "new: ${name}")
  endif()
endforeach()

list(LENGTH names_now count)
list(LENGTH differences different)
if(different EQUAL 0 AND count GREATER 0)
  message("${count} digests are those of ${FILE}; left out: ${left_out}")
  return()
endif()
list(SUBLIST differences 0 20 first)
list(JOIN first "\n" first)
message(FATAL_ERROR "${different} of ${count} digests are not those of ${FILE}:\n${first}")
