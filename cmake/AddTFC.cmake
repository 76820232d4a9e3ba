# Wrappers that say what a room is: its sources are the .cpp files of its folder,
# its LINK list is what it may use of ours.

set(TFC_CXX_FLAGS -O2 -fno-rtti -fno-exceptions -Wall -Wextra -Wno-unused-parameter
    -Wno-comment -Wno-maybe-uninitialized -Wno-dangling-reference)

# MLIR's headers, parsed once: half of what compiling a file of ours costs. Every room is
# compiled with them, here and in a release, so that a missing #include cannot hide in one
# kind of build and fail in the other.
option(TFC_PRECOMPILED_HEADERS "Precompile the MLIR headers that all rooms share" ON)
if(TFC_PRECOMPILED_HEADERS)
  file(WRITE "${CMAKE_BINARY_DIR}/tfc_pch.cpp" "")
  add_library(tfc-pch OBJECT "${CMAKE_BINARY_DIR}/tfc_pch.cpp")
  target_compile_options(tfc-pch PRIVATE ${TFC_CXX_FLAGS})
  target_precompile_headers(tfc-pch PRIVATE "${PROJECT_SOURCE_DIR}/cmake/precompiled.h")
endif()

# tfc_use_precompiled_headers(target)
function(tfc_use_precompiled_headers name)
  if(TFC_PRECOMPILED_HEADERS)
    target_precompile_headers(${name} REUSE_FROM tfc-pch)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # lets compiler caches see what was precompiled
      target_compile_options(${name} PRIVATE -fpch-preprocess)
    endif()
  endif()
endfunction()

# A file costs seconds before its first line is reached: GCC instantiates again what the
# precompiled headers left pending. A package (pip) therefore compiles the files of a room
# together, some at a time: half of the time of all. A developer's build compiles each
# alone, so that an edit costs one. A name in one file of a room must mean nothing in
# another (test_layers.py).
set(isPackage OFF)
if(DEFINED SKBUILD)
  set(isPackage ON)
endif()
option(TFC_UNITY "Compile several files of a room at once" ${isPackage})

# add_tfc_library(Name LINK OtherRoom ...)
function(add_tfc_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(NOT sources) # a room without code yet
    set(sources "${CMAKE_CURRENT_BINARY_DIR}/empty.cpp")
    file(WRITE ${sources} "")
  endif()
  add_library(${name} STATIC ${sources})
  target_compile_options(${name} PRIVATE ${TFC_CXX_FLAGS})
  add_dependencies(${name} tfc-headers)
  tfc_use_precompiled_headers(${name})
  set_target_properties(${name} PROPERTIES UNITY_BUILD "${TFC_UNITY}" UNITY_BUILD_BATCH_SIZE 16)
  # Shards of what is too large for one file.
  set(shards ${sources})
  list(FILTER shards INCLUDE REGEX "Ops[0-9]+\\.cpp$")
  set_source_files_properties(${shards} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
endfunction()

# tfc_tablegen(ofn generator args...) inside a folder with the .td files
function(tfc_tablegen td ofn)
  set(LLVM_TARGET_DEFINITIONS ${td})
  mlir_tablegen(${ofn} ${ARGN} EXTRA_INCLUDES "${PROJECT_SOURCE_DIR}/include")
  set(TABLEGEN_OUTPUT ${TABLEGEN_OUTPUT} PARENT_SCOPE)
endfunction()

# add_tfc_tool(name LINK ...): a program beside the Python package, linked to libMLIR.
function(add_tfc_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  add_executable(${name} ${sources})
  target_compile_options(${name} PRIVATE ${TFC_CXX_FLAGS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} TFC_libMLIR TFC_libLLVM)
  set_target_properties(${name} PROPERTIES
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN/../../mlir/lib;$ORIGIN/../../llvm/lib")
  if(TFC_DEVELOP)
    set_target_properties(${name} PROPERTIES
      BUILD_WITH_INSTALL_RPATH OFF BUILD_RPATH "${TFC_MLIR_ROOT}/lib;${TFC_LLVM_ROOT}/lib"
      RUNTIME_OUTPUT_DIRECTORY "${PROJECT_SOURCE_DIR}/python/tfc/bin")
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION tfc/bin)
endfunction()

# tfc_add_python_module(name SOURCES ... LINK ...): an extension module tfc.<name>.
function(tfc_add_python_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  nanobind_add_module(${name} NB_STATIC NB_DOMAIN ${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  set_target_properties(${name} PROPERTIES
    BUILD_WITH_INSTALL_RPATH ON
    INSTALL_RPATH "$ORIGIN/../mlir/_mlir_libs;$ORIGIN/../llvm/lib")
  if(TFC_DEVELOP)
    set_target_properties(${name} PROPERTIES
      BUILD_WITH_INSTALL_RPATH OFF BUILD_RPATH "${TFC_MLIR_ROOT}/_mlir_libs;${TFC_LLVM_ROOT}/lib"
      LIBRARY_OUTPUT_DIRECTORY "${PROJECT_SOURCE_DIR}/python/tfc")
  endif()
  install(TARGETS ${name} LIBRARY DESTINATION tfc)
endfunction()
