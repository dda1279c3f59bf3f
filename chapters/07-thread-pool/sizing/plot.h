/*
 * plot.h - two lines in one picture: what becomes of the throughput as a pool grows
 */
#pragma once

struct measured {
    int workers;
    double computing, waiting; /* tasks per second */
};

/*
 * SVG on stdout: speed-up against the first of `count`, both axes in doublings; `cpus` and one more
 * are marked. The first is a pool of one worker, and the others follow in order.
 */
void plot(const struct measured *all, int count, int cpus);
