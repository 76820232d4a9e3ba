//===- ThreadPool.cpp - parallel_for of tfc_context -----------------------===//
//
// One job at a time. Each thread has a part of the range, the same one in each
// job of that range: what it has written is in its own cache when the next job
// reads it. A part is taken in pieces, large ones first and small ones at the
// end, and whoever has done his own goes on with those of others, so that a
// thread that is late or slow costs a small piece at most. Threads are started
// when they are needed first, wait for the next job actively for a short while,
// then in the kernel; the process never waits for them when it ends.
//
// A job is open while its caller takes pieces. `members` counts the threads
// inside; its top bit says that the job is closed. A thread that enters a
// closed job leaves at once, so the caller may reuse the job's fields as soon
// as the count is 0.
//
// A forked child has none of its parent's threads: it starts from a new pool.
//
// Linux may wake a thread on the processor that its waker runs on, and leave it
// there until the waker is done: the job would be done by one thread, and so
// would those after it. A thread that was last seen on the caller's processor
// is therefore kept off it (Placement).
//
//===----------------------------------------------------------------------===//
#include "ThreadPool.h"
#include "Denormals.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

#include <pthread.h>
#include <signal.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <condition_variable>
#endif

namespace tfc::native {

namespace {

/// How long a thread looks for the next job before it sleeps: waking one in the
/// kernel takes about as long as it first looks all the time. Then it gives way
/// to others between looks: what one thread does alone between two jobs
/// (columns of a factorization) often takes longer.
constexpr std::chrono::microseconds kSpin(50), kYield(300);
/// A job that takes less than this alone is not worth waking threads for, which
/// takes 25 microseconds of the waker's time on virtual machines, and as long
/// until they are there; nor are several, until they would have saved that
/// much.
constexpr std::chrono::microseconds kShort(120), kWake(100);
constexpr int kKnownJobs = 512;
/// Nor is one that takes less than this worth sharing evenly: a part is one
/// piece. Who comes first would take some of the other's, and both would read
/// from each other's caches what they could have kept: steps over a grid.
constexpr std::chrono::microseconds kWhole(30);
/// A piece is as much of what is left of a part: half of it.
constexpr int64_t kShare = 2;
/// The smallest pieces, of the whole, for each thread: enough to end at about
/// the same time.
constexpr int64_t kSmallest = 32;
constexpr uint32_t kClosed = uint32_t(1) << 31;
constexpr int kMostThreads = 1024;

using Clock = std::chrono::steady_clock;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// A number that threads can wait for a change of.
class Signal {
public:
  std::atomic<uint32_t> value{0};

  /// Returns once the value is not `old`, sometimes before.
  void wait(uint32_t old) {
#ifdef __linux__
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&value), FUTEX_WAIT_PRIVATE,
            old, nullptr, nullptr, 0);
#else
    std::unique_lock<std::mutex> lock(mutex);
    condition.wait(lock, [&] { return value.load() != old; });
#endif
  }

  /// After a change: wakes up to `count` threads.
  void wake(int count) {
#ifdef __linux__
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&value), FUTEX_WAKE_PRIVATE,
            count, nullptr, nullptr, 0);
#else
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    count == 1 ? condition.notify_one() : condition.notify_all();
#endif
  }

  /// Waits actively at first.
  template <typename Done> bool spin(Done done) {
    auto start = Clock::now();
    for (Clock::duration passed{0}; passed < kYield;
         passed = Clock::now() - start) {
      for (int i = 0; i < 64; ++i) {
        if (done())
          return true;
        pause();
      }
      if (passed >= kSpin)
        std::this_thread::yield();
    }
    return false;
  }

private:
#ifndef __linux__
  std::mutex mutex;
  std::condition_variable condition;
#endif
};

int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

int processorCount() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return CPU_COUNT(&set);
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Where a thread of the pool runs.
class Placement {
public:
  /// Of the calling thread.
  static int processor() {
#ifdef __linux__
    return sched_getcpu();
#else
    return -1;
#endif
  }

  /// Called by the thread itself.
  void note() {
#ifdef __linux__
    if (!thread.load(std::memory_order_relaxed))
      thread.store(int(syscall(SYS_gettid)), std::memory_order_relaxed);
#endif
    last.store(processor(), std::memory_order_relaxed);
  }

  /// Moves the thread off this processor, to others that the caller may use.
  void avoid(int taken) {
    if (taken < 0 || last.load(std::memory_order_relaxed) != taken)
      return;
#ifdef __linux__
    cpu_set_t others;
    if (sched_getaffinity(0, sizeof(others), &others))
      return;
    CPU_CLR(taken, &others);
    if (CPU_COUNT(&others))
      sched_setaffinity(thread.load(std::memory_order_relaxed), sizeof(others),
                        &others);
#endif
    last.store(-1, std::memory_order_relaxed);
  }

private:
  std::atomic<int> thread{0}, last{-1};
};

/// 0: not decided yet.
std::atomic<int> wantedThreads{0};
/// Is this thread working on a piece?
thread_local bool inside = false;

class Pool {
public:
  Pool() { members.value = kClosed; }
  int32_t run(tfc_context *context, int64_t begin, int64_t end, int64_t grain,
              tfc_loop_body body, void *env, int threads);

private:
  void startThreads(int count);
  void work(int number);
  bool isShort(tfc_loop_body of, int64_t count, Clock::duration most);
  bool isWorthWaking(tfc_loop_body of, int64_t count);
  void note(tfc_loop_body of, int64_t count, Clock::duration time, bool alone);
  /// The caller is the first one.
  void takePieces(int self);
  void takePart(int number);

  std::mutex busy;
  int started = 0;
  /// What threads would have saved in short jobs that follow each other while
  /// all of them sleep, and when the last one ended.
  Clock::duration saved{0};
  Clock::time_point lastEnd;
  /// What an iteration took, at a place that the body's address says.
  struct Known {
    tfc_loop_body body;
    double nanoseconds;
  };
  std::array<Known, kKnownJobs> known{};
  Known &knownOf(tfc_loop_body of) {
    return known[(reinterpret_cast<uintptr_t>(of) >> 4) % kKnownJobs];
  }
  std::array<Placement, kMostThreads> placements;

  // The job.
  tfc_context *context = nullptr;
  tfc_loop_body body = nullptr;
  void *env = nullptr;
  int64_t least = 1;
  int parts = 1;
  /// Of its own line in caches: others look at it at the end only.
  struct alignas(64) Part {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };
  std::array<Part, kMostThreads> ranges;
  std::atomic<int32_t> status{TFC_OK};
  /// Threads with a greater number stay out.
  std::atomic<int> most{0};

  Signal jobs;    // counts them
  Signal members; // see above; starts closed
  std::atomic<int> sleeping{0};
  std::atomic<bool> callerSleeps{false};
};

alignas(Pool) char storage[sizeof(Pool)];

Pool &pool() {
  static Pool *made = [] {
    pthread_atfork(nullptr, nullptr, [] { new (storage) Pool; });
    Pool *first = new (storage) Pool;
    return first;
  }();
  return *made;
}

void Pool::takePart(int number) {
  Part &part = ranges[number];
  while (status.load(std::memory_order_relaxed) == TFC_OK) {
    int64_t first = part.next.load(std::memory_order_relaxed), piece;
    do {
      int64_t left = part.end - first;
      piece = std::min(std::max(least, ceilDiv(left, kShare)), left);
    } while (piece > 0 && !part.next.compare_exchange_weak(
                              first, first + piece, std::memory_order_relaxed));
    if (piece <= 0)
      return;
    int32_t result = body(context, env, first, first + piece);
    int32_t ok = TFC_OK;
    if (result != TFC_OK)
      status.compare_exchange_strong(ok, result);
  }
}

void Pool::takePieces(int self) {
  DenormalScope denormals(/*inCode=*/true);
  inside = true;
  for (int i = 0; i < parts; ++i)
    takePart((self + i) % parts);
  inside = false;
}

void Pool::work(int number) {
  uint32_t seen = jobs.value.load(std::memory_order_acquire);
  for (;;) {
    placements[number].note();
    if (number < most.load(std::memory_order_relaxed)) {
      if (!(members.value.fetch_add(1) & kClosed))
        takePieces(number + 1);
      if (members.value.fetch_sub(1) - 1 == kClosed && callerSleeps.load())
        members.wake(1);
    }
    auto changed = [&] {
      return jobs.value.load(std::memory_order_acquire) != seen;
    };
    if (!jobs.spin(changed)) {
      ++sleeping;
      while (!changed())
        jobs.wait(seen);
      --sleeping;
    }
    seen = jobs.value.load(std::memory_order_acquire);
  }
}

void Pool::startThreads(int count) {
  // Signals are for the threads of the program.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (; started < count; ++started)
      std::thread([this, number = started] { work(number); }).detach();
  } catch (const std::system_error &) {
    // The system gives no more: those there are share the work.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Did all jobs of this body so far take less?
bool Pool::isShort(tfc_loop_body of, int64_t count, Clock::duration most) {
  const Known &job = knownOf(of);
  return job.body == of && job.nanoseconds * double(count) <
                               double(std::chrono::nanoseconds(most).count());
}

/// Short jobs wake nobody until there were many, one soon after the other: then
/// who is awake stays so for the next.
bool Pool::isWorthWaking(tfc_loop_body of, int64_t count) {
  if (sleeping.load() < started || saved >= kWake ||
      !isShort(of, count, kShort))
    return true;
  if (Clock::now() - lastEnd > kYield)
    saved = {};
  return false;
}

/// Alone it is what it takes. With others it takes at most as many times that
/// as there are, less where they came late; a first time is slow for other
/// reasons.
void Pool::note(tfc_loop_body of, int64_t count, Clock::duration time,
                bool alone) {
  Known &job = knownOf(of);
  double each = double(std::chrono::nanoseconds(time).count()) / double(count);
  if (alone || job.body != of)
    job = {of, each};
  else
    job.nanoseconds = std::min(job.nanoseconds, each * parts);
}

int32_t Pool::run(tfc_context *newContext, int64_t begin, int64_t newEnd,
                  int64_t grain, tfc_loop_body newBody, void *newEnv,
                  int threads) {
  std::unique_lock<std::mutex> lock(busy, std::try_to_lock);
  if (!lock)
    return newBody(newContext, newEnv, begin, newEnd);
  int64_t count = newEnd - begin;
  Clock::time_point start = Clock::now();
  if (!isWorthWaking(newBody, count)) {
    inside = true;
    int32_t result = newBody(newContext, newEnv, begin, newEnd);
    inside = false;
    lastEnd = Clock::now();
    saved += (lastEnd - start) / 2;
    note(newBody, count, lastEnd - start, /*alone=*/true);
    return result;
  }
  saved = {};
  int64_t smallest = std::max(grain, ceilDiv(count, threads * kSmallest));
  int helpers = int(std::min<int64_t>(threads, ceilDiv(count, grain))) - 1;
  if (isShort(newBody, count, kWhole))
    smallest = count;
  startThreads(helpers);

  context = newContext, body = newBody, env = newEnv;
  least = smallest, parts = helpers + 1;
  for (int i = 0; i < parts; ++i) {
    ranges[i].next.store(begin + count * i / parts, std::memory_order_relaxed);
    ranges[i].end = begin + count * (i + 1) / parts;
  }
  status.store(TFC_OK, std::memory_order_relaxed);
  most.store(threads - 1, std::memory_order_relaxed);
  for (int here = Placement::processor(), i = 0; i < helpers; ++i)
    placements[i].avoid(here);
  members.value.fetch_and(~kClosed);
  jobs.value.fetch_add(1);
  // If the pool has more threads than it may use, any of them may wake.
  if (sleeping.load())
    jobs.wake(started < threads ? helpers : INT_MAX);

  takePieces(0);
  members.value.fetch_or(kClosed);
  auto alone = [&] {
    return members.value.load(std::memory_order_acquire) == kClosed;
  };
  if (!members.spin(alone)) {
    callerSleeps = true;
    for (uint32_t now; (now = members.value.load()) != kClosed;)
      members.wait(now);
    callerSleeps = false;
  }
  note(newBody, count, Clock::now() - start, /*alone=*/false);
  return status.load(std::memory_order_relaxed);
}

} // namespace

int threadCount() {
  int count = wantedThreads.load(std::memory_order_relaxed);
  if (count == 0) {
    count = std::min(processorCount(), kMostThreads);
    wantedThreads.store(count, std::memory_order_relaxed);
  }
  return count;
}

void setThreadCount(int count) {
  wantedThreads.store(std::clamp(count, 0, kMostThreads),
                      std::memory_order_relaxed);
}

int32_t parallelFor(tfc_context *context, int64_t begin, int64_t end,
                    int64_t grain, tfc_loop_body body, void *env) {
  if (begin >= end)
    return TFC_OK;
  grain = std::max<int64_t>(grain, 1);
  int threads = threadCount();
  if (threads == 1 || inside || end - begin < 2 * grain)
    return body(context, env, begin, end);
  return pool().run(context, begin, end, grain, body, env, threads);
}

} // namespace tfc::native
