// SPDX-License-Identifier: GPL-2.0
/*
 * dax_inject DIR - allocations and user copies that fail in the DAX paths
 *
 * Each test does its call again and again: the first time the first thing that
 * can fail does (fail-nth), then the second, until the call passes without one.
 * After each the data is what it was or what it should be, byte by byte, and
 * nobody has a reference to a page.  "bus" wants a mount point whose NVDIMM
 * namespace it may unbind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dax_suite.h"

#define TIMEOUT		280
#define MAX_NTH		600

/* --- what fails */
static int nth_fd = -1;

static int arm(int n)
{
	char buf[16];

	if (nth_fd < 0)
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	snprintf(buf, sizeof(buf), "%d\n", n);
	return pwrite(nth_fd, buf, strlen(buf), 0) < 0 ? -errno : 0;
}

/* Did something fail since arm()? If it is this read, then nothing before it. */
static bool disarm(void)
{
	char buf[16] = "";
	bool injected = pread(nth_fd, buf, sizeof(buf) - 1, 0) > 0 && !atoi(buf);

	arm(0);
	return injected;
}

static bool set(const char *file, const char *value)
{
	return !write_text("/sys/kernel/debug", file, value);
}

static sigjmp_buf fault_env;

static void on_fault(int sig)
{
	siglongjmp(fault_env, 1);
}

/* A failure may end in a process that cannot die: say it in the log at once. */
static void tell(const char *fmt, ...)
{
	char buf[256] = "dax_inject: ";
	va_list ap;
	int fd, n = strlen(buf);

	va_start(ap, fmt);
	vsnprintf(buf + n, sizeof(buf) - n, fmt, ap);
	va_end(ap);
	fd = open("/dev/kmsg", O_WRONLY);
	write(fd, buf, strlen(buf));
	close(fd);
}

/* --- a file, what was in it, and what is to be in it */
struct file {
	int dev;
	int fd, fd2;		/* fd2: the other file of a reflink, or a copy */
	size_t size;
	char *map;
	size_t map_len;
	char *old, *want;
	off_t old_size, want_size;
	bool may_punch;		/* a call that fails may leave a hole there */
	uint64_t *pfn;
	int nr_pfns, idle_refs;
	bool pmd;
};

static size_t page(void)
{
	return dax_page_size();
}

static void remap(struct file *f, int flags)
{
	if (f->map)
		munmap(f->map, f->map_len);
	f->map_len = f->size;
	f->map = dax_map(f->fd, f->size, 0, PROT_READ | PROT_WRITE, flags,
			 f->pmd ? 0 : page());
	if (f->map == MAP_FAILED)
		f->map = NULL;
}

/* Remembers the pages of the file, which are mapped for it, as far as there are. */
static int collect(struct file *f)
{
	struct dax_test_query q;
	struct stat st;
	size_t off;

	if (fstat(f->fd, &st))
		return -errno;
	remap(f, MAP_SHARED);
	if (!f->map)
		return -errno;
	for (off = 0; off < f->size && off < st.st_size; off += page()) {
		if (dax_try_read(f->map + off) == -1)
			return -EFAULT;
		if (dax_query(f->dev, f->map + off, &q))
			return -EIO;
		if (q.pgmap == DAX_TEST_PGMAP_FS_DAX)
			f->pfn[f->nr_pfns++] = q.pfn;
	}
	munmap(f->map, f->map_len);
	f->map = NULL;
	return 0;
}

/* How many of the pages remembered are in use; @alone: nor in a file. */
static int busy(struct file *f, bool alone, const char *what, int n)
{
	struct dax_test_query q;
	int i, bad = 0;

	for (i = 0; i < f->nr_pfns; i++) {
		if (dax_query_pfn(f->dev, f->pfn[i], &q))
			return -1;
		if (q.refs == f->idle_refs && !q.maps && !q.pins &&
		    !(alone && (q.order || q.page_flags & DAX_TEST_MAPPING)))
			continue;
		if (!bad++)
			tell("%s, n %d: pfn %#llx: refs %d (idle %d), maps %d, pins %d, order %u, flags %#x",
			     what, n, q.pfn, q.refs, f->idle_refs, q.maps,
			     q.pins, q.order, q.page_flags);
	}
	return bad;
}

static void fill(char *p, size_t len, int salt)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = 'A' + (i / 64 + salt) % 26;
}

static int start(struct file *f)
{
	struct dax_test_query q;

	f->nr_pfns = 0;
	f->map = NULL;
	f->fd2 = -1;
	f->fd = dax_tmpfile(dax_targets[0], f->size);
	if (f->fd < 0)
		return f->fd;
	fill(f->old, f->size, 0);
	memset(f->old + f->size, 0, f->size);
	memcpy(f->want, f->old, 2 * f->size);
	f->old_size = f->size;
	f->want_size = f->size;
	f->may_punch = false;
	if (pwrite(f->fd, f->old, f->size, 0) != f->size)
		return -errno;
	if (collect(f))
		return -EIO;
	if (f->idle_refs < 0) {
		if (dax_query_pfn(f->dev, f->pfn[0], &q))
			return -EIO;
		f->idle_refs = q.refs;
	}
	return 0;
}

/* Every byte is old or new; if the call says so, all of them are new. */
static bool right(struct file *f, bool done, const char *what, int n)
{
	static char *got;
	struct stat st;
	ssize_t len;
	off_t i;

	if (!got)
		got = malloc(2 * f->size);
	if (fstat(f->fd, &st))
		return false;
	if (st.st_size != f->want_size && (done || st.st_size != f->old_size)) {
		tell("%s, n %d: size %ld, not %ld", what, n, st.st_size, f->want_size);
		return false;
	}
	len = pread(f->fd, got, 2 * f->size, 0);
	if (len != st.st_size) {
		tell("%s, n %d: read %zd of %ld", what, n, len, st.st_size);
		return false;
	}
	for (i = 0; i < len; i++)
		if (got[i] != f->want[i] && (done || got[i] != f->old[i]) &&
		    (done || !f->may_punch || got[i] || i < f->size / 4 ||
		     i >= f->size / 2)) {
			tell("%s, n %d: byte %ld is %#x, not %#x", what, n, i,
			     got[i], f->want[i]);
			return false;
		}
	return true;
}

struct call {
	const char *name;
	/* Before: changes f->old, f->want; maps what is to be mapped. */
	int (*before)(struct file *f);
	/* The call: 0, or a negative errno. */
	int (*act)(struct file *f);
	bool closes;
};

static void setup(struct __test_metadata *_metadata, struct file *f, bool pmd)
{
	f->pmd = pmd;
	f->size = pmd ? dax_pmd_size() : 16 * page();
	f->old = malloc(2 * f->size);
	f->want = malloc(2 * f->size);
	f->pfn = calloc(4 * f->size / page(), sizeof(*f->pfn));
	f->idle_refs = -1;
	f->dev = dax_open();
	ASSERT_GE(f->dev, 0);
	ASSERT_NE(NULL, f->old);
	ASSERT_NE(NULL, f->want);
	ASSERT_NE(NULL, f->pfn);
	signal(SIGBUS, on_fault);
	signal(SIGSEGV, on_fault);
}

FIXTURE(inject)
{
	struct file f;
};

PTE_AND_PMD(inject);

FIXTURE_SETUP(inject)
{
	setup(_metadata, &self->f, variant->pmd);
}

FIXTURE_TEARDOWN(inject)
{
	close(self->f.dev);
}

/* Anything but these is not an answer to a lack of memory. */
static bool excuse(int error)
{
	switch (-error) {
	case ENOMEM:
	case EFAULT:
	case EAGAIN:
	case ENOSPC:
	case EIO:
		return true;
	}
	return false;
}

static void inject(struct __test_metadata *_metadata, struct file *f,
		   const struct call *c)
{
	int n, ret, failed = 0;
	bool injected = true;

	for (n = 1; injected; n++) {
		ASSERT_GT(MAX_NTH, n);
		ASSERT_EQ(0, start(f));
		if (c->before)
			ASSERT_EQ(0, c->before(f));

		ASSERT_EQ(0, arm(n));
		if (!sigsetjmp(fault_env, 1))
			ret = c->act(f);
		else
			ret = -EFAULT;
		injected = disarm();

		failed += !!ret;
		if (ret) {
			EXPECT_TRUE(injected) {
				TH_LOG("n %d: fails by itself: %d", n, ret);
			}
			EXPECT_TRUE(excuse(ret)) {
				TH_LOG("n %d: error %d", n, ret);
			}
		}
		if (f->map)
			munmap(f->map, f->map_len);
		f->map = NULL;
		EXPECT_EQ(0, busy(f, c->closes, c->name, n));
		if (!c->closes) {
			EXPECT_TRUE(right(f, !ret, c->name, n));
			EXPECT_EQ(0, collect(f));
			EXPECT_EQ(0, busy(f, false, c->name, n));
			close(f->fd);
		}
		if (f->fd2 >= 0)
			close(f->fd2);
		EXPECT_EQ(0, busy(f, true, c->name, n));
		if (!__test_passed(_metadata)) {
			TH_LOG("n %d: returned %d", n, ret);
			return;
		}
	}
	TH_LOG("%d injected, %d made it fail", n - 2, failed);
}

/* --- page faults */
static int map_shared(struct file *f)
{
	remap(f, MAP_SHARED);
	return f->map ? 0 : -errno;
}

/* All of it is mapped, for writing too. */
static int map_touched(struct file *f)
{
	size_t off;

	if (map_shared(f))
		return -errno;
	for (off = 0; off < f->size; off += page())
		*(volatile char *)(f->map + off) = f->old[off];
	return 0;
}

static int map_read(struct file *f)
{
	size_t off;

	if (map_shared(f))
		return -errno;
	for (off = 0; off < f->size; off += page())
		dax_read(f->map + off);
	return 0;
}

static int read_one(struct file *f)
{
	return dax_read(f->map + page()) == f->old[page()] ? 0 : -EILSEQ;
}

static int write_one(struct file *f)
{
	dax_write(f->map + page(), 'w');
	return 0;
}

static int want_one(struct file *f)
{
	f->want[page()] = 'w';
	return map_shared(f);
}

static int want_one_read(struct file *f)
{
	f->want[page()] = 'w';
	return map_read(f);
}

static int want_one_sync(struct file *f)
{
	f->want[page()] = 'w';
	remap(f, MAP_SHARED_VALIDATE | MAP_SYNC);
	return f->map ? 0 : -errno;
}

static int punch_all(struct file *f)
{
	memset(f->old, 0, f->size);
	memset(f->want, 0, f->size);
	return fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			 f->size) ? -errno : 0;
}

static int hole(struct file *f)
{
	return punch_all(f) ?: map_shared(f);
}

static int hole_want(struct file *f)
{
	return punch_all(f) ?: want_one(f);
}

static int hole_want_read(struct file *f)
{
	return punch_all(f) ?: want_one_read(f);
}

static int hole_want_sync(struct file *f)
{
	return punch_all(f) ?: want_one_sync(f);
}

static int private(struct file *f)
{
	remap(f, MAP_PRIVATE);
	return f->map ? 0 : -errno;
}

static int private_read(struct file *f)
{
	return private(f) ?: read_one(f);
}

static int private_copied(struct file *f)
{
	return private(f) ?: write_one(f);
}

static int populate(struct file *f)
{
	return madvise(f->map, f->size, MADV_POPULATE_WRITE) ? -errno : 0;
}

/* --- the address space */
static int do_fork(struct file *f)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(dax_try_read(f->map + page()) == -1);
	while (waitpid(pid, &status, 0) < 0)
		;
	return status ? -EILSEQ : 0;
}

static int do_mmap(struct file *f)
{
	char *p = mmap(NULL, f->size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, f->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	return munmap(p, f->size) ? -errno : 0;
}

static int munmap_half(struct file *f)
{
	return munmap(f->map + f->size / 4, f->size / 2) ? -errno : 0;
}

static int mprotect_half(struct file *f)
{
	return mprotect(f->map + f->size / 4, f->size / 2, PROT_READ) ?
	       -errno : 0;
}

static char *spare;

static int want_mremap(struct file *f)
{
	spare = mmap(NULL, f->size + page(), PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return spare == MAP_FAILED ? -errno : map_touched(f);
}

/* To where a PMD does not fit. */
static int do_mremap(struct file *f)
{
	char *to = spare + ((uintptr_t)spare % dax_pmd_size() ? 0 : page());

	to = mremap(f->map, f->size, f->size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (to == MAP_FAILED)
		return -errno;
	f->map = to;
	return 0;
}

static int advise_half(struct file *f)
{
	return madvise(f->map + f->size / 4, f->size / 2, MADV_DONTNEED) ?
	       -errno : 0;
}

/* --- pins */
static int pin(struct file *f, unsigned int flags)
{
	int nr = f->size / page(), ret = dax_pin(f->dev, f->map, nr, flags);

	dax_unpin(f->dev);
	return ret < 0 ? ret : ret == nr ? 0 : -EFAULT;
}

static int pin_fast(struct file *f)
{
	return pin(f, DAX_TEST_FAST | DAX_TEST_PIN_WRITE);
}

static int pin_slow(struct file *f)
{
	return pin(f, DAX_TEST_PIN_WRITE);
}

static int direct_before(struct file *f)
{
	f->fd2 = dax_tmpfile(dax_targets[0], f->size);
	if (f->fd2 < 0)
		return f->fd2;
	return fcntl(f->fd2, F_SETFL, O_DIRECT) ? -errno : map_touched(f);
}

static int direct(struct file *f)
{
	ssize_t n = pwrite(f->fd2, f->map, f->size, 0);

	return n < 0 ? -errno : n == f->size ? 0 : -EIO;
}

/* --- the blocks of the file */
static int want_truncate(struct file *f)
{
	f->want_size = f->size / 2;
	return map_touched(f);
}

static int do_truncate(struct file *f)
{
	return ftruncate(f->fd, f->want_size) ? -errno : 0;
}

static int want_truncate_bytes(struct file *f)
{
	f->want_size = f->size / 2 + 100;
	return map_touched(f);
}

static int want_punch(struct file *f)
{
	memset(f->want + f->size / 4, 0, f->size / 4);
	return map_touched(f);
}

static int falloc(struct file *f, int mode)
{
	return fallocate(f->fd, mode, f->size / 4, f->size / 4) ? -errno : 0;
}

static int do_punch(struct file *f)
{
	return falloc(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

static int do_zero(struct file *f)
{
	return falloc(f, FALLOC_FL_ZERO_RANGE);
}

static int want_collapse(struct file *f)
{
	f->may_punch = true;
	memmove(f->want + f->size / 4, f->want + f->size / 2, f->size / 2);
	f->want_size = f->size - f->size / 4;
	return map_touched(f);
}

static int do_collapse(struct file *f)
{
	return falloc(f, FALLOC_FL_COLLAPSE_RANGE);
}

static int want_insert(struct file *f)
{
	f->may_punch = true;
	memmove(f->want + f->size / 2, f->want + f->size / 4,
		f->size - f->size / 4);
	memset(f->want + f->size / 4, 0, f->size / 4);
	f->want_size = f->size + f->size / 4;
	return map_touched(f);
}

static int do_insert(struct file *f)
{
	return falloc(f, FALLOC_FL_INSERT_RANGE);
}

static int want_write(struct file *f)
{
	fill(f->want, f->size, 5);
	return map_touched(f);
}

static int do_write(struct file *f)
{
	ssize_t n = pwrite(f->fd, f->want, f->size, 0);

	return n < 0 ? -errno : n == f->size ? 0 : -EIO;
}

static int do_read(struct file *f)
{
	char *buf = malloc(f->size);
	ssize_t n = pread(f->fd, buf, f->size, 0);
	int ret = n < 0 ? -errno : memcmp(buf, f->old, n) ? -EILSEQ :
		  n == f->size ? 0 : -EIO;

	free(buf);
	return ret;
}

static int do_fsync(struct file *f)
{
	return fsync(f->fd) ? -errno : 0;
}

static int do_close(struct file *f)
{
	return close(f->fd) ? -errno : 0;
}

static int map_and_unmap(struct file *f)
{
	int ret = map_touched(f);

	munmap(f->map, f->map_len);
	f->map = NULL;
	return ret;
}

#define CALL(_fixture, _name, _before, _act)				\
TEST_F_TIMEOUT(_fixture, _name, TIMEOUT)				\
{									\
	static const struct call call = {				\
		.name = #_name, .before = _before, .act = _act,		\
		.closes = _act == do_close,				\
	};								\
									\
	inject(_metadata, &self->f, &call);				\
}

CALL(inject, fault_read, map_shared, read_one)
CALL(inject, fault_write, want_one, write_one)
CALL(inject, fault_write_read, want_one_read, write_one)
CALL(inject, fault_sync, want_one_sync, write_one)
CALL(inject, hole_read, hole, read_one)
CALL(inject, hole_write, hole_want, write_one)
CALL(inject, hole_write_read, hole_want_read, write_one)
CALL(inject, hole_sync, hole_want_sync, write_one)
CALL(inject, private_write, private, write_one)
CALL(inject, private_cow, private_read, write_one)
CALL(inject, populate, map_shared, populate)
CALL(inject, populate_hole, hole, populate)
CALL(inject, fork_shared, map_touched, do_fork)
CALL(inject, fork_private, private_copied, do_fork)
CALL(inject, mmap, NULL, do_mmap)
CALL(inject, munmap_half, map_touched, munmap_half)
CALL(inject, mprotect_half, map_touched, mprotect_half)
CALL(inject, mremap, want_mremap, do_mremap)
CALL(inject, dontneed_half, map_touched, advise_half)
CALL(inject, pin_fast, map_shared, pin_fast)
CALL(inject, pin_slow, map_shared, pin_slow)
CALL(inject, odirect, direct_before, direct)
CALL(inject, truncate, want_truncate, do_truncate)
CALL(inject, truncate_bytes, want_truncate_bytes, do_truncate)
CALL(inject, punch, want_punch, do_punch)
CALL(inject, zero, want_punch, do_zero)
CALL(inject, collapse, want_collapse, do_collapse)
CALL(inject, insert, want_insert, do_insert)
CALL(inject, write, want_write, do_write)
CALL(inject, read, map_touched, do_read)
CALL(inject, fsync, map_touched, do_fsync)
CALL(inject, close, map_and_unmap, do_close)

/* --- reflink; only xfs has it together with DAX. */
FIXTURE(shared)
{
	struct file f;
};

FIXTURE_SETUP(shared)
{
	setup(_metadata, &self->f, false);
}

FIXTURE_TEARDOWN(shared)
{
	close(self->f.dev);
}

/* The second file becomes a clone of the first, and both have been mapped. */
static int clone_mapped(struct file *f)
{
	int fd = f->fd;

	f->fd2 = dax_tmpfile(dax_targets[0], 0);
	if (f->fd2 < 0)
		return f->fd2;
	if (ioctl(f->fd2, FICLONE, f->fd))
		return -errno;
	f->fd = f->fd2;
	if (collect(f))
		return -EIO;
	f->fd = fd;
	return 0;
}

static int clone_before(struct file *f)
{
	f->fd2 = dax_tmpfile(dax_targets[0], f->size);
	if (f->fd2 < 0)
		return f->fd2;
	fill(f->want, f->size, 7);
	return pwrite(f->fd2, f->want, f->size, 0) == f->size ?
	       map_touched(f) : -EIO;
}

static int do_clone(struct file *f)
{
	return ioctl(f->fd, FICLONE, f->fd2) ? -errno : 0;
}

static int clone_want_one(struct file *f)
{
	return clone_mapped(f) ?: want_one(f);
}

static int clone_want_one_read(struct file *f)
{
	return clone_mapped(f) ?: want_one_read(f);
}

static int clone_want_write(struct file *f)
{
	fill(f->want, f->size, 5);
	return clone_mapped(f) ?: map_read(f);
}

static int clone_read(struct file *f)
{
	return clone_mapped(f) ?: map_read(f);
}

static int do_unshare(struct file *f)
{
	return fallocate(f->fd, FALLOC_FL_UNSHARE_RANGE, 0, f->size) ?
	       -errno : 0;
}

static int clone_want_truncate(struct file *f)
{
	f->want_size = f->size / 2;
	return clone_mapped(f) ?: map_read(f);
}

CALL(shared, clone, clone_before, do_clone)
CALL(shared, cow_fault, clone_want_one, write_one)
CALL(shared, cow_fault_read, clone_want_one_read, write_one)
CALL(shared, cow_write, clone_want_write, do_write)
CALL(shared, unshare, clone_read, do_unshare)
CALL(shared, truncate, clone_want_truncate, do_truncate)

/* --- the driver goes and comes */
static char owner[NAME_MAX + 1], driver_dir[PATH_MAX];
static char block[PATH_MAX], fstype[32];

static bool find_device(void)
{
	char path[PATH_MAX], real[PATH_MAX];

	target_mount(block, fstype);
	snprintf(path, sizeof(path), "/sys/class/block/%.255s/device",
		 basename(block));
	if (!*block || !realpath(path, real))
		return false;
	snprintf(owner, sizeof(owner), "%.255s", basename(real));
	snprintf(path, sizeof(path), "/sys/bus/nd/devices/%.255s/driver", owner);
	return realpath(path, driver_dir);
}

static int driver(const char *file)
{
	return dax_driver(driver_dir, file, owner);
}

static int mount_again(void)
{
	return mount(block, dax_targets[0], fstype, 0, "dax=always") ? -errno : 0;
}

FIXTURE(bus)
{
	struct file f;
};

FIXTURE_SETUP(bus)
{
	struct file *f = &self->f;

	if (!find_device())
		SKIP(return, "%s is no mount of a whole namespace", dax_targets[0]);
	f->size = dax_pmd_size();
	f->pmd = true;
	f->dev = dax_open();
	ASSERT_GE(f->dev, 0);
	signal(SIGBUS, on_fault);
}

FIXTURE_TEARDOWN(bus)
{
	close(self->f.dev);
}

static int mapped_file(struct file *f)
{
	f->map = NULL;
	f->fd = dax_tmpfile(dax_targets[0], f->size);
	if (f->fd < 0)
		return f->fd;
	remap(f, MAP_SHARED);
	if (!f->map)
		return -errno;
	memset(f->map, 'x', f->size);
	return 0;
}

/* Unbinding takes the pages from a mapped file, whatever fails. */
TEST_F_TIMEOUT(bus, unbind, TIMEOUT)
{
	struct file *f = &self->f;
	struct dax_test_query q;
	bool injected = true;
	int n, ret, failed = 0;
	uint64_t pfn;

	for (n = 1; injected; n++) {
		ASSERT_GT(MAX_NTH, n);
		ASSERT_EQ(0, mapped_file(f));
		ASSERT_EQ(0, dax_query(f->dev, f->map, &q));
		pfn = q.pfn;

		ASSERT_EQ(0, arm(n));
		if (!sigsetjmp(fault_env, 1))
			ret = driver("unbind");
		else
			ret = 0;	/* xfs sends SIGBUS to who has mapped it */
		injected = disarm();
		/* A write to sysfs may fail; once it is there, unbinding not. */
		if (ret) {
			failed++;
			EXPECT_TRUE(injected);
			EXPECT_TRUE(excuse(ret)) {
				TH_LOG("n %d: error %d", n, ret);
			}
		}
		if (!dax_query_pfn(f->dev, pfn, &q)) {
			EXPECT_NE(0, ret);
			if (!sigsetjmp(fault_env, 1))
				ASSERT_EQ(0, driver("unbind"));
		}
		EXPECT_EQ(-ENXIO, dax_query_pfn(f->dev, pfn, &q));
		EXPECT_EQ(0, driver("bind"));
		EXPECT_EQ(-1, dax_try_read(f->map));
		munmap(f->map, f->size);
		close(f->fd);
		ASSERT_EQ(0, umount(dax_targets[0]));
		ASSERT_EQ(0, dax_query_pfn(f->dev, pfn, &q));
		EXPECT_EQ(0, q.maps);
		EXPECT_EQ(0, q.order);
		ASSERT_EQ(0, mount_again());
		if (!__test_passed(_metadata))
			return;
	}
	TH_LOG("%d injected, %d made it fail", n - 2, failed);
}

static const char *check(void)
{
	const char *problem = dax_check_dir(dax_targets[0]);

	if (problem)
		return problem;
	if (!set("failslab/ignore-gfp-wait", "N") ||
	    !set("failslab/verbose", "0") ||
	    !set("fail_page_alloc/ignore-gfp-wait", "N") ||
	    !set("fail_page_alloc/ignore-gfp-highmem", "N") ||
	    !set("fail_page_alloc/min-order", "0") ||
	    !set("fail_page_alloc/verbose", "0") ||
	    !set("fail_usercopy/verbose", "0"))
		return "no fault injection: CONFIG=suites has it, debugfs mounted";
	if (access("/proc/thread-self/fail-nth", W_OK))
		return "no /proc/thread-self/fail-nth";
	return NULL;
}

int main(int argc, char **argv)
{
	return dax_main(argc, argv, 1, "DIRECTORY", check, test_harness_run);
}
