# cmake -DTROUPE=... -DFOLDER=... -P: runs that must fail, since nobody repairs what a wipe of all disks takes away. Each
# leaves a plan, and a small one; both replay by their names, with equal traces in two processes.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
file(WRITE ${FOLDER}/beyond.plan "#: seed 4
#: seconds 20
#: nodes 3
#: clients work
#: without all
9s pause n3 for 200ms
10s drift n1 40000 for 1s
12s wipe n1 for 1s
12s wipe n2 for 1s
12s wipe n3 for 1s
")
foreach(run first second)
  execute_process(COMMAND ${TROUPE} sim --replay ${FOLDER}/beyond.plan --out ${FOLDER} OUTPUT_VARIABLE said RESULT_VARIABLE code)
  if(NOT code EQUAL 1)
    message(FATAL_ERROR "the loss of all disks went unnoticed (${code}):\n${said}")
  endif()
  string(REGEX MATCH "hash [0-9a-f]+" ${run} "${said}")
endforeach()
if(NOT first STREQUAL second)
  message(FATAL_ERROR "a replay differs: ${first}, ${second}")
endif()
file(GLOB small ${FOLDER}/*.small.plan)
if(NOT small)
  message(FATAL_ERROR "no small plan was written:\n${said}")
endif()
file(READ ${small} plan)
if(plan MATCHES "s pause n" OR plan MATCHES "s drift n" OR NOT plan MATCHES "s wipe n")
  message(FATAL_ERROR "not made small:\n${plan}")
endif()
execute_process(COMMAND ${TROUPE} sim --replay ${small} --out ${FOLDER} RESULT_VARIABLE code OUTPUT_VARIABLE said)
if(NOT code EQUAL 1)
  message(FATAL_ERROR "the small plan does not fail (${code}):\n${said}")
endif()
