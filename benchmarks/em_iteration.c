/* EM for a mixture of full covariances in two features, and nothing else: no
   rule, no floor, no trace, no weights. cc -O3 -march=native -ffast-math
   em_iteration.c -lm, which makes registers of rows out of the loops, and of
   exp and log.

   em_iteration ITERATIONS < NUMBERS: N and K, N rows, K times weight, mean (2)
   and covariance (xx, xy, yy). Prints nanoseconds an iteration, the least of
   five readings, and the mean log-likelihood before the last M-step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 4096, COMPONENTS = 16 };

static double x[ROWS] __attribute__((aligned(64))),
    y[ROWS] __attribute__((aligned(64)));
static double density[COMPONENTS][ROWS] __attribute__((aligned(64)));
static double sum[ROWS] __attribute__((aligned(64)));

typedef struct {
  double weight, mx, my, xx, xy, yy;
} Component;

static double iterate(int n, int k, Component *components) {
  for (int i = 0; i < n; ++i)
    sum[i] = 0.0;
  for (int c = 0; c < k; ++c) {
    const Component p = components[c];
    const double l11 = sqrt(p.xx), l21 = p.xy / l11,
                 l22 = sqrt(p.yy - l21 * l21);
    const double a = 1.0 / l11, b = -l21 / (l11 * l22), d = 1.0 / l22;
    const double constant = log(p.weight) - log(l11 * l22) - 1.8378770664093453;
    double *e = density[c];
    for (int i = 0; i < n; ++i) {
      const double u = x[i] - p.mx, v = y[i] - p.my, s = a * u,
                   t = b * u + d * v;
      e[i] = exp(constant - 0.5 * (s * s + t * t));
      sum[i] += e[i];
    }
  }
  double likelihood = 0.0;
  for (int i = 0; i < n; ++i) {
    likelihood += log(sum[i]);
    sum[i] = 1.0 / sum[i];
  }
  for (int c = 0; c < k; ++c) {
    Component *p = &components[c];
    const double mx = p->mx, my = p->my, *e = density[c];
    double w = 0.0, fx = 0.0, fy = 0.0, xx = 0.0, xy = 0.0, yy = 0.0;
    for (int i = 0; i < n; ++i) {
      const double r = e[i] * sum[i], u = x[i] - mx, v = y[i] - my, ru = r * u,
                   rv = r * v;
      w += r;
      fx += ru;
      fy += rv;
      xx += ru * u;
      xy += ru * v;
      yy += rv * v;
    }
    fx /= w;
    fy /= w;
    *p = (Component){
        w / n,           mx + fx, my + fy, xx / w - fx * fx, xy / w - fx * fy,
        yy / w - fy * fy};
  }
  return likelihood / n;
}

int main(int argc, char **argv) {
  const int iterations = argc > 1 ? atoi(argv[1]) : 10000;
  Component start[COMPONENTS], components[COMPONENTS];
  int n = 0, k = 0;
  if (scanf("%d %d", &n, &k) != 2 || n < 1 || n > ROWS || k < 1 ||
      k > COMPONENTS)
    return 1;
  for (int i = 0; i < n; ++i)
    if (scanf("%lf %lf", &x[i], &y[i]) != 2)
      return 1;
  for (int c = 0; c < k; ++c) {
    Component *p = &start[c];
    if (scanf("%lf %lf %lf %lf %lf %lf", &p->weight, &p->mx, &p->my, &p->xx,
              &p->xy, &p->yy) != 6)
      return 1;
  }
  double least = HUGE_VAL, likelihood = 0.0;
  for (int reading = 0; reading < 5; ++reading) {
    struct timespec before, after;
    memcpy(components, start, sizeof start);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    for (int i = 0; i < iterations; ++i)
      likelihood = iterate(n, k, components);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const double taken = 1e9 * (double)(after.tv_sec - before.tv_sec) +
                         (double)(after.tv_nsec - before.tv_nsec);
    if (taken < least)
      least = taken;
  }
  printf("%.9g %.15g\n", least / iterations, likelihood);
  return 0;
}
