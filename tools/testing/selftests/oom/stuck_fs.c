// SPDX-License-Identifier: GPL-2.0-only

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "stuck_fs.h"

#define ROOT		FUSE_ROOT_ID
#define FILE_SIZE	(64UL * 1024 * 1024)

static void answer(struct stuck_fs *fs, uint64_t unique, int err,
		   const void *data, size_t size)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + (err ? 0 : size),
		.error = err,
		.unique = unique,
	};
	struct iovec iov[2] = {
		{ &out, sizeof(out) }, { (void *)data, size },
	};

	/* Who asked may have gone away. */
	if (writev(fs->fd, iov, err || !size ? 1 : 2) < 0 && errno != ENOENT)
		perror("stuck_fs");
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr) {
		.ino = node,
		.size = node == ROOT ? 0 : FILE_SIZE,
		.mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0666,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void answer_write(struct stuck_fs *fs, uint64_t unique)
{
	/* Nothing here writes more than a byte. */
	struct fuse_write_out out = { .size = 1 };

	answer(fs, unique, 0, &out, sizeof(out));
}

/* Keep a request waiting, unless the gates are open. */
static void get_stuck(struct stuck_fs *fs, const struct fuse_in_header *in)
{
	pthread_mutex_lock(&fs->lock);
	if (fs->open || fs->nr == STUCK_MAX) {
		if (in->opcode == FUSE_WRITE)
			answer_write(fs, in->unique);
		else
			answer(fs, in->unique, -EIO, NULL, 0);
	} else {
		fs->opcode[fs->nr] = in->opcode;
		fs->waiting[fs->nr++] = in->unique;
	}
	fs->seen++;
	pthread_cond_broadcast(&fs->news);
	pthread_mutex_unlock(&fs->lock);
}

static void serve(struct stuck_fs *fs, const struct fuse_in_header *in)
{
	const char *name = (const char *)(in + 1);

	switch (in->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = {
			.major = FUSE_KERNEL_VERSION,
			.minor = FUSE_KERNEL_MINOR_VERSION,
			/* Files are not cached, but may be mapped shared. */
			.flags = FUSE_INIT_EXT,
			.flags2 = FUSE_DIRECT_IO_ALLOW_MMAP >> 32,
			.max_readahead = 4096,
			.max_background = STUCK_MAX,
			.congestion_threshold = STUCK_MAX,
			.max_write = 4096,
		};

		answer(fs, in->unique, 0, &out, sizeof(out));
		break;
	}
	case FUSE_LOOKUP: {
		struct fuse_entry_out out = {
			.nodeid = ROOT + 1 + (unsigned char)name[0],
			.entry_valid = 3600,
			.attr_valid = 3600,
		};

		out.attr = attributes(out.nodeid);
		answer(fs, in->unique, 0, &out, sizeof(out));
		break;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out out = { .attr_valid = 3600 };

		out.attr = attributes(in->nodeid);
		answer(fs, in->unique, 0, &out, sizeof(out));
		break;
	}
	case FUSE_OPEN: {
		struct fuse_open_out out = {
			.open_flags = FOPEN_DIRECT_IO |
				      FOPEN_PARALLEL_DIRECT_WRITES,
		};

		answer(fs, in->unique, 0, &out, sizeof(out));
		break;
	}
	case FUSE_READ:
	case FUSE_WRITE:
		get_stuck(fs, in);
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_SETATTR:
		answer(fs, in->unique, in->opcode == FUSE_SETATTR ? -EPERM : 0,
		       NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(fs, in->unique, -EOPNOTSUPP, NULL, 0);
	}
}

static void *run(void *arg)
{
	static uint64_t buffer[8192];
	struct stuck_fs *fs = arg;
	ssize_t len;

	for (;;) {
		len = read(fs->fd, buffer, sizeof(buffer));
		if (len < 0 && (errno == EINTR || errno == EAGAIN ||
				errno == ENOENT))
			continue;
		/* Unmounted. */
		if (len < (ssize_t)sizeof(struct fuse_in_header))
			return NULL;
		serve(fs, (struct fuse_in_header *)buffer);
	}
}

int stuck_fs_start(struct stuck_fs *fs)
{
	char options[128];
	int err;

	memset(fs, 0, sizeof(*fs));
	pthread_mutex_init(&fs->lock, NULL);
	pthread_cond_init(&fs->news, NULL);
	snprintf(fs->dir, sizeof(fs->dir), "/tmp/stuck-%d", getpid());
	if (mkdir(fs->dir, 0755) && errno != EEXIST)
		return -errno;
	fs->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fs->fd < 0) {
		err = -errno;
		goto no_dir;
	}
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 fs->fd);
	if (mount("stuck", fs->dir, "fuse", MS_NOSUID | MS_NODEV, options)) {
		err = -errno;
		goto no_fd;
	}
	err = -pthread_create(&fs->server, NULL, run, fs);
	if (!err)
		return 0;
	umount2(fs->dir, MNT_DETACH);
no_fd:
	close(fs->fd);
no_dir:
	rmdir(fs->dir);
	return err;
}

int stuck_fs_open(const struct stuck_fs *fs, char name)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%c", fs->dir, name);
	return open(path, O_RDWR | O_CLOEXEC);
}

bool stuck_fs_wait(struct stuck_fs *fs, unsigned int seen)
{
	struct timespec until;
	bool ret;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&fs->lock);
	while (fs->seen < seen)
		if (pthread_cond_timedwait(&fs->news, &fs->lock, &until))
			break;
	ret = fs->seen >= seen;
	pthread_mutex_unlock(&fs->lock);
	return ret;
}

void stuck_fs_release(struct stuck_fs *fs)
{
	int i;

	pthread_mutex_lock(&fs->lock);
	for (i = 0; i < fs->nr; i++) {
		if (fs->opcode[i] == FUSE_WRITE)
			answer_write(fs, fs->waiting[i]);
		else
			answer(fs, fs->waiting[i], fs->page ? 0 : -EIO,
			       fs->page, 4096);
	}
	fs->nr = 0;
	pthread_mutex_unlock(&fs->lock);
}

void stuck_fs_stop(struct stuck_fs *fs)
{
	pthread_mutex_lock(&fs->lock);
	fs->open = true;
	pthread_mutex_unlock(&fs->lock);
	stuck_fs_release(fs);
	umount2(fs->dir, MNT_FORCE | MNT_DETACH);
	/* With the last file of the mount gone the server's read fails. */
	pthread_join(fs->server, NULL);
	close(fs->fd);
	rmdir(fs->dir);
}
