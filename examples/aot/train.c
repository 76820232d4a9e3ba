/* Trains the classifier of model.py from nothing, saves its state, and goes on in a second one. No Python, no library. */
#include "classifier.h"

static unsigned char bytes[classifier_state_bytes];

int main(void) {
  static const float x[6 * 4] = {1, 0, 0, 0.1f, 0.9f, 0.1f, 0, 0, 0, 1, 0, 0.2f, 0.1f, 1, 0.1f, 0, 0, 0, 1, 0, 0, 0.2f, 0.8f, 0.1f};
  static const int32_t y[6] = {0, 0, 1, 1, 2, 2}, wrong[6] = {0, 0, 1, 1, 2, 3};
  classifier_state one, two;
  tfc_host host = {0};
  float loss = 0, *p;
  int64_t rows;
  int step;

  classifier_init(&one);
  for (step = 0; step < 100; ++step)
    if (classifier_train(&host, &one, x, 6, y, 6, &loss) != TFC_OK)
      return 1;
  printf("loss %.3f after %d steps\n", loss, one.steps[0]);

  classifier_save(&one, bytes);
  if (classifier_load(&host, &two, bytes, sizeof bytes) != TFC_OK)
    return 2;
  if (classifier_predict(&host, &two, x, 6, &p, &rows) != TFC_OK)
    return 3;
  printf("%d rows, first: %.2f %.2f %.2f\n", (int)rows, p[0], p[1], p[2]);
  tfc_release(&host, p);

  if (classifier_train(&host, &two, x, 6, wrong, 6, &loss) != TFC_INVALID_ARGUMENT)
    return 4;
  printf("refused: %s (%s)\n", host.message, tfc_status_name(host.code));
  return two.steps[0] == 100 ? 0 : 5;
}
