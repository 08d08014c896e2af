# What train_digits promises to the person who runs it: its output in a file and on a terminal, its exit status, and one
# clear line for each thing that can be wrong with its input.
#
#   cmake -DPROGRAM=.../train_digits -DDATA=.../examples/data/digits.csv -DWORK_DIR=... -P train_digits_cli.cmake
cmake_minimum_required(VERSION 3.16)

file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
set(failures 0)

function(fail sentence)
  message("FAILED: ${sentence}\n  status: ${status}\n  stdout: ${out}\n  stderr: ${err}")
  math(EXPR count "${failures} + 1")
  set(failures ${count} PARENT_SCOPE)
endfunction()

# Runs the program in WORK_DIR and sets status, out and err.
macro(run)
  execute_process(
    COMMAND "${PROGRAM}" ${ARGN}
    WORKING_DIRECTORY "${WORK_DIR}"
    RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
endmacro()

# The last run ended with status 1 and said `sentence` (a part of one line) on stderr, and nothing else there.
macro(expect_refusal sentence)
  string(FIND "${err}" "${sentence}" found)
  string(REGEX MATCHALL "\n" line_ends "${err}")
  list(LENGTH line_ends lines)
  if(NOT status EQUAL 1 OR found EQUAL -1 OR NOT lines EQUAL 1 OR NOT err MATCHES "^train_digits: ")
    fail("expected status 1 and one line with: ${sentence}")
  endif()
endmacro()

# Writes `text` to a file and expects the program to refuse it, naming file, line and reason.
macro(expect_refused_data name text sentence)
  file(WRITE "${WORK_DIR}/${name}" "${text}")
  run(--data ${name} --epochs 1)
  expect_refusal("${name}:${sentence}")
endmacro()

# The main job, with its standard output not a terminal.
run(--data "${DATA}")
set(first_out "${out}")
if(NOT status EQUAL 0 OR NOT err STREQUAL "")
  fail("the main job must succeed and be silent on stderr")
endif()
if(NOT out MATCHES "\ntest accuracy 0\\.9[0-9][0-9]\n")
  fail("the accuracy must stand on a line of its own and be at least 0.90")
endif()
string(ASCII 8 9 13 27 control)
if(out MATCHES "[${control}]" OR out MATCHES "#")
  fail("a file must get neither control characters nor a progress bar")
endif()
string(REGEX MATCHALL "\n +[0-9]+( +[0-9]+\\.[0-9]+ +[0-9]+\\.[0-9]+ +[0-9]+\\.[0-9]+ +[0-9]+\\.[0-9]+ +[0-9]+)" epochs "${out}")
list(LENGTH epochs count)
if(NOT count EQUAL 40)
  fail("expected one line an epoch, 40 in all, got ${count}")
endif()
string(REGEX MATCHALL "\n +[0-9] \\|( +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+)"
       rows "${out}")
list(LENGTH rows count)
if(NOT count EQUAL 10)
  fail("expected a confusion matrix of ten rows and ten columns, got ${count} rows")
endif()
if(NOT out MATCHES "largest relative difference [0-9.]+e-")
  fail("the gradient must be compared with finite differences")
endif()

# The picture: ten images of 64 pixels, well-formed as far as a text search can tell, closed at the end.
file(READ "${WORK_DIR}/train_digits.svg" svg)
string(REGEX MATCHALL "width=\"14\" height=\"14\" fill=\"#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]\"/>" pixels "${svg}")
list(LENGTH pixels count)
if(NOT count EQUAL 640 OR NOT svg MATCHES "^<\\?xml " OR NOT svg MATCHES "</svg>\n$")
  fail("expected an SVG with 640 pixels, got ${count}")
endif()
find_program(XMLLINT xmllint)
if(XMLLINT)
  execute_process(COMMAND "${XMLLINT}" --noout "${WORK_DIR}/train_digits.svg" RESULT_VARIABLE status ERROR_VARIABLE err)
  if(NOT status EQUAL 0)
    fail("xmllint refuses the SVG")
  endif()
endif()

# Once more: the same numbers and the same picture. Another seed: another order of the images, so other losses.
run(--data "${DATA}" --svg again.svg)
file(READ "${WORK_DIR}/again.svg" second_svg)
string(REPLACE "again.svg" "train_digits.svg" out "${out}")
if(NOT out STREQUAL first_out OR NOT second_svg STREQUAL svg)
  fail("two runs must give the same result")
endif()
run(--data=${DATA} --seed=2)
string(REGEX REPLACE ".*\nepoch" "" losses "${out}")
string(REGEX REPLACE ".*\nepoch" "" first_losses "${first_out}")
if(NOT status EQUAL 0 OR losses STREQUAL first_losses)
  fail("--seed must change the result")
endif()
run(--data "${DATA}" --epochs 2 --batch 5000 --rate 0.5 --momentum 0)
if(NOT status EQUAL 0 OR NOT out MATCHES "\n +2  " OR out MATCHES "\n +3  ")
  fail("a batch may be larger than the training set, and --epochs must be obeyed")
endif()

# A terminal gets a bar that is redrawn in place and is gone in the end. `script` of util-linux brings the terminal.
find_program(SCRIPT script)
if(SCRIPT AND CMAKE_HOST_SYSTEM_NAME STREQUAL "Linux")
  execute_process(
    COMMAND "${SCRIPT}" -qec "'${PROGRAM}' --data '${DATA}' --epochs 2" /dev/null
    WORKING_DIRECTORY "${WORK_DIR}"
    INPUT_FILE /dev/null
    RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT status EQUAL 0 OR NOT out MATCHES "\r\\[#+\\.+\\]  50%" OR NOT out MATCHES "#\\] 100%\r +\r+\ntest accuracy")
    fail("a terminal must see the progress bar, and must not keep it")
  endif()
endif()

# Help.
run(--help)
foreach(option data epochs batch rate momentum seed svg help)
  if(NOT status EQUAL 0 OR NOT err STREQUAL "" OR NOT out MATCHES "--${option}")
    fail("--help must explain --${option} and succeed")
  endif()
endforeach()

# Options.
run(--speed 3)
expect_refusal("unknown option '--speed'")
run(digits.csv)
expect_refusal("unexpected argument 'digits.csv'")
run(--epochs)
expect_refusal("--epochs: its value is missing")
foreach(value 0 -1 x 2x 1.5 99999999999999999999999 "")
  run(--epochs=${value})
  expect_refusal("--epochs: expected an integer from 1 to 100000, got '${value}'")
  run(--batch=${value})
  expect_refusal("--batch: expected an integer from 1 to 100000, got '${value}'")
endforeach()
foreach(value 0 -0.1 nan inf 1e999 0x1 "0.1 " "")
  run("--rate=${value}")
  expect_refusal("--rate: expected a number from 1e-06 to 100, got '${value}'")
endforeach()
run(--momentum 1)
expect_refusal("--momentum: expected a number from 0 to 0.999, got '1'")
run(--seed -1)
expect_refusal("--seed: expected an integer from 0 to 18446744073709551615, got '-1'")

# Files.
run(--data missing.csv)
expect_refusal("missing.csv: cannot open: No such file or directory")
run(--data .)
expect_refusal(".: cannot read")
run(--data "${DATA}" --epochs 1 --svg no/such/directory.svg)
expect_refusal("no/such/directory.svg: cannot open for writing: No such file or directory")
if(EXISTS /dev/full)
  run(--data "${DATA}" --epochs 1 --svg /dev/full)
  expect_refusal("/dev/full: cannot write: No space left on device")
endif()

# Data. A good line, and what can be wrong with the one after it.
set(pixels "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0")
set(pixels "${pixels},0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,")
set(good "${pixels}0,9\n")
expect_refused_data(empty.csv "" "1: the file is empty")
expect_refused_data(short_file.csv "${good}${good}" "2: the file ends here")
expect_refused_data(short_line.csv "${good}1,2,3\n" "2: expected 65 integers (64 pixels, then the digit), got 3")
expect_refused_data(long_line.csv "${good}${pixels}0,9,1\n" "2: expected 65 integers (64 pixels, then the digit), got 66")
expect_refused_data(blank_line.csv "${good}\n${good}" "2: expected 65 integers (64 pixels, then the digit), got 0")
expect_refused_data(comma.csv "${good}${pixels}0,9,\n" "2: expected 65 integers (64 pixels, then the digit), got 66")
expect_refused_data(word.csv "${good}${pixels}ink,9\n" "2: pixel 64 must be an integer from 0 to 16, got 'ink'")
expect_refused_data(gap.csv "${good}${pixels},9\n" "2: pixel 64 must be an integer from 0 to 16, got ''")
expect_refused_data(fraction.csv "${good}${pixels}1.5,9\n" "2: pixel 64 must be an integer from 0 to 16, got '1.5'")
expect_refused_data(bright.csv "${good}${pixels}17,9\n" "2: pixel 64 must be an integer from 0 to 16, got '17'")
expect_refused_data(negative.csv "${good}${pixels}-1,9\n" "2: pixel 64 must be an integer from 0 to 16, got '-1'")
expect_refused_data(label.csv "${good}${pixels}0,12\n" "2: the digit must be an integer from 0 to 9, got '12'")
expect_refused_data(huge.csv "${good}${pixels}0,99999999999\n" "2: the digit must be an integer from 0 to 9, got '99999999999'")
expect_refused_data(control.csv "${good}${pixels}0,\t9\n" "2: the digit must be an integer from 0 to 9, got '?9'")

# Line ends of Windows, and a last line without one, are fine.
file(READ "${DATA}" text)
string(REPLACE "\n" "\r\n" text "${text}")
string(REGEX REPLACE "\r\n$" "" text "${text}")
file(WRITE "${WORK_DIR}/crlf.csv" "${text}")
run(--data crlf.csv)
if(NOT out STREQUAL first_out)
  fail("a file with CRLF line ends must give the same result")
endif()

# Blank images teach nothing: all weights stay 0, and nothing may be divided by the largest of them.
set(text "")
foreach(i RANGE 1 361)
  string(APPEND text "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
         "0,0,0,0,0,0,0,3\n")
endforeach()
file(WRITE "${WORK_DIR}/blank.csv" "${text}")
run(--data blank.csv --epochs 1 --svg blank.svg)
file(READ "${WORK_DIR}/blank.svg" svg)
string(REGEX MATCHALL "width=\"14\" height=\"14\" fill=\"#f7f7f7\"/>" pixels "${svg}")
list(LENGTH pixels count)
if(NOT status EQUAL 0 OR NOT count EQUAL 640 OR NOT out MATCHES "\ntest accuracy 1\\.000\n")
  fail("blank images must be accepted")
endif()

if(failures GREATER 0)
  message(FATAL_ERROR "${failures} expectations failed")
endif()
