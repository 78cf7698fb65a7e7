// SPDX-License-Identifier: GPL-2.0
/*
 * gather - preloaded into split_huge_page_test, which writes files byte by byte
 *
 * There are nine of 4 MiB.  A write(2) to ext4 takes 170 us with lockdep and
 * without KVM, so that the test took two hours, to skip what it wrote them for.
 * Here successive writes of one byte to a file go out together, with the next
 * other write() or close().  That test does nothing else to a file in between,
 * and a write that fails later than it should ends it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static char bytes[65536];
static size_t held;
static int file = -1;

static void __attribute__((destructor)) flush(void)
{
	size_t done = 0;
	ssize_t n;

	while (done < held) {
		n = syscall(SYS_write, file, bytes + done, held - done);
		if (n <= 0) {
			perror("gather: write");
			_exit(1);
		}
		done += n;
	}
	held = 0;
}

ssize_t write(int fd, const void *buf, size_t size)
{
	if (held && (size != 1 || fd != file || held == sizeof(bytes)))
		flush();
	if (size != 1)
		return syscall(SYS_write, fd, buf, size);
	file = fd;
	bytes[held++] = *(const char *)buf;
	return 1;
}

int close(int fd)
{
	flush();
	return syscall(SYS_close, fd);
}
