# Eigen3::Eigen, 3.4 or later: the one that the parent project already has, else an installed one, else, if XENT_FETCH_EIGEN
# asks for it, the pinned sources from the net.

if(TARGET Eigen3::Eigen)
  return()
endif()

# No version is asked for: the package of Eigen 5 refuses a request for 3.4, that of 3.4 a range up to 5, and asking for one
# after the other would pass over the Eigen that the user put first.
find_package(Eigen3 CONFIG QUIET)
if(Eigen3_FOUND)
  if(Eigen3_VERSION VERSION_LESS 3.4)
    message(FATAL_ERROR "xent needs Eigen 3.4 or later, but Eigen ${Eigen3_VERSION} was found in ${Eigen3_DIR}. "
      "Set Eigen3_DIR to a later one, or download one by "
      "-D CMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON -D XENT_FETCH_EIGEN=ON.")
  endif()
  get_target_property(imported Eigen3::Eigen IMPORTED)
  if(imported)
    # So that the project that adds xent, and what it adds next, use the same Eigen instead of looking for another.
    set_target_properties(Eigen3::Eigen PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
  return()
endif()

option(XENT_FETCH_EIGEN "Download Eigen, since none is installed" OFF)
if(NOT XENT_FETCH_EIGEN AND NOT FETCHCONTENT_SOURCE_DIR_EIGEN3)
  message(FATAL_ERROR "xent needs Eigen 3.4 or later, and there is none. Install it (Debian and Ubuntu: libeigen3-dev), say "
    "where it is by -D Eigen3_DIR=<directory of Eigen3Config.cmake>, or have it downloaded by -D XENT_FETCH_EIGEN=ON.")
endif()

include(FetchContent)
FetchContent_Declare(Eigen3
  URL https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz
  URL_HASH SHA256=8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72
  SOURCE_SUBDIR headers-only # does not exist, so that none of Eigen's own targets, tests and options come along
)
FetchContent_MakeAvailable(Eigen3)
if(NOT TARGET Eigen3::Eigen) # a parent that declared Eigen3 before has its own way to make the target
  add_library(Eigen3::Eigen INTERFACE IMPORTED GLOBAL)
  target_include_directories(Eigen3::Eigen INTERFACE "${eigen3_SOURCE_DIR}")
endif()
