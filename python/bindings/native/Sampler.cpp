//===- Sampler.cpp - where the process spends its time --------------------===//
//
// A timer of the CPU time of the process interrupts whichever thread runs; the
// handler notes where that thread is. It only writes to memory that is there,
// so that it is safe wherever it interrupts.
//
//===----------------------------------------------------------------------===//
#include "Sampler.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#define TFC_CAN_SAMPLE 1
#include <csignal>
#include <ctime>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#endif

namespace tfc::native {

namespace {

struct Sample {
  int64_t nanoseconds;
  int64_t thread;
  uint64_t address;
};

constexpr size_t capacity = 1 << 20;

#ifdef TFC_CAN_SAMPLE

std::unique_ptr<Sample[]> samples; // kept once made: a late signal may write
std::atomic<size_t> count{0};
std::atomic<bool> sampling{false};
struct sigaction previous;

int64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * int64_t(1000000000) + t.tv_nsec;
}

void onSignal(int, siginfo_t *, void *context) {
  if (!sampling.load(std::memory_order_acquire))
    return;
  size_t place = count.fetch_add(1, std::memory_order_relaxed);
  if (place >= capacity)
    return;
  auto *machine = &static_cast<ucontext_t *>(context)->uc_mcontext;
#ifdef __x86_64__
  uint64_t address = machine->gregs[REG_RIP];
#else
  uint64_t address = machine->pc;
#endif
  samples[place] = {now(), syscall(SYS_gettid), address};
}

bool setTimer(long microseconds) {
  itimerval timer = {{microseconds / 1000000, microseconds % 1000000},
                     {microseconds / 1000000, microseconds % 1000000}};
  return setitimer(ITIMER_PROF, &timer, nullptr) == 0;
}

#endif

PyObject *startSampling(PyObject *, PyObject *value) {
  long microseconds = PyLong_AsLong(value);
  if (microseconds == -1 && PyErr_Occurred())
    return nullptr;
  if (microseconds <= 0) {
    PyErr_SetString(
        PyExc_ValueError,
        "the time between samples is a number of microseconds above 0");
    return nullptr;
  }
#ifdef TFC_CAN_SAMPLE
  if (sampling) {
    PyErr_SetString(PyExc_RuntimeError, "samples are being taken already");
    return nullptr;
  }
  if (!samples)
    samples = std::make_unique<Sample[]>(capacity);
  count = 0;
  sampling = true;
  struct sigaction action = {};
  action.sa_sigaction = onSignal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  if (sigaction(SIGPROF, &action, &previous) != 0 || !setTimer(microseconds)) {
    sampling = false;
    return PyErr_SetFromErrno(PyExc_OSError);
  }
  Py_RETURN_NONE;
#else
  PyErr_SetString(PyExc_NotImplementedError,
                  "samples are taken on Linux, on x86-64 and AArch64 only");
  return nullptr;
#endif
}

PyObject *stopSampling(PyObject *, PyObject *) {
#ifdef TFC_CAN_SAMPLE
  if (!sampling) {
    PyErr_SetString(PyExc_RuntimeError, "no samples are being taken");
    return nullptr;
  }
  setTimer(0);
  sampling = false;
  // A signal that is on its way would end the process by default.
  if (previous.sa_handler == SIG_DFL)
    signal(SIGPROF, SIG_IGN);
  else
    sigaction(SIGPROF, &previous, nullptr);
  size_t size = std::min(count.load(), capacity);
  PyObject *list = PyList_New(size);
  for (size_t i = 0; list && i < size; ++i) {
    PyObject *item = Py_BuildValue("(LLK)", (long long)samples[i].nanoseconds,
                                   (long long)samples[i].thread,
                                   (unsigned long long)samples[i].address);
    if (!item) {
      Py_CLEAR(list);
      break;
    }
    PyList_SET_ITEM(list, i, item);
  }
  return list;
#else
  PyErr_SetString(PyExc_RuntimeError, "no samples are being taken");
  return nullptr;
#endif
}

PyMethodDef samplerFunctions[] = {{"start_sampling", startSampling, METH_O,
                                   "start_sampling(microseconds)\n\nNotes "
                                   "where the running thread is whenever "
                                   "so much CPU time has passed."},
                                  {"stop_sampling", stopSampling, METH_NOARGS,
                                   "stop_sampling()\n\nA list of (nanoseconds "
                                   "of the monotonic clock, thread, "
                                   "address)."},
                                  {nullptr, nullptr, 0, nullptr}};

} // namespace

bool initSampler(PyObject *module) {
  return PyModule_AddFunctions(module, samplerFunctions) == 0;
}

} // namespace tfc::native
