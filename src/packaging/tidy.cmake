# Run by cpack on the files of a package before it packs them, for what installing cannot do: folders that everybody can
# enter, whatever the umask was, and a program without the sections that Debian's own tools remove too.

file(GLOB_RECURSE entries LIST_DIRECTORIES ON "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*")
foreach(entry IN LISTS entries)
  if(IS_DIRECTORY "${entry}")
    file(CHMOD "${entry}" DIRECTORY_PERMISSIONS
      OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endif()
  if(entry MATCHES "/${CPACK_CONC_BENCH_PROGRAM}$")
    execute_process(COMMAND "${CPACK_CONC_BENCH_STRIP}" --remove-section=.comment --remove-section=.note "${entry}"
      COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
