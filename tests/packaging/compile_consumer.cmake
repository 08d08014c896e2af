# cmake -D COMPILER=... -D FLAGS=... [-D PKG_CONFIG=... -D PACKAGE=...] -D PROGRAM=... -P compile_consumer.cmake
# Compiles consumer.cpp by one command line and runs it. PKG_CONFIG, if given, is asked for the flags of the package.

set(package_flags "")
if(PKG_CONFIG)
  execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE package_flags
    COMMAND "${PKG_CONFIG}" --cflags --libs "${PACKAGE}")
endif()
separate_arguments(flags UNIX_COMMAND "${FLAGS} ${package_flags}")
execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND_ECHO STDOUT
  COMMAND "${COMPILER}" "${CMAKE_CURRENT_LIST_DIR}/consumer.cpp" ${flags} -o "${PROGRAM}")
execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND "${PROGRAM}")
