// What the processor and the memory allow at this moment. Reads lines "KIND BYTES", answers each with a rate.
//
//   fma     multiply-adds of float32 in registers: GFLOP/s
//   read    the sum of an array of BYTES bytes: GB/s
//   copy    from one array to another, together BYTES bytes, with stores around the cache where those are faster
//   update  v = a v + b, in place, of an array of BYTES / 2 bytes, which are read and written
//
// The first argument is the number of threads; rates are those of all together, each with its part of the array. A line takes a few
// milliseconds: the best of passes that together take that long.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __SSE__
#include <immintrin.h>
#endif

enum { LANES = VECTOR / 4, SUMS = 12, MOST_THREADS = 256 };
typedef float v __attribute__((vector_size(VECTOR)));

typedef struct {
  const char *kind;
  float *from, *to;
  size_t bytes; // of one array
  double seconds, amount;
} Job;

static pthread_barrier_t barrier;
static volatile float sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void multiply_add(long times) {
  v sums[SUMS], x, y;
  for (int i = 0; i < LANES; ++i) {
    x[i] = 0.9f + sink;
    y[i] = 0.1f + sink;
  }
  for (int k = 0; k < SUMS; ++k)
    sums[k] = x * (float)k; // different ones, or the compiler would compute but one
  for (long i = 0; i < times; ++i)
    for (int k = 0; k < SUMS; ++k)
      sums[k] = sums[k] * x + y;
  v sum = y;
  for (int k = 0; k < SUMS; ++k)
    sum += sums[k];
  sink = 0 * sum[0];
}

static void read_all(const float *from, size_t bytes) {
  const v *p = (const v *)from, *end = (const v *)(from + bytes / 4);
  v sums[8];
  memset(sums, 0, sizeof sums);
  for (; p + 8 <= end; p += 8)
    for (int k = 0; k < 8; ++k)
      sums[k] += p[k];
  for (int k = 1; k < 8; ++k)
    sums[0] += sums[k];
  sink = 0 * sums[0][0];
}

static void update(float *data, size_t bytes) {
  v *p = (v *)data, *end = (v *)(data + bytes / 4);
  for (; p + 4 <= end; p += 4)
    for (int k = 0; k < 4; ++k)
      p[k] = p[k] * 0.9f + 0.1f;
}

/// With stores that leave the cache alone.
static void stream(float *to, const float *from, size_t bytes) {
#ifdef __SSE__
  for (size_t i = 0; i + 16 <= bytes / 4; i += 16)
    for (size_t k = 0; k < 16; k += 4)
      _mm_stream_ps(to + i + k, _mm_load_ps(from + i + k));
  _mm_sfence();
#else
  memcpy(to, from, bytes);
#endif
}

static void pass(Job *job, int odd) {
  if (!strcmp(job->kind, "fma"))
    multiply_add(100000);
  else if (!strcmp(job->kind, "read"))
    read_all(job->from, job->bytes);
  else if (!strcmp(job->kind, "update"))
    update(job->from, job->bytes);
  else if (odd)
    stream(job->to, job->from, job->bytes);
  else
    memcpy(job->to, job->from, job->bytes);
}

static void *work(void *argument) {
  Job *job = argument;
  for (size_t i = 0; i < job->bytes / 4; ++i)
    job->from[i] = job->to[i] = 1;
  // Small arrays are passed over many times, so that reading the clock does not count.
  long repeat = !strcmp(job->kind, "fma") ? 1 : 1 + (1 << 20) / (long)(job->bytes + 1);
  job->seconds = 1e9;
  pthread_barrier_wait(&barrier);
  double begin = now();
  for (int i = 0; i < 6 || now() - begin < 8e-3; ++i) {
    double start = now();
    for (long r = 0; r < repeat; ++r)
      pass(job, i & 1);
    double seconds = (now() - start) / repeat;
    if (i > 1 && seconds < job->seconds)
      job->seconds = seconds;
  }
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1 || threads > MOST_THREADS)
    return 2;
  pthread_barrier_init(&barrier, NULL, threads);
  char kind[16];
  size_t bytes;
  while (scanf("%15s %zu", kind, &bytes) == 2) {
    int arrays = !strcmp(kind, "copy") || !strcmp(kind, "update") ? 2 : 1; // copies write as much as they read, updates, too
    size_t each = (bytes / arrays / threads + 511) / 512 * 512;
    Job jobs[MOST_THREADS];
    pthread_t ids[MOST_THREADS];
    double rate = 0;
    for (int i = 0; i < threads; ++i) {
      jobs[i] = (Job){kind, aligned_alloc(512, each + 512), aligned_alloc(512, each + 512), each, 0, 0};
      jobs[i].amount = !strcmp(kind, "fma") ? 2.0 * 100000 * SUMS * LANES : (double)arrays * each;
      if (!jobs[i].from || !jobs[i].to)
        return 1;
      if (i)
        pthread_create(&ids[i], NULL, work, &jobs[i]);
    }
    work(&jobs[0]);
    for (int i = 0; i < threads; ++i) {
      if (i)
        pthread_join(ids[i], NULL);
      rate += jobs[i].amount / jobs[i].seconds / 1e9;
      free(jobs[i].from);
      free(jobs[i].to);
    }
    printf("%g\n", rate);
    fflush(stdout);
  }
  return 0;
}
