/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of the suites that use the harness share. */
#ifndef _DAX_SUITE_H
#define _DAX_SUITE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "dax_util.h"

/* Each test of @_fixture twice: where a PTE maps the file, and where a PMD does. */
#define PTE_AND_PMD(_fixture)						\
FIXTURE_VARIANT(_fixture)						\
{									\
	bool pmd;							\
};									\
									\
FIXTURE_VARIANT_ADD(_fixture, pte)					\
{									\
	.pmd = false,							\
};									\
									\
FIXTURE_VARIANT_ADD(_fixture, pmd)					\
{									\
	.pmd = true,							\
}

/* 0 or -errno.  Empty text empties a file that knows how. */
static inline int write_text(const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The device that is mounted on the target, "" if none, and its type. */
static inline void target_mount(char device[PATH_MAX], char type[32])
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	struct mntent *m;

	*device = *type = 0;
	while (mounts && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_dir, dax_targets[0])) {
			snprintf(device, PATH_MAX, "%.255s", m->mnt_fsname);
			snprintf(type, 32, "%.31s", m->mnt_type);
		}
	if (mounts)
		endmntent(mounts);
}

#endif /* _DAX_SUITE_H */
