/* tfc_sized_state.h - states with variables whose sizes change. Such a variable is a pointer and its sizes; its memory
 * comes from the host's allocator. In the bytes of a state every number that depends on sizes has a place of its own,
 * TFC_DIGITS wide, so that only these places, the checksum and the data differ from one state to the next.
 * Generated headers have it after tfc_aot.h. */
#ifndef TFC_SIZED_STATE_H
#define TFC_SIZED_STATE_H

#ifdef __cplusplus
extern "C" {
#endif

#define TFC_DIGITS 19

/* One variable. */
typedef struct tfc_sized_part {
  size_t offset;        /* in the state, of its array, or of the pointer to it */
  size_t sizes;         /* in the state, of its sizes; 0: they are known, and the array is in the state */
  size_t bytes;         /* of one element; of the whole array where the sizes are known */
  int32_t rank;
  const int64_t *shape; /* -1: unknown */
} tfc_sized_part;

/* What the generated code knows about a state. `places`: of each variable's unknown sizes, its begin and its end. */
typedef struct tfc_sized_state {
  const char *name;
  const unsigned char *head;
  size_t head_bytes, checksum_at;
  const size_t *places;
  size_t num_places;
  const tfc_sized_part *parts;
  size_t num_parts;
} tfc_sized_state;

static TFC_UNUSED void *tfc_part_data(const tfc_sized_part *p, const void *state) {
  unsigned char *at = (unsigned char *)(uintptr_t)state + p->offset;
  void *data = at;
  if (p->sizes)
    memcpy(&data, at, sizeof data);
  return data;
}

/* The number of bytes for these unknown sizes (NULL: those in the state); SIZE_MAX if no memory is as large. */
static TFC_UNUSED size_t tfc_part_bytes(const tfc_sized_part *p, const void *state, const int64_t *unknown) {
  size_t bytes = p->bytes;
  int32_t k, empty = 0;
  for (k = 0; p->sizes && k < p->rank; ++k) {
    int64_t size = p->shape[k];
    if (size < 0 && unknown)
      size = *unknown++;
    else if (size < 0)
      memcpy(&size, (const unsigned char *)state + p->sizes + 8 * (size_t)k, 8);
    empty = empty || size == 0;
    if (size > 0 && bytes > SIZE_MAX / 4 / (size_t)size)
      bytes = SIZE_MAX / 4;
    else if (size > 0)
      bytes *= (size_t)size;
  }
  return empty ? 0 : bytes >= SIZE_MAX / 4 ? SIZE_MAX : bytes;
}

static TFC_UNUSED void tfc_part_set(const tfc_sized_part *p, void *state, void *data, const int64_t *unknown) {
  int32_t k;
  memcpy((unsigned char *)state + p->offset, &data, sizeof data);
  for (k = 0; k < p->rank; ++k) {
    int64_t size = p->shape[k] < 0 ? (unknown ? *unknown++ : 0) : p->shape[k];
    memcpy((unsigned char *)state + p->sizes + 8 * (size_t)k, &size, 8);
  }
}

/* Gives a variable memory, and a first value (NULL: zeros). */
static TFC_UNUSED int tfc_part_give(tfc_context *ctx, const tfc_sized_part *p, void *state, const int64_t *unknown,
                                    const void *value) {
  size_t bytes = tfc_part_bytes(p, state, unknown);
  void *data = ctx->allocate(ctx, (int64_t)(bytes ? bytes : 1));
  if (!data)
    return 0;
  if (value)
    memcpy(data, value, bytes);
  else
    memset(data, 0, bytes);
  tfc_part_set(p, state, data, unknown);
  return 1;
}

/* Releases what the variables hold. */
static TFC_UNUSED void tfc_fini_sized(tfc_host *host, const tfc_sized_state *s, void *state) {
  tfc_context ctx = tfc_make_context(host, NULL, 0);
  size_t i;
  for (i = 0; i < s->num_parts; ++i)
    if (s->parts[i].sizes) {
      ctx.deallocate(&ctx, tfc_part_data(&s->parts[i], state));
      tfc_part_set(&s->parts[i], state, NULL, NULL);
    }
}

static TFC_UNUSED size_t tfc_sized_bytes(const tfc_sized_state *s, const void *state) {
  size_t total = s->head_bytes, i;
  for (i = 0; i < s->num_parts; ++i)
    total += tfc_part_bytes(&s->parts[i], state, NULL);
  return total;
}

static TFC_UNUSED void tfc_put_number(unsigned char *at, uint64_t value) {
  int i = TFC_DIGITS;
  memset(at, ' ', TFC_DIGITS);
  do {
    at[--i] = (unsigned char)('0' + value % 10);
    value /= 10;
  } while (value && i);
}

static TFC_UNUSED int tfc_get_number(const unsigned char *at, int64_t *value) {
  int i = 0;
  *value = 0;
  while (i < TFC_DIGITS - 1 && at[i] == ' ')
    ++i;
  if (at[i] == '0' && i < TFC_DIGITS - 1)
    return 0;
  for (; i < TFC_DIGITS; ++i) {
    int digit = at[i] - '0';
    if (digit < 0 || digit > 9 || *value > (INT64_MAX - digit) / 10)
      return 0;
    *value = *value * 10 + digit;
  }
  return 1;
}

/* The checksum of a state's bytes: zeros stand in its own place. */
static TFC_UNUSED uint32_t tfc_sized_checksum(const tfc_sized_state *s, const unsigned char *bytes, size_t num_bytes) {
  size_t behind = s->checksum_at + 8;
  uint32_t crc = tfc_crc32(0, bytes + 8, s->checksum_at - 8);
  crc = tfc_crc32(crc, (const unsigned char *)"00000000", 8);
  return tfc_crc32(crc, bytes + behind, num_bytes - behind);
}

static TFC_UNUSED void tfc_save_sized(const tfc_sized_state *s, const void *state, void *bytes) {
  unsigned char *out = (unsigned char *)bytes;
  size_t end = 0, place = 0, i;
  uint32_t checksum;
  int32_t k;
  memcpy(out, s->head, s->head_bytes);
  for (i = 0; i < s->num_parts; ++i) {
    const tfc_sized_part *p = &s->parts[i];
    size_t length = tfc_part_bytes(p, state, NULL);
    for (k = 0; p->sizes && k < p->rank; ++k)
      if (p->shape[k] < 0) {
        int64_t size;
        memcpy(&size, (const unsigned char *)state + p->sizes + 8 * (size_t)k, 8);
        tfc_put_number(out + s->places[place++], (uint64_t)size);
      }
    tfc_put_number(out + s->places[place++], end);
    if (length)
      memcpy(out + s->head_bytes + end, tfc_part_data(p, state), length);
    end += length;
    tfc_put_number(out + s->places[place++], end);
  }
  checksum = tfc_sized_checksum(s, out, s->head_bytes + end);
  for (i = 0; i < 8; ++i)
    out[s->checksum_at + i] = (unsigned char)"0123456789abcdef"[checksum >> (28 - 4 * i) & 15];
}

/* Whether everything but numbers and checksum is as it must be. */
static TFC_UNUSED int tfc_sized_head_fits(const tfc_sized_state *s, const unsigned char *in) {
  size_t from = s->checksum_at + 8, i;
  if (memcmp(in, s->head, s->checksum_at))
    return 0;
  for (i = 0; i < s->num_places; ++i) {
    if (memcmp(in + from, s->head + from, s->places[i] - from))
      return 0;
    from = s->places[i] + TFC_DIGITS;
  }
  return memcmp(in + from, s->head + from, s->head_bytes - from) == 0;
}

/* The numbers in the head; whether they describe `data_bytes` bytes without gaps. */
static TFC_UNUSED int tfc_sized_numbers(const tfc_sized_state *s, const unsigned char *in, size_t data_bytes,
                                        int64_t *numbers) {
  size_t place = 0, end = 0, i;
  for (i = 0; i < s->num_places; ++i)
    if (!tfc_get_number(in + s->places[i], &numbers[i]))
      return 0;
  for (i = 0; i < s->num_parts; ++i) {
    const tfc_sized_part *p = &s->parts[i];
    size_t length = tfc_part_bytes(p, NULL, &numbers[place]);
    int32_t k;
    for (k = 0; p->sizes && k < p->rank; ++k)
      place += p->shape[k] < 0;
    if (length > data_bytes - end || (uint64_t)numbers[place] != end || (uint64_t)numbers[place + 1] != end + length)
      return 0;
    place += 2;
    end += length;
  }
  return end == data_bytes;
}

/* `numbers` and `fresh`: room for `num_places` and `num_parts`. Memory is got before anything changes. */
static TFC_UNUSED int32_t tfc_load_sized(tfc_host *host, const tfc_sized_state *s, void *state, const void *bytes,
                                         size_t num_bytes, int64_t *numbers, void **fresh) {
  const unsigned char *in = (const unsigned char *)bytes, *data;
  tfc_context ctx = tfc_make_context(host, NULL, 0);
  size_t i, place = 0;
  uint32_t checksum;
  int same = 1;
  if (!state)
    return tfc_refuse(host, "the state to load is NULL", s->name);
  if (!bytes || num_bytes < s->head_bytes || !tfc_sized_head_fits(s, in) ||
      !tfc_sized_numbers(s, in, num_bytes - s->head_bytes, numbers))
    return tfc_fail(host, TFC_FAILED_PRECONDITION, "these bytes are the state of another program or version, or cut off",
                    s->name);
  data = in + s->head_bytes;
  checksum = tfc_sized_checksum(s, in, num_bytes);
  for (i = 0; i < 8; ++i)
    same = same && in[s->checksum_at + i] == (unsigned char)"0123456789abcdef"[checksum >> (28 - 4 * i) & 15];
  if (!same)
    return tfc_fail(host, TFC_FAILED_PRECONDITION, "the state is damaged: its checksum differs", s->name);
  for (i = 0; i < s->num_parts; ++i) {
    const tfc_sized_part *p = &s->parts[i];
    size_t length = tfc_part_bytes(p, NULL, &numbers[place]);
    int32_t k;
    for (k = 0; p->sizes && k < p->rank; ++k)
      place += p->shape[k] < 0;
    place += 2;
    fresh[i] = p->sizes ? ctx.allocate(&ctx, (int64_t)(length ? length : 1)) : NULL;
    if (p->sizes && !fresh[i]) {
      while (i--)
        if (fresh[i])
          ctx.deallocate(&ctx, fresh[i]);
      return tfc_fail(host, TFC_OUT_OF_MEMORY, "no memory for the variables of the state", s->name);
    }
  }
  for (i = place = 0; i < s->num_parts; ++i) {
    const tfc_sized_part *p = &s->parts[i];
    size_t length = tfc_part_bytes(p, NULL, &numbers[place]);
    int32_t k;
    if (p->sizes) {
      ctx.deallocate(&ctx, tfc_part_data(p, state));
      tfc_part_set(p, state, fresh[i], &numbers[place]);
    }
    if (length)
      memcpy(tfc_part_data(p, state), data, length);
    data += length;
    for (k = 0; p->sizes && k < p->rank; ++k)
      place += p->shape[k] < 0;
    place += 2;
  }
  return TFC_OK;
}

#ifdef __cplusplus
}
#endif

#endif /* TFC_SIZED_STATE_H */
