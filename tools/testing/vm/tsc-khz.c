// SPDX-License-Identifier: GPL-2.0
/* Prints how many kHz this machine's TSC runs at, by CLOCK_MONOTONIC_RAW. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

struct sample {
	double ns;
	double ticks;
};

/* The tightest of many pairs: being preempted in between must not count. */
static struct sample take(void)
{
	unsigned long long best = ~0ULL;
	struct sample s = { 0 };

	for (int i = 0; i < 1000; i++) {
		unsigned long long before = __rdtsc(), after;
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = __rdtsc();
		if (after - before < best) {
			best = after - before;
			s.ns = ts.tv_sec * 1e9 + ts.tv_nsec;
			s.ticks = before + best / 2.0;
		}
	}
	return s;
}

int main(void)
{
	struct sample a = take(), b;

	usleep(100000);
	b = take();
	printf("%.0f\n", (b.ticks - a.ticks) / (b.ns - a.ns) * 1e6);
	return 0;
}
