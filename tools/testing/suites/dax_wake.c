// SPDX-License-Identifier: GPL-2.0
/*
 * dax_wake DIR - who waits for a pinned page is woken when the pin is dropped
 *
 * File systems look again by themselves now and then, so truncation would end
 * without the wake-up, only late. How late says nothing on a busy machine:
 * whether it is the task that unpins which wakes is what the trace tells.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dax_suite.h"

#define TIMEOUT		80
#define ROUNDS		6
#define TRACING		"/sys/kernel/tracing"
#define WAKING		TRACING "/events/sched/sched_waking"

FIXTURE(wake)
{
	int dev;
	int fd;
	size_t size;
	char *map;
};

PTE_AND_PMD(wake);

FIXTURE_SETUP(wake)
{
	self->dev = dax_open();
	ASSERT_GE(self->dev, 0);
	self->size = variant->pmd ? dax_pmd_size() : dax_page_size();
	self->fd = dax_tmpfile(dax_targets[0], 0);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(wake)
{
	dax_unpin(self->dev);
	close(self->dev);
	close(self->fd);
}

/* Did this process wake @pid since the trace was started, in no interrupt? */
static int woke(pid_t pid)
{
	char line[512], me[32], whom[32], *flags;
	FILE *f = fopen(TRACING "/trace", "r");
	int ret = 0;

	if (!f)
		return -errno;
	snprintf(me, sizeof(me), "-%d ", getpid());
	snprintf(whom, sizeof(whom), " pid=%d ", pid);
	while (fgets(line, sizeof(line), f)) {
		if (*line == '#' || !strstr(line, "sched_waking:") ||
		    !strstr(line, whom) || !strstr(line, me))
			continue;
		/* TASK-PID [CPU] FLAGS TIME: ..., and the third flag is h or s. */
		flags = strstr(line, "] ");
		if (flags && !strpbrk(strtok(flags + 2, " "), "hHszZ"))
			ret = 1;
	}
	fclose(f);
	return ret;
}

/* Does the child sleep? */
static bool sleeps(pid_t pid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S' || state == 'D';
}

static int free_blocks(int fd, size_t size, bool punch)
{
	int ret = punch ? fallocate(fd, FALLOC_FL_PUNCH_HOLE |
				    FALLOC_FL_KEEP_SIZE, 0, size) :
			  ftruncate(fd, 0);

	return ret ? errno : 0;
}

/* Did unpinning wake the child? */
static int woken(struct __test_metadata *_metadata, struct _test_data_wake *self,
		bool punch)
{
	struct dax_child c;
	char filter[32];
	int value, i;

	EXPECT_EQ(0, ftruncate(self->fd, self->size));
	self->map = dax_map(self->fd, self->size, 0, PROT_READ | PROT_WRITE,
			    MAP_SHARED, 0);
	if (self->map == MAP_FAILED)
		return -1;
	memset(self->map, 'x', self->size);
	EXPECT_EQ(1, dax_pin(self->dev, self->map, 1, DAX_TEST_PIN_WRITE));
	EXPECT_EQ(0, munmap(self->map, self->size));

	EXPECT_LE(0, dax_fork(&c));
	if (!c.pid) {
		dax_tell_parent(&c, -1);
		value = free_blocks(self->fd, self->size, punch);
		_exit(value);
	}
	EXPECT_EQ(0, dax_hear_child(&c, DAX_WAIT_MS, &value));
	/* Right after it began to wait: the poll is far away. */
	for (i = 0; i < 3; i++) {
		if (!sleeps(c.pid))
			i = -1;
		usleep(2000);
	}
	snprintf(filter, sizeof(filter), "pid == %d", c.pid);
	EXPECT_EQ(0, write_text(WAKING, "filter", filter));
	EXPECT_EQ(0, write_text(TRACING, "trace", ""));
	EXPECT_EQ(0, write_text(WAKING, "enable", "1"));
	EXPECT_EQ(0, dax_unpin(self->dev));
	EXPECT_EQ(0, write_text(WAKING, "enable", "0"));
	EXPECT_EQ(0, dax_reap(&c, DAX_WAIT_MS));
	return woke(c.pid);
}

static void rounds(struct __test_metadata *_metadata,
		   struct _test_data_wake *self, bool punch)
{
	int i, ret, n = 0;

	for (i = 0; i < ROUNDS; i++) {
		ret = woken(_metadata, self, punch);
		ASSERT_LE(0, ret);
		n += ret;
	}
	/* It may have looked by itself at that very moment. */
	TH_LOG("unpinning woke the waiter in %d of %d rounds", n, ROUNDS);
	EXPECT_LT(0, n);
}

/* Truncation goes on at once. */
TEST_F_TIMEOUT(wake, truncate, TIMEOUT)
{
	rounds(_metadata, self, false);
}

/* So does punching a hole. */
TEST_F_TIMEOUT(wake, punch, TIMEOUT)
{
	rounds(_metadata, self, true);
}

static const char *check(void)
{
	if (access(WAKING "/enable", W_OK))
		return "no tracepoint sched_waking in " TRACING;
	return dax_check_dir(dax_targets[0]);
}

int main(int argc, char **argv)
{
	return dax_main(argc, argv, 1, "DIRECTORY", check, test_harness_run);
}
