// SPDX-License-Identifier: GPL-2.0
/*
 * dax_media DIR - bad blocks under files of a DAX file system
 *
 * Who reads a bad block gets EIO or SIGBUS, and who reads its neighbours their
 * data.  DIR is the mount point of a file system that has an NVDIMM namespace
 * for itself.  Blocks are made bad in the disk's list (sysfs), as the driver
 * does when the firmware or a machine check reports them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dax_suite.h"

#define TIMEOUT	80
#define BAD	5		/* the page of the file that goes bad */

static char sysfs[80];

FIXTURE(media)
{
	int dev;
	int fd;
	size_t page, size;
	char *map;
	struct dax_test_query idle;
};

PTE_AND_PMD(media);

/* Where on the disk the page is, in sectors, or -1. */
static long long sector(int fd, off_t offset)
{
	struct {
		struct fiemap fm;
		struct fiemap_extent fe;
	} map = {
		.fm.fm_start = offset,
		.fm.fm_length = 1,
		.fm.fm_flags = FIEMAP_FLAG_SYNC,
		.fm.fm_extent_count = 1,
	};

	if (ioctl(fd, FS_IOC_FIEMAP, &map) || !map.fm.fm_mapped_extents)
		return -1;
	return (map.fe.fe_physical + offset - map.fe.fe_logical) / 512;
}

static int make_bad(long long first, int nr)
{
	char text[64];

	snprintf(text, sizeof(text), "%lld %d\n", first, nr);
	return write_text(sysfs, "badblocks", text);
}

FIXTURE_SETUP(media)
{
	struct dax_test_query q;
	char *buf;

	self->page = dax_page_size();
	self->size = dax_pmd_size();
	self->dev = dax_open();
	ASSERT_GE(self->dev, 0);
	self->fd = dax_tmpfile(dax_targets[0], self->size);
	ASSERT_GE(self->fd, 0);
	buf = malloc(self->size);
	memset(buf, 'x', self->size);
	ASSERT_EQ(self->size, pwrite(self->fd, buf, self->size, 0));
	ASSERT_EQ(0, fsync(self->fd));
	free(buf);

	/* What it looks like while nobody maps it; this kernel may count from one. */
	self->map = dax_map(self->fd, self->size, 0, PROT_READ | PROT_WRITE,
			    MAP_SHARED, variant->pmd ? 0 : self->page);
	ASSERT_NE(MAP_FAILED, self->map);
	dax_read(self->map);
	ASSERT_EQ(0, dax_query(self->dev, self->map, &q));
	ASSERT_LEVEL(variant->pmd ? DAX_TEST_PMD : DAX_TEST_PTE, q);
	ASSERT_EQ(0, madvise(self->map, self->size, MADV_DONTNEED));
	ASSERT_EQ(0, dax_query_pfn(self->dev, q.pfn, &self->idle));
	ASSERT_EQ(0, self->idle.maps);
	ASSERT_EQ(0, make_bad(sector(self->fd, BAD * self->page),
			      self->page / 512));
}

FIXTURE_TEARDOWN(media)
{
	close(self->dev);
}

/* Nothing of all this may leave a reference. */
static void gone(struct __test_metadata *_metadata, struct _test_data_media *self)
{
	struct dax_test_query q;
	unsigned int i;

	ASSERT_EQ(0, munmap(self->map, self->size));
	for (i = 0; i < self->size / self->page; i++) {
		ASSERT_EQ(0, dax_query_pfn(self->dev, self->idle.pfn + i, &q));
		EXPECT_EQ(self->idle.refs, q.refs);
		EXPECT_EQ(0, q.maps);
	}
	EXPECT_EQ(0, close(self->fd));
	ASSERT_EQ(0, dax_query_pfn(self->dev, self->idle.pfn, &q));
	EXPECT_FOLIO(q, self->idle.refs, 0, 0);
	EXPECT_EQ(0, q.page_flags & DAX_TEST_MAPPING);
}

/* read(2): EIO for the page, and its neighbours are readable. */
TEST_F_TIMEOUT(media, read, TIMEOUT)
{
	char c;
	int i;

	for (i = BAD - 1; i <= BAD + 1; i++) {
		errno = 0;
		EXPECT_EQ(i == BAD ? -1 : 1, pread(self->fd, &c, 1, i * self->page));
		EXPECT_EQ(i == BAD ? EIO : 0, errno);
		if (i != BAD)
			EXPECT_EQ('x', c);
	}
	gone(_metadata, self);
}

/* A comparison that cannot be made is no success. */
TEST_F_TIMEOUT(media, dedupe, TIMEOUT)
{
	struct {
		struct file_dedupe_range range;
		struct file_dedupe_range_info info;
	} same = {
		.range.src_length = self->size,
		.range.dest_count = 1,
	};
	char *buf = malloc(self->size);

	same.info.dest_fd = dax_tmpfile(dax_targets[0], self->size);
	ASSERT_GE(same.info.dest_fd, 0);
	memset(buf, 'x', self->size);
	ASSERT_EQ(self->size, pwrite(same.info.dest_fd, buf, self->size, 0));
	free(buf);
	if (ioctl(self->fd, FIDEDUPERANGE, &same)) {
		ASSERT_EQ(EOPNOTSUPP, errno);
		SKIP(return, "this file system has no deduplication");
	}
	EXPECT_EQ(-EIO, same.info.status);
	EXPECT_EQ(0, same.info.bytes_deduped);
	EXPECT_EQ(0, close(same.info.dest_fd));
	gone(_metadata, self);
}

/* A mapping: SIGBUS for the page only, also where a PMD would map it. */
TEST_F_TIMEOUT(media, map, TIMEOUT)
{
	int i;

	for (i = 0; i < 2 * BAD; i++)
		EXPECT_EQ(i == BAD ? -1 : 'x',
			  dax_try_read(self->map + i * self->page));
	EXPECT_EQ('x', dax_try_read(self->map + self->size - 1));
	gone(_metadata, self);
}

/* A page that goes bad while it is mapped stays mapped, for who has it. */
TEST_F_TIMEOUT(media, mapped, TIMEOUT)
{
	size_t off = (BAD + 2) * self->page;

	EXPECT_EQ('x', dax_try_read(self->map + off));
	ASSERT_EQ(0, make_bad(sector(self->fd, off), self->page / 512));
	EXPECT_EQ('x', dax_try_read(self->map + off));
	ASSERT_EQ(0, madvise(self->map, self->size, MADV_DONTNEED));
	EXPECT_EQ(-1, dax_try_read(self->map + off));
	gone(_metadata, self);
}

/*
 * Writing clears a bad block if the bus can.  Either it is readable afterwards
 * and has what was written, or the write says that it failed.
 */
TEST_F_TIMEOUT(media, write, TIMEOUT)
{
	char *buf = malloc(self->page);
	ssize_t n;
	char c;

	memset(buf, 'w', self->page);
	errno = 0;
	n = pwrite(self->fd, buf, self->page, BAD * self->page);
	TH_LOG("write to a bad block: %zd, %s", n, n < 0 ? strerror(errno) : "cleared");
	if (n < 0) {
		/* dax_iomap_iter() calls it EFAULT that nothing could be written. */
		EXPECT_TRUE(errno == EIO || errno == EFAULT);
		EXPECT_EQ(-1, pread(self->fd, &c, 1, BAD * self->page));
	} else {
		EXPECT_EQ(self->page, n);
		EXPECT_EQ(1, pread(self->fd, &c, 1, BAD * self->page));
		EXPECT_EQ('w', c);
	}
	EXPECT_EQ(1, pread(self->fd, &c, 1, (BAD + 1) * self->page));
	EXPECT_EQ('x', c);
	gone(_metadata, self);
}

/* Who gives the block back is not stopped by it. */
TEST_F_TIMEOUT(media, punch, TIMEOUT)
{
	EXPECT_EQ('x', dax_try_read(self->map));
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE |
			       FALLOC_FL_KEEP_SIZE, BAD * self->page, self->page));
	EXPECT_EQ(0, dax_try_read(self->map + BAD * self->page));
	EXPECT_EQ('x', dax_try_read(self->map + (BAD + 1) * self->page));
	gone(_metadata, self);
}

/* What the firmware is asked for by "ndctl inject-error". */
TEST_F_TIMEOUT(media, inject_error, TIMEOUT)
{
	char cmd[PATH_MAX + 128], name[32], say[256] = "";
	long long first = sector(self->fd, (BAD + 2) * self->page);
	char c;
	FILE *p;

	/* The device is that of the driver, and knows its namespace. */
	snprintf(cmd, sizeof(cmd), "%s/device/namespace", sysfs);
	p = fopen(cmd, "r");
	ASSERT_NE(NULL, p);
	ASSERT_EQ(1, fscanf(p, "%31s", name));
	fclose(p);
	snprintf(cmd, sizeof(cmd), "ndctl inject-error %s -B %lld -n 8 2>&1",
		 name, first);
	p = popen(cmd, "r");
	ASSERT_NE(NULL, p);
	while (fgets(say, sizeof(say), p))
		TH_LOG("%.200s", say);
	if (pclose(p)) {
		gone(_metadata, self);
		say[strcspn(say, "\n")] = 0;
		SKIP(return, "the bus has no command for that");
	}
	EXPECT_EQ(-1, pread(self->fd, &c, 1, (BAD + 2) * self->page));
	EXPECT_EQ(EIO, errno);
	gone(_metadata, self);
}

static const char *check(void)
{
	const char *problem = dax_check_dir(dax_targets[0]);
	char path[PATH_MAX], type[32];

	if (problem)
		return problem;
	target_mount(path, type);
	snprintf(sysfs, sizeof(sysfs), "/sys/block/%.60s", basename(path));
	snprintf(path, sizeof(path), "%.100s/badblocks", sysfs);
	if (access(path, W_OK))
		return "not the mount point of a whole disk that knows bad blocks";
	return NULL;
}

int main(int argc, char **argv)
{
	return dax_main(argc, argv, 1, "DIRECTORY", check, test_harness_run);
}
