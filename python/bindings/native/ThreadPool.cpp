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
// Caller and thread meet in one line of the cache, the thread's seat: what the
// job is, and the thread's part. A job is a new number there, and open. The
// thread enters it, works, and closes it; one that was not there in time finds
// it closed by the caller, who waits only for those that have entered. So short
// jobs cost four times what a line takes from one core to another: the seat
// there, its owner's mark, what the job works with, and the seat back. (Threads
// that met at counters of the whole pool took twelve.)
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
#include "Callbacks.h"
#include "Denormals.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <limits>
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
/// In a loop of more than so many grains, of 8 microseconds each, a piece is no
/// more at first, then what takes as long as this: code may look for signals
/// when a piece begins. Who waits for others does every so many milliseconds.
constexpr int64_t kLong = 1024;
/// The smallest pieces of such a loop, in grains.
constexpr int64_t kLastOfLong = 16;
constexpr std::chrono::milliseconds kLeastPiece(2), kMostPiece(20), kLook(100);
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

  /// Not longer than `most`.
  void waitFor(uint32_t old, std::chrono::milliseconds most) {
#ifdef __linux__
    timespec time{time_t(most.count() / 1000),
                  long(most.count() % 1000 * 1000000)};
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&value), FUTEX_WAIT_PRIVATE,
            old, &time, nullptr, 0);
#else
    std::unique_lock<std::mutex> lock(mutex);
    condition.wait_for(lock, most, [&] { return value.load() != old; });
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
    if (done())
      return true;
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

/// How large the pieces of a long loop are, in one thread.
class Pace {
public:
  explicit Pace(int64_t grain) : grain(grain) {
    if (__builtin_mul_overflow(grain, kLong, &most))
      most = std::numeric_limits<int64_t>::max();
  }
  int64_t piece() const { return most; }

  /// After a piece: how long the largest take tells how large the next is.
  void note(int64_t piece) {
    Clock::time_point now = Clock::now();
    if (isKnown && piece == most && now - last < kLeastPiece) {
      if (__builtin_mul_overflow(most, 2, &most))
        most = std::numeric_limits<int64_t>::max();
    } else if (isKnown && now - last > kMostPiece) {
      most = std::max(grain, most / 4);
    }
    last = now;
    isKnown = true;
  }

private:
  int64_t grain, most;
  Clock::time_point last;
  bool isKnown = false;
};

/// All of it in this thread.
int32_t runHere(tfc_context *context, int64_t begin, int64_t end, int64_t grain,
                tfc_loop_body body, void *env) {
  Pace pace(grain);
  while (end - begin > pace.piece()) {
    int64_t next = begin + pace.piece();
    if (int32_t result = body(context, env, begin, next))
      return result;
    begin = next;
    pace.note(pace.piece());
  }
  return body(context, env, begin, end);
}

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
    last.store(processor(), std::memory_order_release);
  }

  /// Moves the thread off this processor, to others that the caller may use.
  void avoid(int taken) {
    if (taken < 0 || last.load(std::memory_order_acquire) != taken)
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

/// How far a job is in a seat.
enum : uint32_t { kOpen, kEntered, kClosed, kStates = 4 };

/// What the caller and one thread say to each other: one line, beside which
/// processors may fetch another. The first one is the caller's own.
struct alignas(128) Seat {
  /// The job's number times kStates, and how far it is.
  Signal entry;
  /// How many seats the job has, and of how many of them, from this one on, the
  /// thread takes pieces.
  int16_t parts = 0, visits = 0;
  /// The thread's part of the range, and the smallest piece of it; of a long
  /// loop the grain, and less than 0.
  std::atomic<int64_t> next{0};
  int64_t end = 0, least = 1;
  tfc_loop_body body = nullptr;
  tfc_context *context = nullptr;
  std::atomic<void *> env{nullptr};
  Placement placement;

  Seat() { entry.value = kClosed; }
};

class Pool {
public:
  int32_t run(tfc_context *context, int64_t begin, int64_t end, int64_t grain,
              tfc_loop_body body, void *env, int threads);

private:
  void startThreads(int count);
  void work(int number);
  bool isShort(tfc_loop_body of, int64_t count, Clock::duration most);
  bool isWorthWaking(tfc_loop_body of, int64_t count);
  void note(tfc_loop_body of, int64_t count, Clock::duration time, int parts);
  void sitDown(int helpers);
  void leave(int helpers);
  void takePieces(int self);
  void takePart(Seat &part, const Seat &own);

  /// The caller is the first one.
  std::array<Seat, kMostThreads + 1> seats;

  // What changes rarely while threads are awake.
  alignas(64) std::atomic<int32_t> status{TFC_OK};
  std::atomic<int> sleeping{0};
  std::atomic<bool> callerSleeps{false};
  std::array<std::atomic<bool>, kMostThreads + 1> isAsleep{};

  // The caller's.
  alignas(64) std::mutex busy;
  int started = 0;
  uint32_t job = 0;
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

void Pool::takePart(Seat &part, const Seat &own) {
  bool isLong = part.least < 0;
  Pace pace(isLong ? -part.least : std::numeric_limits<int64_t>::max());
  int64_t least = isLong ? -part.least * kLastOfLong : part.least;
  while (status.load(std::memory_order_relaxed) == TFC_OK) {
    int64_t first = part.next.load(std::memory_order_relaxed), piece;
    do {
      int64_t left = part.end - first;
      piece = std::max(least, ceilDiv(left, kShare));
      piece = std::min({piece, left, pace.piece()});
    } while (piece > 0 && !part.next.compare_exchange_weak(
                              first, first + piece, std::memory_order_relaxed));
    if (piece <= 0)
      return;
    int32_t result =
        own.body(own.context, own.env.load(std::memory_order_relaxed), first,
                 first + piece);
    int32_t ok = TFC_OK;
    if (result != TFC_OK)
      status.compare_exchange_strong(ok, result);
    if (isLong)
      pace.note(piece);
  }
}

void Pool::takePieces(int self) {
  DenormalScope denormals(/*inCode=*/true);
  inside = true;
  const Seat &own = seats[self];
  for (int i = 0; i < own.visits; ++i)
    takePart(seats[(self + i) % own.parts], own);
  inside = false;
}

void Pool::work(int number) {
  Seat &seat = seats[number];
  std::atomic<uint32_t> &entry = seat.entry.value;
  for (uint32_t seen = kClosed;;) {
    auto isNew = [&] { return entry.load(std::memory_order_acquire) != seen; };
    if (!seat.entry.spin(isNew)) {
      isAsleep[number] = true;
      ++sleeping;
      while (entry.load() == seen)
        seat.entry.wait(seen);
      --sleeping;
      isAsleep[number] = false;
    }
    // It comes while the seat becomes this thread's.
    __builtin_prefetch(seat.env.load(std::memory_order_relaxed));
    seen = entry.load(std::memory_order_acquire);
    // The caller may close it meanwhile, and open the next.
    while (seen % kStates == kOpen &&
           !entry.compare_exchange_weak(seen, seen + kEntered))
      ;
    if (seen % kStates != kOpen) {
      // Too late, as where the caller has this processor.
      seat.placement.note();
      continue;
    }
    takePieces(number);
    seat.placement.note();
    seen += kClosed;
    entry.store(seen);
    if (callerSleeps.load())
      seat.entry.wake(1);
  }
}

void Pool::startThreads(int count) {
  if (started >= count)
    return;
  // Signals are for the threads of the program.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (; started < count; ++started)
      std::thread([this, number = started + 1] { work(number); }).detach();
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
                int parts) {
  Known &job = knownOf(of);
  double each = double(std::chrono::nanoseconds(time).count()) / double(count);
  if (parts == 1 || job.body != of)
    job = {of, each};
  else
    job.nanoseconds = std::min(job.nanoseconds, each * parts);
}

/// Opens the job for the helpers, who may be at work before this returns.
void Pool::sitDown(int helpers) {
  for (int here = Placement::processor(), i = 1; i <= helpers; ++i)
    seats[i].placement.avoid(here);
  for (int i = 1; i <= helpers; ++i)
    seats[i].entry.value.store(job * kStates + kOpen,
                               std::memory_order_release);
  // Who counts as asleep after this looks at his seat once more.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!sleeping.load(std::memory_order_relaxed))
    return;
  for (int i = 1; i <= helpers; ++i)
    if (isAsleep[i].load())
      seats[i].entry.wake(1);
}

/// All pieces are taken: waits for those who have some.
void Pool::leave(int helpers) {
  for (int i = 1; i <= helpers; ++i) {
    Signal &entry = seats[i].entry;
    uint32_t open = job * kStates + kOpen, closed = job * kStates + kClosed;
    auto isClosed = [&] {
      return entry.value.load(std::memory_order_acquire) == closed;
    };
    if (isClosed() ||
        (entry.value.load(std::memory_order_relaxed) == open &&
         entry.value.compare_exchange_strong(open, closed)) ||
        entry.spin(isClosed))
      continue;
    callerSleeps = true;
    for (uint32_t now; (now = entry.value.load()) != closed;) {
      entry.waitFor(now, kLook);
      if (askForOthers(seats[0].context))
        status.store(TFC_CANCELLED, std::memory_order_relaxed);
    }
    callerSleeps = false;
  }
}

int32_t Pool::run(tfc_context *context, int64_t begin, int64_t end,
                  int64_t grain, tfc_loop_body body, void *env, int threads) {
  std::unique_lock<std::mutex> lock(busy, std::try_to_lock);
  if (!lock)
    return runHere(context, begin, end, grain, body, env);
  int64_t count = end - begin;
  Clock::time_point start = Clock::now();
  if (!isWorthWaking(body, count)) {
    inside = true;
    int32_t result = body(context, env, begin, end);
    inside = false;
    lastEnd = Clock::now();
    saved += (lastEnd - start) / 2;
    note(body, count, lastEnd - start, /*parts=*/1);
    return result;
  }
  saved = {};
  int64_t smallest = std::max(grain, ceilDiv(count, threads * kSmallest));
  int helpers = int(std::min<int64_t>(threads, ceilDiv(count, grain))) - 1;
  bool isWhole = isShort(body, count, kWhole);
  if (isWhole)
    smallest = count;
  bool isLong = !isWhole && count / kLong > grain;
  startThreads(helpers);
  helpers = std::min(helpers, started);

  int parts = helpers + 1;
  ++job;
  for (int i = 0; i < parts; ++i) {
    Seat &seat = seats[i];
    seat.parts = int16_t(parts);
    // Of whole parts nothing is left but what nobody has begun, which the
    // caller does.
    seat.visits = isWhole && i > 0 ? 1 : seat.parts;
    seat.next.store(begin + count * i / parts, std::memory_order_relaxed);
    seat.end = begin + count * (i + 1) / parts;
    seat.least = isLong ? -grain : smallest;
    seat.body = body;
    seat.context = context;
    seat.env.store(env, std::memory_order_relaxed);
  }
  if (status.load(std::memory_order_relaxed) != TFC_OK)
    status.store(TFC_OK, std::memory_order_relaxed);
  forgetOthers(context);
  sitDown(helpers);
  takePieces(0);
  leave(helpers);
  note(body, count, Clock::now() - start, parts);
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
  if (inside || end - begin < 2 * grain)
    return body(context, env, begin, end);
  if (threads == 1)
    return runHere(context, begin, end, grain, body, env);
  return pool().run(context, begin, end, grain, body, env, threads);
}

} // namespace tfc::native
