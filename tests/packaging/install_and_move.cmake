# cmake -D BUILD=... -D PREFIX=... -P install_and_move.cmake
# Installs BUILD and moves the tree to PREFIX: nothing in it may remember where it was first.

unset(ENV{DESTDIR})
file(REMOVE_RECURSE "${PREFIX}" "${PREFIX}.first")
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX}.first")
file(RENAME "${PREFIX}.first" "${PREFIX}")

file(GLOB_RECURSE files RELATIVE "${PREFIX}" "${PREFIX}/*")
foreach(file IN LISTS files)
  if(NOT file MATCHES "^(include/xent/.*|share/cmake/xent/xent[A-Za-z-]+\\.cmake|share/pkgconfig/xent\\.pc)$" AND
      NOT file MATCHES "^lib[^/]*/(libxent\\.(a|so.*)|.*/libxent\\.(a|so.*)|(.*/)?pkgconfig/xent-compiled\\.pc)$")
    message(FATAL_ERROR "Why is ${file} installed?")
  endif()
endforeach()
