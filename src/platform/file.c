#include "conc_bench/platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h> /* STATX_ATTR_MOUNT_ROOT */
#include <sys/types.h>
#include <sys/xattr.h>

static const char access_list[] = "system.posix_acl_access";

bool file_is_mounted(const char *path)
{
#ifdef STATX_ATTR_MOUNT_ROOT
    struct statx status;
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &status) == 0 &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#else
    (void)path; /* headers without statx(), as those of an older musl */
    return false;
#endif
}

bool file_copy_access_list(const char *path, int file)
{
    char list[4096];
    ssize_t size = lgetxattr(path, access_list, list, sizeof(list));
    if (size > 0)
        return fsetxattr(file, access_list, list, (size_t)size, 0) == 0;
    bool has_none = errno == ENODATA || errno == EOPNOTSUPP;
    return has_none && (fremovexattr(file, access_list) == 0 || errno == ENODATA || errno == EOPNOTSUPP);
}
