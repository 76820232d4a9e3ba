# Finds MLIR and LLVM: in the Python wheels of the interpreter that builds us, or
# where -DMLIR_DIR (and -DLLVM_DIR) say.
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/llvm-version.txt" TFC_LLVM_VERSION LIMIT_COUNT 1)

if(DEFINED SKBUILD AND NOT DEFINED Python_EXECUTABLE)
  set(Python_EXECUTABLE "${PYTHON_EXECUTABLE}")
endif()
find_package(Python 3.10 COMPONENTS Interpreter Development.Module REQUIRED)

# Each wheel installs into the packages `mlir` and `llvm`; an isolated build has
# them on a path of its own, so ask the import system, not sysconfig.
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c
    "import importlib.util as u; print(';'.join(list(u.find_spec(n).submodule_search_locations)[0] if u.find_spec(n) else '' for n in ('mlir', 'llvm')))"
  OUTPUT_VARIABLE TFC_WHEELS OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
list(GET TFC_WHEELS 0 TFC_MLIR_ROOT)
list(GET TFC_WHEELS 1 TFC_LLVM_ROOT)
if(NOT MLIR_DIR AND TFC_MLIR_ROOT)
  set(MLIR_DIR "${TFC_MLIR_ROOT}/lib/cmake/mlir")
endif()
if(NOT LLVM_DIR AND TFC_LLVM_ROOT)
  set(LLVM_DIR "${TFC_LLVM_ROOT}/lib/cmake/llvm")
endif()
find_package(MLIR CONFIG)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR
    "MLIR ${TFC_LLVM_VERSION} was not found. Install the wheels that pyproject.toml lists under "
    "[build-system] (pip does so by itself), or pass -DMLIR_DIR=<prefix>/lib/cmake/mlir.")
endif()
if(NOT LLVM_PACKAGE_VERSION VERSION_EQUAL TFC_LLVM_VERSION)
  message(WARNING "built against LLVM ${LLVM_PACKAGE_VERSION}, tested with ${TFC_LLVM_VERSION}")
endif()
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# The two faces of MLIR: programs link libMLIR, extension modules link the library
# behind `mlir.ir`, so that one MLIR is shared with it. Neither is linked statically.
function(tfc_import_library target)
  find_library(${target}_PATH NAMES ${ARGN}
    PATHS "${TFC_MLIR_ROOT}/lib" "${TFC_MLIR_ROOT}/_mlir_libs" "${TFC_LLVM_ROOT}/lib"
          "${MLIR_DIR}/../.." "${LLVM_DIR}/../.."
    NO_DEFAULT_PATH REQUIRED)
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${${target}_PATH}")
endfunction()
tfc_import_library(TFC_libLLVM LLVM)
tfc_import_library(TFC_libMLIR MLIR)
tfc_import_library(TFC_libMLIRPython MLIRPythonCAPI)
