# cmake -D COMPILER=... -D FLAGS=... -D README=... -D PROGRAM=... -P readme_test.cmake
# The README's program prints what the README says: its cpp block, and the block that begins with the compiler's command.

file(READ "${README}" readme)
if(NOT readme MATCHES "\n```cpp\n([^`]*)```\n+```\n\\$ [^\n]*\n([^`]*)```\n")
  message(FATAL_ERROR "README.md has no cpp block followed by a block with a command and its output")
endif()
set(expected "${CMAKE_MATCH_2}")
file(WRITE "${PROGRAM}.cpp" "${CMAKE_MATCH_1}")
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND "${COMPILER}" "${PROGRAM}.cpp" ${FLAGS} -o "${PROGRAM}")
execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE output
  COMMAND "${PROGRAM}")
if(NOT output STREQUAL expected)
  message(FATAL_ERROR "README.md says\n${expected}\nand the program prints\n${output}")
endif()
