# Removes what the last `cmake --install` put in place: every file its manifest names, then those of the program's own
# folders that this leaves empty. DESTDIR is honoured as by the installation.
#   cmake -DMANIFEST=FILE -DFOLDERS=FOLDER,... -P uninstall.cmake
# FOLDERS are the program's own, below the prefix; folders shared with others, such as bin, stay.

if(NOT EXISTS "${MANIFEST}")
  message(FATAL_ERROR "nothing to uninstall: there is no ${MANIFEST}, which cmake --install writes")
endif()
file(READ "${MANIFEST}" files)
string(REGEX REPLACE "[\r\n]+" ";" files "${files}")
list(REMOVE_ITEM files "")
string(REPLACE "," ";" own_folders "${FOLDERS}")

# A folder and those above it up to the program's own: share/doc/conc-bench/modes, share/doc/conc-bench.
function(list_own_folders folder result)
  set(found "")
  foreach(own IN LISTS own_folders)
    cmake_path(ABSOLUTE_PATH own BASE_DIRECTORY / NORMALIZE OUTPUT_VARIABLE own)
    set(this "${folder}")
    string(FIND "${this}/" "${own}/" at)
    while(NOT at EQUAL -1)
      list(APPEND found "${this}")
      cmake_path(GET this PARENT_PATH this)
      string(FIND "${this}/" "${own}/" at)
    endwhile()
  endforeach()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

set(folders "")
foreach(file IN LISTS files)
  set(path "$ENV{DESTDIR}${file}")
  if(EXISTS "${path}" OR IS_SYMLINK "${path}")
    file(REMOVE "${path}")
    if(EXISTS "${path}" OR IS_SYMLINK "${path}")
      message(FATAL_ERROR "cannot remove ${path}")
    endif()
    message(STATUS "Removed: ${path}")
  else()
    message(STATUS "Not there: ${path}")
  endif()
  cmake_path(GET file PARENT_PATH folder)
  list_own_folders("${folder}" own)
  list(APPEND folders ${own})
endforeach()

# Deepest first, since a folder is empty only once those in it are gone.
list(REMOVE_DUPLICATES folders)
list(SORT folders ORDER DESCENDING)
foreach(folder IN LISTS folders)
  set(path "$ENV{DESTDIR}${folder}")
  file(GLOB rest "${path}/*")
  if(IS_DIRECTORY "${path}" AND NOT rest)
    # It looks empty; rmdir would rather fail than remove what was overlooked.
    execute_process(COMMAND rmdir "${path}" COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS "Removed: ${path}")
  endif()
endforeach()
