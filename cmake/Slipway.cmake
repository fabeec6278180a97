# Warnings, sanitizers and the few functions that the folders' CMakeLists use.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# slipway_package(NAME MODULE): an imported target PkgConfig::NAME.
function(slipway_package name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
endfunction()

slipway_package(JANSSON jansson)
slipway_package(CRYPTO libcrypto)

add_library(slipway_flags INTERFACE)
target_compile_definitions(slipway_flags INTERFACE _GNU_SOURCE SLIPWAY_VERSION="${PROJECT_VERSION}")
target_include_directories(slipway_flags INTERFACE ${CMAKE_SOURCE_DIR}/sdk/include ${CMAKE_SOURCE_DIR})
target_compile_options(slipway_flags INTERFACE -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror)
if(SLIPWAY_SANITIZE)
  target_compile_options(slipway_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                                 -fno-omit-frame-pointer)
  target_link_options(slipway_flags INTERFACE -fsanitize=address,undefined)
endif()
if(SLIPWAY_FUZZ)
  target_compile_options(slipway_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# slipway_room(NAME SOURCES… [LINK …]): a room of core/, a static library slipway_NAME.
function(slipway_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINK" ${ARGN})
  add_library(slipway_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(slipway_${name} PUBLIC slipway_flags ${ROOM_LINK})
endfunction()

# slipway_plugin(NAME SOURCES… [LINK …]): a shared object with one visible symbol, and NAME_objects, the same code for its unit tests.
function(slipway_plugin name)
  cmake_parse_arguments(PLUGIN "" "" "SOURCES;LINK" ${ARGN})
  add_library(slipway_plugin_${name} STATIC ${PLUGIN_SOURCES})
  target_link_libraries(slipway_plugin_${name} PUBLIC slipway_flags slipway_base ${PLUGIN_LINK})
  add_library(plugin_${name} MODULE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/module.c)
  target_link_libraries(plugin_${name} PRIVATE -Wl,--whole-archive slipway_plugin_${name} -Wl,--no-whole-archive)
  target_link_options(plugin_${name} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/plugin.map)
  if(NOT SLIPWAY_SANITIZE)
    target_link_options(plugin_${name} PRIVATE -Wl,--no-undefined)
  endif()
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME slipway-${name}
                        LIBRARY_OUTPUT_DIRECTORY ${SLIPWAY_PLUGIN_OUTPUT_DIRECTORY}
                        LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/plugin.map)
  install(TARGETS plugin_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/slipway/plugins)
endfunction()

# slipway_embed(FILE VARIABLE OUT): writes a C source with FILE's bytes as `const char VARIABLE[]`, NUL-terminated; its path goes to OUT.
function(slipway_embed file variable out)
  file(READ ${CMAKE_CURRENT_SOURCE_DIR}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${variable}.c)
  file(GENERATE OUTPUT ${source} CONTENT "extern const char ${variable}[];\nconst char ${variable}[] = {${bytes}0};\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  set(${out} ${source} PARENT_SCOPE)
endfunction()

# slipway_unit_test(NAME SOURCE [LINK …]): a cmocka program.
function(slipway_unit_test name source)
  cmake_parse_arguments(TEST "" "" "LINK" ${ARGN})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE slipway_flags slipway_base PkgConfig::CMOCKA ${TEST_LINK})
  target_compile_definitions(${name} PRIVATE TEST_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# slipway_fuzz_target(NAME SOURCE [LINK …]): a libFuzzer program, run for a few seconds on its corpus by CTest.
function(slipway_fuzz_target name source)
  if(NOT SLIPWAY_FUZZ)
    return()
  endif()
  cmake_parse_arguments(FUZZ "" "" "LINK" ${ARGN})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE slipway_flags slipway_base ${FUZZ_LINK} -fsanitize=fuzzer)
  target_compile_definitions(${name} PRIVATE TEST_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz/found/${name})
  if(EXISTS ${corpus})
    set(seeds ${corpus})
  endif()
  add_test(NAME ${name} COMMAND ${name} -max_total_time=10 -rss_limit_mb=2048 -timeout=10
                                ${CMAKE_BINARY_DIR}/fuzz/found/${name} ${seeds})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()
