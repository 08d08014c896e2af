# cmake -D SOURCE=... -D BINARY=... -D GENERATOR=... -D TOOLS=... -D OPTIONS=... -P build_consumer.cmake
# Configures, builds and tests the project SOURCE in a new BINARY. Its own test must be the only one there.

file(REMOVE_RECURSE "${BINARY}")
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND "${CMAKE_COMMAND}" -G "${GENERATOR}" -C "${TOOLS}" -S "${SOURCE}" -B "${BINARY}" ${OPTIONS})
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND "${CMAKE_COMMAND}" --build "${BINARY}")
execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE output ECHO_OUTPUT_VARIABLE
  COMMAND "${CMAKE_CTEST_COMMAND}" --test-dir "${BINARY}" --output-on-failure)
if(NOT output MATCHES "100% tests passed, 0 tests failed out of 1\n")
  message(FATAL_ERROR "The consumer has one test; CTest ran another number.")
endif()
