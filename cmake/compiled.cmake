# xent::compiled: what the headers compile for float, double and the 16-bit types in every unit that calls it, compiled once;
# static or shared as BUILD_SHARED_LIBS says. Built where a target links it. A program links either this or xent::xent.
file(GLOB xent_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*.cpp")
add_library(xent_compiled EXCLUDE_FROM_ALL ${xent_sources})
add_library(xent::compiled ALIAS xent_compiled)
target_link_libraries(xent_compiled PUBLIC xent)
target_compile_definitions(xent_compiled PUBLIC XENT_COMPILED)
set_target_properties(xent_compiled PROPERTIES
  UNITY_BUILD OFF # each source is the definition of what the others only declare
  EXPORT_NAME compiled
  OUTPUT_NAME xent
  POSITION_INDEPENDENT_CODE ON
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}) # while a minor version may change the ABI, that is before 1.0
