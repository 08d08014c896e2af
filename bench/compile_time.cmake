# Prints how long COMPILER takes with FLAGS for a unit of one line that includes Eigen/Core, and for one that includes
# xent.hpp: in turn, the shortest of several times, because a busy machine only ever adds to them.
cmake_minimum_required(VERSION 3.23) # microseconds

set(rounds 5)
set(headers Eigen/Core xent/xent.hpp)
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER "${header}" name)
  set(unit_${header} "${DIRECTORY}/${name}.cpp")
  file(WRITE "${unit_${header}}" "#include <${header}>\n")
  set(best_${header} 1000000000)
endforeach()

foreach(round RANGE 1 ${rounds})
  foreach(header IN LISTS headers)
    string(TIMESTAMP start "%s%f")
    execute_process(COMMAND "${COMPILER}" "${FLAGS}" -c "${unit_${header}}" -o "${DIRECTORY}/unit.o"
      COMMAND_ERROR_IS_FATAL ANY)
    string(TIMESTAMP end "%s%f")
    math(EXPR time "${end} - ${start}")
    if(time LESS best_${header})
      set(best_${header} ${time})
    endif()
  endforeach()
endforeach()

math(EXPR added "${best_xent/xent.hpp} - ${best_Eigen/Core}")
foreach(line "Eigen/Core;${best_Eigen/Core}" "xent/xent.hpp;${best_xent/xent.hpp}" "difference;${added}")
  list(GET line 0 what)
  list(GET line 1 microseconds)
  math(EXPR milliseconds "${microseconds} / 1000")
  message("${what}: ${milliseconds} ms")
endforeach()
