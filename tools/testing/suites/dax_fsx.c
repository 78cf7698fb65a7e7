// SPDX-License-Identifier: GPL-2.0
/*
 * dax_fsx [-s SEED] [-t SECONDS] [-n OPERATIONS] [-w WORKERS] [-m MEDDLERS]
 *	   [-d DISK] [-x] DIR...
 *
 * For each DIR, on a DAX file system: WORKERS processes with a file of their
 * own, which they change in all ways there are and compare with a copy in
 * memory, and MEDDLERS with two files that all of them change at once and
 * nobody verifies.  A worker's operations depend on SEED only.  DISK, which has
 * no DAX, gets O_DIRECT I/O with mappings for buffers.  -x: no reflink (where
 * pages that files share cannot be pinned).  Exit: 0, or 1 with the last
 * operations of the worker that found a difference.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MAP_SYNC
#define MAP_SYNC	0x080000
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

#define MAX	(6UL << 20)
#define PAGE	4096UL
#define PMD	(2UL << 20)
#define STRIPE	(1UL << 20)	/* of DISK, for each process */
#define HISTORY	24

static unsigned long seed = 1, seconds = 60, operations;
static const char *disk;
static bool no_reflink;

/* --- of one process */
static uint64_t rng;
static const char *me = "dax_fsx";
static char history[HISTORY][96];
static unsigned long done;

static uint64_t rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng * 0x2545f4914f6cdd1d >> 16;
}

static unsigned long below(unsigned long n)
{
	return n ? rnd() % n : 0;
}

static void op(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(history[done++ % HISTORY], sizeof(*history), fmt, ap);
	va_end(ap);
}

static void fail(const char *fmt, ...)
{
	char text[256];
	unsigned long i;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("FAILED %s, operation %lu, SEED=%lu: %s\n", me, done, seed, text);
	for (i = done > HISTORY ? done - HISTORY : 0; i < done; i++)
		printf("  %lu: %s\n", i + 1, history[i % HISTORY]);
	fflush(stdout);
	_exit(1);
}

/* --- memory that may not be there */
static __thread sigjmp_buf env;
static __thread volatile bool guarded;
static bool meddling;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	/* The device goes, and xfs says so to all who have a file mapped. */
	if (meddling && info->si_code == BUS_MCEERR_AO)
		return;
	if (!guarded) {
		/* A bug of this program, or a page that had to be there. */
		printf("FAILED %s: signal %d in operation %lu: %s\n", me, sig,
		       done, history[(done - 1) % HISTORY]);
		fflush(stdout);
		_exit(1);
	}
	siglongjmp(env, 1);
}

static bool copy(void *to, const void *from, size_t len)
{
	bool ok = false;

	guarded = true;
	if (!sigsetjmp(env, 1)) {
		memcpy(to, from, len);
		ok = true;
	}
	guarded = false;
	return ok;
}

static void *map_at(int fd, size_t off, size_t len, int prot, int flags)
{
	/* Aligned as a PMD wants it, or not at all. */
	size_t skew = below(3) ? off % PMD : off % PMD + PAGE;
	char *area = mmap(NULL, len + 2 * PMD, PROT_NONE, MAP_PRIVATE |
			  MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t start;

	if (area == MAP_FAILED)
		return MAP_FAILED;
	start = ((uintptr_t)area + PMD - 1) / PMD * PMD + skew % PMD;
	munmap(area, len + 2 * PMD);
	/* No MAP_FIXED: another thread may have taken it. */
	return mmap((void *)start, len, prot, flags, fd, off);
}

/* --- a worker: one file and what is in it */
struct file {
	int fd;
	char *data;		/* MAX bytes, 0 behind size */
	size_t size;
};

static struct file own, other;
static bool cloned;
static int direct = -1;
static off_t stripe;
static char *buf;		/* MAX bytes */
static char dir_of[256];

static void compare(struct file *f, const char *got, size_t off, size_t len,
		    const char *how)
{
	size_t i;

	if (!memcmp(got, f->data + off, len))
		return;
	for (i = 0; got[i] == f->data[off + i]; i++)
		;
	fail("%s: byte %#lx of %#lx is %#x, not %#x (from %#lx, %#lx bytes)", how,
	     off + i, f->size, got[i] & 255, f->data[off + i] & 255, off, len);
}

static void pattern(char *p, size_t len)
{
	uint64_t x = rnd() | 1;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8, x += 0x9e3779b97f4a7c15)
		memcpy(p + i, &x, 8);
	for (; i < len; i++)
		p[i] = x >> 8;
}

/* A range of the file; of pages only, if @whole. */
static bool range(struct file *f, bool whole, size_t *off, size_t *len)
{
	size_t max = below(4) ? 64 << 10 : 3 << 20;

	if (f->size < 2 * PAGE)
		return false;
	*off = below(f->size - PAGE);
	*len = below(max) + 1;
	if (!below(8))
		*off &= ~(PMD - 1);
	if (whole) {
		*off &= ~(PAGE - 1);
		*len = (*len + PAGE - 1) & ~(PAGE - 1);
		if (*off + *len > f->size)
			*len = (f->size - *off) & ~(PAGE - 1);
	} else if (*off + *len > f->size) {
		*len = f->size - *off;
	}
	return *len;
}

static void check(int ret, const char *what)
{
	if (ret < 0)
		fail("%s: %s", what, strerror(errno));
}

static void do_write(struct file *f)
{
	size_t off = below(MAX - PAGE), len = below(below(4) ? 64 << 10 : 2 << 20) + 1;

	if (off > f->size && below(2))
		off = f->size;
	if (off + len > MAX)
		len = MAX - off;
	op("write %#lx %#lx", off, len);
	pattern(buf, len);
	if (pwrite(f->fd, buf, len, off) != len)
		fail("pwrite: %s", strerror(errno));
	memcpy(f->data + off, buf, len);
	if (off + len > f->size)
		f->size = off + len;
}

static void do_read(struct file *f)
{
	struct stat st;
	size_t off, len;

	check(fstat(f->fd, &st), "fstat");
	if (st.st_size != f->size)
		fail("size %#lx, not %#lx", (long)st.st_size, f->size);
	if (!range(f, false, &off, &len))
		return;
	op("read %#lx %#lx", off, len);
	if (pread(f->fd, buf, len, off) != len)
		fail("pread: %s", strerror(errno));
	compare(f, buf, off, len, "read()");
}

/* Through a mapping of a part: verifies, writes, verifies. */
static void do_map(struct file *f)
{
	static const char * const names[] = { "shared", "sync", "private" };
	size_t off, len, start, skip;
	int kind = below(3), flags = MAP_SHARED;
	char *p;

	if (!range(f, false, &off, &len))
		return;
	start = off & ~(PAGE - 1);
	skip = off - start;
	if (kind == 1)
		flags = MAP_SHARED_VALIDATE | MAP_SYNC;
	else if (kind == 2)
		flags = MAP_PRIVATE;
	op("map %s %#lx %#lx", names[kind], off, len);
	p = map_at(f->fd, start, len + skip, PROT_READ | PROT_WRITE, flags);
	if (p == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	if (below(2))
		compare(f, p + skip, off, len, "mapping");
	if (!below(4))
		madvise(p, len + skip, below(2) ? MADV_POPULATE_READ :
			MADV_POPULATE_WRITE);
	pattern(buf, len);
	memcpy(p + skip, buf, len);
	if (memcmp(p + skip, buf, len))
		fail("a mapping does not have what was written to it");
	if (kind < 2)
		memcpy(f->data + off, buf, len);
	if (!below(4)) {
		/* A child sees the same, and does not disturb. */
		pid_t pid = fork();
		int status;

		check(pid, "fork");
		if (!pid) {
			if (kind == 2)
				memset(p + skip, 0, len);
			_exit(kind < 2 && memcmp(p + skip, buf, len));
		}
		if (below(2))
			madvise(p, len + skip, kind == 2 ? MADV_NORMAL :
				MADV_DONTNEED);
		check(waitpid(pid, &status, 0), "waitpid");
		if (status)
			fail("the child saw something else: %#x", status);
		if (memcmp(p + skip, buf, len))
			fail("the child changed something");
	}
	if (!below(4)) {
		char *q = mremap(p, len + skip, len + skip, MREMAP_MAYMOVE |
				 MREMAP_DONTUNMAP, NULL);

		/* Which only private anonymous and shared mappings know. */
		if (q != MAP_FAILED) {
			if (memcmp(q + skip, buf, len))
				fail("moved, the mapping has something else");
			munmap(q, len + skip);
		}
	}
	if (!below(4))
		munmap(p + (skip + len) / 2 / PAGE * PAGE, PAGE);
	if (below(2) && kind < 2)
		msync(p, skip + len, MS_SYNC);
	munmap(p, len + skip);
}

static void truncate_to(struct file *f, size_t size)
{
	op("truncate %#lx", size);
	check(ftruncate(f->fd, size), "ftruncate");
	if (size < f->size)
		memset(f->data + size, 0, f->size - size);
	f->size = size;
}

static void do_truncate(struct file *f)
{
	truncate_to(f, below(2) ? below(MAX) : below(MAX) & ~(PAGE - 1));
}

static void do_falloc(struct file *f)
{
	size_t off, len;
	int ret, kind = below(5);

	if (!range(f, kind == 2 || kind == 3, &off, &len))
		return;
	switch (kind) {
	case 0:
		op("punch %#lx %#lx", off, len);
		ret = fallocate(f->fd, FALLOC_FL_PUNCH_HOLE |
				FALLOC_FL_KEEP_SIZE, off, len);
		memset(f->data + off, 0, len);
		break;
	case 1:
		op("zero %#lx %#lx", off, len);
		ret = fallocate(f->fd, FALLOC_FL_ZERO_RANGE, off, len);
		memset(f->data + off, 0, len);
		break;
	case 2:
		if (off + len >= f->size)
			return;
		op("collapse %#lx %#lx", off, len);
		ret = fallocate(f->fd, FALLOC_FL_COLLAPSE_RANGE, off, len);
		memmove(f->data + off, f->data + off + len, f->size - off - len);
		f->size -= len;
		memset(f->data + f->size, 0, len);
		break;
	case 3:
		if (f->size + len > MAX || off >= f->size)
			return;
		op("insert %#lx %#lx", off, len);
		ret = fallocate(f->fd, FALLOC_FL_INSERT_RANGE, off, len);
		memmove(f->data + off + len, f->data + off, f->size - off);
		memset(f->data + off, 0, len);
		f->size += len;
		break;
	default:
		op("allocate %#lx %#lx", off, len);
		ret = fallocate(f->fd, FALLOC_FL_KEEP_SIZE, off, len);
		break;
	}
	check(ret, "fallocate");
}

/* DISK reads from and writes to a mapping: pins. */
static void do_direct(struct file *f)
{
	size_t off, len;
	char *p;

	if (direct < 0 || !range(f, true, &off, &len))
		return;
	if (len > STRIPE)
		len = STRIPE;
	op("O_DIRECT %#lx %#lx", off, len);
	p = map_at(f->fd, off, len, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (p == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	if (pwrite(direct, p, len, stripe) != len)
		fail("O_DIRECT write from a mapping: %s", strerror(errno));
	if (below(2)) {
		memset(p, 0, len);
		memset(f->data + off, 0, len);
		if (pread(direct, p, len, stripe) != len)
			fail("O_DIRECT read into a mapping: %s", strerror(errno));
		/* What it was before. */
		memcpy(f->data + off, p, len);
		if (pread(direct, buf, len, stripe) != len)
			fail("O_DIRECT read: %s", strerror(errno));
		compare(f, buf, off, len, "O_DIRECT into a mapping");
	} else {
		if (pread(direct, buf, len, stripe) != len)
			fail("O_DIRECT read: %s", strerror(errno));
		compare(f, buf, off, len, "O_DIRECT from a mapping");
	}
	munmap(p, len);
}

/* A pipe holds pages of the file, of which the mapping is gone. */
static void do_splice(struct file *f)
{
	size_t off, len;
	struct iovec iov;
	int p[2], status;
	ssize_t n;
	pid_t pid;
	char *map;

	if (!range(f, true, &off, &len))
		return;
	if (len > 8 * PAGE)
		len = 8 * PAGE;
	op("vmsplice %#lx %#lx", off, len);
	check(pipe(p), "pipe");
	map = map_at(f->fd, off, len, PROT_READ, MAP_SHARED);
	if (map == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	iov = (struct iovec){ map, len };
	n = vmsplice(p[1], &iov, 1, 0);
	check(n, "vmsplice");
	munmap(map, len);
	if (below(2)) {
		/* Whoever has the pages now reads them while we wait for that. */
		pid = fork();
		check(pid, "fork");
		if (!pid) {
			usleep(below(20000));
			_exit(read(p[0], buf, n) != n ||
			      memcmp(buf, f->data + off, n));
		}
		close(p[0]);
		close(p[1]);
		/* Bytes at a new end would be zeroed for all to see. */
		truncate_to(f, below(MAX) & ~(PAGE - 1));
		check(waitpid(pid, &status, 0), "waitpid");
		if (status)
			fail("the pipe had something else: %#x", status);
		return;
	}
	if (read(p[0], buf, n) != n)
		fail("read from a pipe: %s", strerror(errno));
	compare(f, buf, off, n, "pipe");
	close(p[0]);
	close(p[1]);
}

/* Somebody else's eyes: by process_vm_readv() and /proc/PID/mem. */
static void do_remote(struct file *f)
{
	struct iovec local, remote;
	size_t off, len;
	char *p;

	if (!range(f, true, &off, &len))
		return;
	op("process_vm_readv %#lx %#lx", off, len);
	p = map_at(f->fd, off, len, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (p == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	local = (struct iovec){ buf, len };
	remote = (struct iovec){ p, len };
	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != len)
		fail("process_vm_readv: %s", strerror(errno));
	compare(f, buf, off, len, "process_vm_readv()");
	pattern(buf, len);
	if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) != len)
		fail("process_vm_writev: %s", strerror(errno));
	memcpy(f->data + off, buf, len);
	munmap(p, len);
}

/* Fixed buffers are pins without an end, which DAX files refuse. */
static void do_uring(struct file *f)
{
	struct io_uring_params params = { 0 };
	struct iovec iov;
	size_t off, len;
	int ring;
	char *p;

	if (!range(f, true, &off, &len))
		return;
	op("io_uring %#lx %#lx", off, len);
	ring = syscall(__NR_io_uring_setup, 2, &params);
	if (ring < 0)
		return;
	p = map_at(f->fd, off, len, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (p == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	iov = (struct iovec){ p, len };
	if (!syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1))
		fail("io_uring has pinned pages of a DAX file for ever");
	munmap(p, len);
	close(ring);
}

static void do_clone(struct file *f)
{
	if (no_reflink)
		return;
	op("clone");
	/* What is behind the end of the source would stay. */
	check(ftruncate(other.fd, 0), "ftruncate");
	if (ioctl(other.fd, FICLONE, own.fd)) {
		if (!cloned && (errno == EOPNOTSUPP || errno == ENOTTY)) {
			no_reflink = true;
			return;
		}
		fail("FICLONE: %s", strerror(errno));
	}
	memcpy(other.data, own.data, MAX);
	other.size = own.size;
	cloned = true;
}

static void do_sync(struct file *f)
{
	op("fsync");
	check(below(2) ? fsync(f->fd) : fdatasync(f->fd), "fsync");
}

static void (* const actions[])(struct file *f) = {
	do_write, do_write, do_read, do_read, do_map, do_map, do_map, do_map,
	do_truncate, do_falloc, do_falloc, do_falloc, do_direct, do_splice,
	do_remote, do_uring, do_clone, do_sync,
};

static time_t deadline;

static bool go_on(void)
{
	struct timespec ts;

	if (operations)
		return done < operations;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec < deadline;
}

static int open_file(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		fail("%s: %s", name, strerror(errno));
	return fd;
}

static void prepare(const char *dir, unsigned int d, unsigned int n, char kind)
{
	struct sigaction action = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};
	static char name[300];

	snprintf(dir_of, sizeof(dir_of), "%.250s", dir);
	snprintf(name, sizeof(name), "%s %s %u", dir, kind == 'w' ? "worker" :
		 "meddler", n);
	me = name;
	rng = (seed * 0x9e3779b97f4a7c15) ^ (d * 1000 + n + kind * 100000UL) *
	      0xc2b2ae3d27d4eb4f;
	rng += !rng;
	buf = aligned_alloc(PAGE, MAX);
	memset(buf, 0, MAX);
	if (disk) {
		stripe = (d * 16UL + n + (kind == 'w' ? 0 : 8)) % 60 * STRIPE;
		direct = open(disk, O_RDWR | O_DIRECT | O_CLOEXEC);
		if (direct < 0)
			fail("%s: %s", disk, strerror(errno));
	}
	meddling = kind == 'm';
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

static void worker(const char *dir, unsigned int d, unsigned int n)
{
	char path[300];

	prepare(dir, d, n, 'w');
	snprintf(path, sizeof(path), "%s/fsx.%u", dir_of, n);
	own.fd = open_file(path);
	own.data = calloc(1, MAX);
	snprintf(path, sizeof(path), "%s/fsx.%u.clone", dir_of, n);
	other.fd = open_file(path);
	other.data = calloc(1, MAX);
	while (go_on()) {
		struct file *f = cloned && !below(3) ? &other : &own;

		actions[below(sizeof(actions) / sizeof(*actions))](f);
	}
	op("the end");
	if (pread(own.fd, buf, MAX, 0) != own.size)
		fail("the file is shorter");
	compare(&own, buf, 0, own.size, "at the end");
	printf("%s: %lu operations%s\n", me, done, cloned ? ", with clones" : "");
	fflush(stdout);
	_exit(0);
}

/* --- files that everybody changes: no call may hang, and errors are welcome */
static int shared[2];
static char *volatile window;
static volatile bool stop;

static void *faults(void *arg)
{
	uint64_t x = (uintptr_t)arg;
	char c[64];

	while (!stop) {
		x = x * 6364136223846793005 + 1;
		if (x >> 60 & 1)
			copy(c, window + (x >> 20) % (MAX - 64), sizeof(c));
		else
			copy(window + (x >> 20) % (MAX - 64), c, sizeof(c));
	}
	return NULL;
}

static void meddle(void)
{
	int fd = shared[below(2)], p[2], status;
	size_t off = below(MAX) & ~(PAGE - 1), len = below(1 << 20);
	struct iovec iov = { window + off, PAGE };
	pid_t pid;

	op("meddle");
	switch (below(13)) {
	case 0:
		ftruncate(fd, below(MAX));
		break;
	case 1:
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len);
		break;
	case 2:
		fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, off, PAGE);
		break;
	case 3:
		fallocate(fd, FALLOC_FL_INSERT_RANGE, off, PAGE);
		break;
	case 4:
		pwrite(fd, buf, len, off);
		break;
	case 5:
		pread(fd, buf, len, off);
		break;
	case 6:
		madvise(window + off / 2, len, below(2) ? MADV_DONTNEED :
			MADV_POPULATE_WRITE);
		break;
	case 7:
		if (mmap(window, MAX, PROT_READ | PROT_WRITE, MAP_FIXED |
			 (below(4) ? MAP_SHARED : MAP_PRIVATE), fd, 0) == MAP_FAILED &&
		    errno != EIO)	/* the device is gone */
			fail("mmap: %s", strerror(errno));
		break;
	case 8:
		if (direct >= 0)
			pwrite(direct, window + off, 8 * PAGE, stripe);
		break;
	case 9:
		if (direct >= 0)
			pread(direct, window + off, 8 * PAGE, stripe);
		break;
	case 10:
		pid = fork();
		if (!pid) {
			copy(buf, window + off / 2, MAX / 2);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, &status, 0);
		break;
	case 11:
		if (pipe(p))
			break;
		if (vmsplice(p[1], &iov, 1, SPLICE_F_NONBLOCK) > 0)
			usleep(below(3000));
		close(p[0]);
		close(p[1]);
		break;
	case 12:
		if (!no_reflink)
			ioctl(shared[0] == fd ? shared[1] : shared[0], FICLONE, fd);
		else
			fsync(fd);
		break;
	}
}

static void meddler(const char *dir, unsigned int d, unsigned int n)
{
	char path[300];
	pthread_t t[2];
	uintptr_t i;

	prepare(dir, d, n, 'm');
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/shared.%lu", dir_of, i);
		shared[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (shared[i] < 0)
			fail("%s: %s", path, strerror(errno));
	}
	ftruncate(shared[0], MAX);
	window = map_at(shared[0], 0, MAX, PROT_READ | PROT_WRITE, MAP_SHARED);
	if (window == MAP_FAILED)
		fail("mmap: %s", strerror(errno));
	for (i = 0; i < 2; i++)
		if (pthread_create(&t[i], NULL, faults, (void *)(rnd() | 1)))
			fail("no thread");
	while (go_on())
		meddle();
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	printf("%s: %lu operations\n", me, done);
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned int workers = 2, meddlers = 2, n, d, left = 0;
	int opt, status, bad = 0;
	struct timespec ts;

	while ((opt = getopt(argc, argv, "s:t:n:w:m:d:x")) != -1) {
		switch (opt) {
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			operations = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			workers = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			meddlers = strtoul(optarg, NULL, 0);
			break;
		case 'd':
			disk = optarg;
			break;
		case 'x':
			no_reflink = true;
			break;
		default:
			optind = argc;
		}
	}
	if (optind >= argc) {
		fprintf(stderr, "usage: %s [-s SEED] [-t SECONDS] [-n OPERATIONS] [-w WORKERS] [-m MEDDLERS] [-d DISK] [-x] DIR...\n",
			argv[0]);
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	deadline = ts.tv_sec + seconds;
	printf("SEED=%lu\n", seed);
	fflush(stdout);
	setpgid(0, 0);
	for (d = 0; optind + d < argc; d++)
		for (n = 0; n < workers + meddlers; n++) {
			pid_t pid = fork();

			if (pid < 0) {
				perror("fork");
				kill(0, SIGKILL);
			}
			if (pid) {
				left++;
				continue;
			}
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (n < workers)
				worker(argv[optind + d], d, n);
			else
				meddler(argv[optind + d], d, n - workers);
		}
	while (left-- && wait(&status) > 0) {
		if (!status)
			continue;
		bad = 1;
		if (WIFSIGNALED(status))
			printf("FAILED: a process was killed by signal %d\n",
			       WTERMSIG(status));
		break;
	}
	/* The others would only overwrite what is to be seen. */
	if (bad) {
		signal(SIGTERM, SIG_IGN);
		kill(0, SIGTERM);
		while (wait(&status) > 0)
			;
	}
	return bad;
}
