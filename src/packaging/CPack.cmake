# Read by cpack once for each kind of package: which files go into it, and what must hold before it is made.

# One component at a time, even for the archive: the installation of all of them would overwrite install_manifest.txt, and
# `uninstall` would then remove what was packed in place of what was installed.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(components program debian)
else()
  set(components program plain)
endif()
set(projects "")
list(GET CPACK_INSTALL_CMAKE_PROJECTS 0 build)
foreach(component IN LISTS components)
  list(APPEND projects ${build} ${CPACK_PACKAGE_NAME} ${component} /)
endforeach()
set(CPACK_INSTALL_CMAKE_PROJECTS ${projects})

if(CPACK_GENERATOR STREQUAL "DEB")
  # Without these, cpack says so in passing and makes a package without its dependencies.
  foreach(tool dpkg-shlibdeps file)
    find_program(found_${tool} ${tool})
    if(NOT found_${tool})
      message(FATAL_ERROR "${tool} is missing (Debian has it in the packages dpkg-dev and file); without it: cpack -G TGZ")
    endif()
  endforeach()

  file(STRINGS "${CPACK_CONC_BENCH_CHANGELOG}" newest LIMIT_COUNT 1)
  if(NOT newest MATCHES "^${CPACK_PACKAGE_NAME} \\(([^)]+)\\) " OR NOT CMAKE_MATCH_1 STREQUAL CPACK_PACKAGE_VERSION)
    message(FATAL_ERROR "the newest entry of ${CPACK_CONC_BENCH_CHANGELOG} is not about version ${CPACK_PACKAGE_VERSION}")
  endif()
endif()
