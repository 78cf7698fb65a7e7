// SPDX-License-Identifier: GPL-2.0
/*
 * powercut run FILE sync|fsync SEED NAME
 * powercut verify FILE sync|fsync SEED NAME PROMISED
 *
 * "run" writes for ever, operation 1, 2, 3..., all of which SEED determines,
 * and says "promise NAME N" in the kernel's log when all up to N must survive a
 * power cut: sync writes through a MAP_SYNC mapping, mostly into holes, and
 * flushes the CPU's cache; fsync writes, maps, punches, and calls fsync().
 * "verify" does as much in memory up to PROMISED and compares, word by word.
 * Words of later operations, of which some may have come through, are as good.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <linux/falloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SLOT	4096UL
#define NSLOTS	8192UL
#define LARGE	512UL		/* slots: a PMD entry */
#define WORDS	(SLOT / 8)
/* How many operations may have come through that were not promised. */
#define LATER	20000UL

enum kind { WRITE, MWRITE, PUNCH };

struct op {
	enum kind kind;
	unsigned long slot, nr;
};

static uint64_t seed;

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = seed ^ a * 0x9e3779b97f4a7c15 ^ b * 0xc2b2ae3d27d4eb4f;

	x ^= x >> 31;
	x *= 0xbf58476d1ce4e5b9;
	return x ^ x >> 29;
}

/* Word @k of @slot after operation @i; 0 is nobody's. */
static uint64_t word(uint64_t i, unsigned long slot, unsigned int k)
{
	return mix(i << 16 ^ slot, k) | 1;
}

static struct op operation(bool sync, uint64_t i)
{
	uint64_t r = mix(i, 77);
	struct op op = { .slot = (r >> 8) % NSLOTS, .nr = 1 };

	if (!(r % 97)) {
		op.nr = LARGE;
		op.slot &= ~(LARGE - 1);
	}
	op.kind = MWRITE;
	if (!sync && (r >> 40) % 8 < 5)
		op.kind = (r >> 40) % 8 < 4 ? WRITE : PUNCH;
	return op;
}

static void die(const char *what)
{
	fprintf(stderr, "powercut: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void promise(int log, const char *name, uint64_t i)
{
	char buf[64];

	snprintf(buf, sizeof(buf), "lab: promise %s %llu", name,
		 (unsigned long long)i);
	if (write(log, buf, strlen(buf)) < 0)
		die("/dev/kmsg");
}

static void make(uint64_t *p, uint64_t i, struct op *op)
{
	unsigned long s, k;

	for (s = 0; s < op->nr; s++)
		for (k = 0; k < WORDS; k++)
			*p++ = word(i, op->slot + s, k);
}

static bool has_clwb;

/* What libpmem's pmem_persist() does; the file system has done its part. */
__attribute__((target("clwb,clflushopt")))
static void flush(char *p, size_t len)
{
	char *end = p + len;

	for (; p < end; p += 64) {
		if (has_clwb)
			_mm_clwb(p);
		else
			_mm_clflush(p);
	}
	_mm_sfence();
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void run(const char *file, bool sync, const char *name)
{
	uint64_t i, said = now_ms(), *buf = malloc(LARGE * SLOT);
	char dir[256], *slash, *map;
	int fd, log, dirfd, batch = 0;
	unsigned int a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	has_clwb = b >> 24 & 1;
	log = open("/dev/kmsg", O_WRONLY);
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (log < 0 || fd < 0 || ftruncate(fd, NSLOTS * SLOT) || fsync(fd))
		die(file);
	snprintf(dir, sizeof(dir), "%.250s", file);
	slash = strrchr(dir, '/');
	*slash = 0;
	dirfd = open(dir, O_RDONLY);
	if (dirfd < 0 || fsync(dirfd))
		die(dir);
	map = mmap(NULL, NSLOTS * SLOT, PROT_READ | PROT_WRITE, sync ?
		   MAP_SHARED_VALIDATE | MAP_SYNC : MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap");
	promise(log, name, 0);

	for (i = 1; ; i++) {
		struct op op = operation(sync, i);
		size_t len = op.nr * SLOT, off = op.slot * SLOT;

		if (op.kind == PUNCH) {
			if (fallocate(fd, FALLOC_FL_PUNCH_HOLE |
				      FALLOC_FL_KEEP_SIZE, off, len))
				die("fallocate");
		} else {
			make(buf, i, &op);
			if (op.kind == WRITE) {
				if (pwrite(fd, buf, len, off) != len)
					die("pwrite");
			} else {
				memcpy(map + off, buf, len);
			}
		}
		if (sync) {
			flush(map + off, len);
		} else {
			if (++batch <= mix(i, 5) % 8)
				continue;
			batch = 0;
			if (mix(i, 6) % 4 ? fsync(fd) : fdatasync(fd))
				die("fsync");
		}
		if (now_ms() - said >= 10) {
			promise(log, name, i);
			said = now_ms();
		}
	}
}

struct state {
	uint64_t i;
	bool punched;
};

static uint64_t expected(struct state *s, unsigned long slot, unsigned int k)
{
	return s->i && !s->punched ? word(s->i, slot, k) : 0;
}

/* The later operations that may have come through to @slot. */
static int later(bool sync, uint64_t promised, unsigned long slot,
		 struct state *states, int max)
{
	uint64_t i;
	int n = 0;

	for (i = promised + 1; i <= promised + LATER && n < max; i++) {
		struct op op = operation(sync, i);

		if (slot >= op.slot && slot < op.slot + op.nr)
			states[n++] = (struct state){ i, op.kind == PUNCH };
	}
	return n;
}

static int verify(const char *file, bool sync, const char *name, uint64_t promised)
{
	struct state *slots = calloc(NSLOTS, sizeof(*slots));
	struct state states[256];
	uint64_t buf[WORDS], i, n_later = 0, written = 0;
	unsigned long slot;
	unsigned int k;
	int fd, n, nr;
	char *map;

	for (i = 1; i <= promised; i++) {
		struct op op = operation(sync, i);

		for (slot = op.slot; slot < op.slot + op.nr; slot++)
			slots[slot] = (struct state){ i, op.kind == PUNCH };
	}
	fd = open(file, O_RDONLY);
	if (fd < 0)
		die(file);
	map = mmap(NULL, NSLOTS * SLOT, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap");
	for (slot = 0; slot < NSLOTS; slot++) {
		if (pread(fd, buf, SLOT, slot * SLOT) != SLOT)
			die("read");
		if (memcmp(buf, map + slot * SLOT, SLOT)) {
			printf("LOST %s: slot %lu: read() and the mapping differ\n",
			       name, slot);
			return 1;
		}
		written += slots[slot].i && !slots[slot].punched;
		nr = -1;
		for (k = 0; k < WORDS; k++) {
			if (buf[k] == expected(&slots[slot], slot, k))
				continue;
			if (nr < 0)
				nr = later(sync, promised, slot, states,
					   sizeof(states) / sizeof(*states));
			for (n = 0; n < nr; n++)
				if (buf[k] == expected(&states[n], slot, k))
					break;
			if (n == nr) {
				printf("LOST %s: slot %lu, word %u: %#llx, not %#llx of operation %llu%s; %llu were promised\n",
				       name, slot, k, (unsigned long long)buf[k],
				       (unsigned long long)expected(&slots[slot], slot, k),
				       (unsigned long long)slots[slot].i,
				       slots[slot].punched ? ", which punched it" : "",
				       (unsigned long long)promised);
				return 1;
			}
		}
		n_later += nr >= 0;
	}
	printf("kept %s: %llu operations, %llu slots written, %llu with later ones\n",
	       name, (unsigned long long)promised, (unsigned long long)written,
	       (unsigned long long)n_later);
	return 0;
}

int main(int argc, char **argv)
{
	bool sync;

	if (argc < 6 || (strcmp(argv[3], "sync") && strcmp(argv[3], "fsync"))) {
		fprintf(stderr, "usage: powercut run|verify FILE sync|fsync SEED NAME [PROMISED]\n");
		return 2;
	}
	sync = !strcmp(argv[3], "sync");
	seed = strtoull(argv[4], NULL, 0) * 0x2545f4914f6cdd1d + sync;
	if (!strcmp(argv[1], "run"))
		run(argv[2], sync, argv[5]);
	if (argc < 7)
		return 2;
	return verify(argv[2], sync, argv[5], strtoull(argv[6], NULL, 0));
}
