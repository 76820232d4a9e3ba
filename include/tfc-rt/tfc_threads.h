/* tfc_threads.h - parallel loops on a few threads of the process, in C99 with POSIX threads.
 *
 * A pool that a program makes when it first needs it, and keeps; it is idle between loops. Generated headers of artefacts
 * that were compiled for several threads include it and use it where the program gives no host->parallel_for.
 */
#ifndef TFC_THREADS_H
#define TFC_THREADS_H

#include <pthread.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tfc_pool {
  pthread_mutex_t lock;
  pthread_cond_t work, done;
  int size;    /* threads besides the caller's */
  int busy;    /* a loop is running: others run theirs alone */
  int running; /* threads that still work on it */
  unsigned generation;
  tfc_context *ctx;
  tfc_loop_body body;
  void *env;
  int64_t next, end, step;
  int32_t status;
} tfc_pool;

static TFC_UNUSED tfc_pool *tfc_the_pool(void) {
  static tfc_pool pool = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, -1, 0, 0, 0,
                          NULL, NULL, NULL, 0, 0, 0, 0};
  return &pool;
}

/* Takes pieces until there is none, or one has failed. The lock is held before and after. */
static TFC_UNUSED void tfc_pool_work(tfc_pool *pool) {
  while (pool->next < pool->end && pool->status == TFC_OK) {
    int64_t begin = pool->next, end = pool->end - begin > pool->step ? begin + pool->step : pool->end;
    int32_t status;
    pool->next = end;
    pthread_mutex_unlock(&pool->lock);
    status = pool->body(pool->ctx, pool->env, begin, end);
    pthread_mutex_lock(&pool->lock);
    if (status != TFC_OK && pool->status == TFC_OK)
      pool->status = status;
  }
}

static TFC_UNUSED void *tfc_pool_thread(void *argument) {
  tfc_pool *pool = (tfc_pool *)argument;
  unsigned seen = 0;
  pthread_mutex_lock(&pool->lock);
  for (;;) {
    while (pool->generation == seen)
      pthread_cond_wait(&pool->work, &pool->lock);
    seen = pool->generation;
    tfc_pool_work(pool);
    if (--pool->running == 0)
      pthread_cond_signal(&pool->done);
  }
  return NULL;
}

/* Makes the threads; the lock is held. Those that cannot be made are done without. */
static TFC_UNUSED void tfc_pool_start(tfc_pool *pool, int threads) {
  int i;
  if (threads <= 0) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    threads = cores > 1 ? (int)cores : 1;
  }
  pool->size = 0;
  for (i = 1; i < threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, tfc_pool_thread, pool))
      break;
    pthread_detach(thread);
    ++pool->size;
  }
}

static TFC_UNUSED int32_t tfc_pool_run(int threads, tfc_context *ctx, int64_t begin, int64_t end, int64_t grain,
                                       tfc_loop_body body, void *env) {
  tfc_pool *pool = tfc_the_pool();
  int64_t pieces, step = grain > 0 ? grain : 1;
  int32_t status;
  if (end <= begin)
    return TFC_OK;
  pthread_mutex_lock(&pool->lock);
  if (pool->size < 0)
    tfc_pool_start(pool, threads);
  pieces = 4 * ((int64_t)pool->size + 1);
  if ((end - begin) / pieces > step)
    step = (end - begin) / pieces;
  if (pool->busy || pool->size == 0 || end - begin <= step) {
    pthread_mutex_unlock(&pool->lock);
    return body(ctx, env, begin, end);
  }
  pool->busy = 1;
  pool->running = pool->size;
  ++pool->generation;
  pool->ctx = ctx;
  pool->body = body;
  pool->env = env;
  pool->next = begin;
  pool->end = end;
  pool->step = step;
  pool->status = TFC_OK;
  pthread_cond_broadcast(&pool->work);
  tfc_pool_work(pool);
  while (pool->running)
    pthread_cond_wait(&pool->done, &pool->lock);
  status = pool->status;
  pool->busy = 0;
  pthread_mutex_unlock(&pool->lock);
  return status;
}

#ifdef __cplusplus
}
#endif

#endif /* TFC_THREADS_H */
