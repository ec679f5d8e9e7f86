# Tests of the text rather than of the program.
add_test(NAME tidy COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/scripts/tidy.py)
add_test(NAME tidy_test COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/tests/scripts/tidy_test.py)
add_test(NAME validate_test
         COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/tests/scripts/validate_test.py)
# Whole scenarios against what a real slurmctld did, where ../shared has them. The time-out is for
# the sanitizers, with which a scenario may take minutes.
add_test(NAME validate COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/scripts/validate
         --program $<TARGET_FILE:rehearse> --timeout 600)
set_tests_properties(validate PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME random_slurm COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/tests/slurm/random_test.py
         $<TARGET_FILE:rehearse> 1 40)
# Four jobs on a real Slurm, alone since it goes by the wall clock; skipped without slurmctld.
add_test(NAME real_slurm COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/scripts/validate
         --program $<TARGET_FILE:rehearse> --real ${CMAKE_CURRENT_SOURCE_DIR}/tests/slurm/real)
set_tests_properties(real_slurm PROPERTIES SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
add_test(NAME format COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/scripts/format --check)
set_tests_properties(format PROPERTIES SKIP_RETURN_CODE 77)

# The report's page in a real Chromium; skipped where that or node_modules are missing.
add_test(NAME browser COMMAND ${CMAKE_COMMAND} -E env REHEARSE=$<TARGET_FILE:rehearse>
         node --test ${CMAKE_CURRENT_SOURCE_DIR}/tests/browser/report.test.mjs)
set_tests_properties(browser PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: no ")
