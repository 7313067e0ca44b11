#include "conc_bench/platform/cgroup.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The group of this process that a controller is in, as a folder. */
struct control_group {
    char folder[PATH_MAX];
    size_t mounted;  /* length of the part of `folder` where the hierarchy is mounted: there are no groups above */
    bool is_unified; /* version 2 */
};

/* A line of /proc/self/mountinfo, cut into its parts. */
struct mount {
    char *root;    /* the group that is mounted */
    char *point;   /* where */
    char *type;    /* "cgroup", "cgroup2" */
    char *options; /* of the file system: the controllers, for version 1 */
};

/* Whether `word` stands in a list whose words are separated by commas. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* mountinfo writes blanks and backslashes as "\040". */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        bool is_escape = from[0] == '\\' && strspn(from + 1, "01234567") >= 3;
        int octal = is_escape ? (from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0') : 0;
        *to = (char)(is_escape ? octal : *from);
        from += is_escape ? 4 : 1;
    }
    *to = '\0';
}

/* "36 35 98:0 /root /point options [more ...] - type source options" (proc(5)). */
static bool cut_mount(char *line, struct mount *mount)
{
    enum { ROOT = 3, POINT = 4, BEFORE_SEPARATOR = 6 };
    char *parts[BEFORE_SEPARATOR];
    char *rest = line;
    char *separator = strstr(line, " - ");
    if (separator == NULL)
        return false;
    for (int i = 0; i < BEFORE_SEPARATOR; i++) {
        parts[i] = strsep(&rest, " \n");
        if (rest == NULL || rest > separator + 1)
            return false;
    }
    rest = separator + strlen(" - ");
    mount->root = parts[ROOT];
    mount->point = parts[POINT];
    mount->type = strsep(&rest, " \n");
    strsep(&rest, " \n");
    mount->options = rest != NULL ? strsep(&rest, " \n") : NULL;
    unescape(mount->root);
    unescape(mount->point);
    return mount->options != NULL;
}

/* NULL: there is no such file, or its name is too long. */
static FILE *open_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s%s", folder, name) >= sizeof(path))
        return NULL;
    return fopen(path, "re");
}

/* The group's path, from "4:cpu,cpuacct:/path" (version 1) or else from "0::/path". */
static bool read_path(const char *root, const char *controller, char *path, size_t size, bool *is_unified)
{
    FILE *file = open_file(root, "/proc/self/cgroup");
    char *line = NULL;
    size_t capacity = 0;
    bool is_found = false;
    *is_unified = true;
    while (file != NULL && *is_unified && getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = line;
        strsep(&rest, ":");
        const char *controllers = strsep(&rest, ":");
        bool is_version_1 = rest != NULL && has_word(controllers, controller);
        if (rest == NULL || (!is_version_1 && controllers[0] != '\0'))
            continue;
        is_found = (size_t)snprintf(path, size, "%s", rest) < size;
        *is_unified = !is_version_1;
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return is_found;
}

/* The rest of the path of a group below another one, "" for itself; NULL: it is not below it. Both are seen from the
 * process's own namespace, where what is above it begins with "/..". */
static const char *path_below(const char *path, const char *above)
{
    size_t length = strcmp(above, "/") == 0 ? 0 : strlen(above);
    if (strncmp(path, above, length) != 0 || (path[length] != '\0' && path[length] != '/'))
        return NULL;
    const char *rest = strcmp(path + length, "/") == 0 ? "" : path + length;
    return strstr(rest, "/..") == NULL ? rest : NULL;
}

/* Whether this process is in a group, asked of the group itself. */
static bool lists_this_process(const char *folder)
{
    FILE *file = open_file(folder, "/cgroup.procs");
    char line[32];
    bool is_there = false;
    while (file != NULL && !is_there && fgets(line, sizeof(line), file) != NULL)
        is_there = strtol(line, NULL, 10) == (long)getpid();
    if (file != NULL)
        fclose(file);
    return is_there;
}

/* Finds the group of the path in what a mount shows. Where the paths say nothing of it, what is mounted may still be
 * the group itself. */
static bool find_in_mount(const char *root, const struct mount *mount, const char *path, struct control_group *group)
{
    size_t size = sizeof(group->folder);
    const char *rest = path_below(path, mount->root);
    size_t length = (size_t)snprintf(group->folder, size, "%s%s%s", root, mount->point, rest != NULL ? rest : "");
    group->mounted = strlen(root) + strlen(mount->point);
    if (length >= size || access(group->folder, X_OK) != 0)
        return false;
    return rest != NULL || lists_this_process(group->folder);
}

static bool shows(const struct mount *mount, bool is_unified, const char *controller)
{
    if (is_unified)
        return strcmp(mount->type, "cgroup2") == 0;
    return strcmp(mount->type, "cgroup") == 0 && has_word(mount->options, controller);
}

/* Takes the mount that shows the most groups above the one that is looked for. Mounts are listed in the order in which
 * they were made: what comes later at the same place hides what was there. */
static bool find_group(const char *root, const char *controller, struct control_group *group)
{
    char path[PATH_MAX];
    bool is_unified = false;
    bool is_found = false;
    char *line = NULL;
    size_t capacity = 0;
    if (!read_path(root, controller, path, sizeof(path), &is_unified))
        return false;
    FILE *file = open_file(root, "/proc/self/mountinfo");
    while (file != NULL && getline(&line, &capacity, file) > 0) {
        struct mount mount;
        if (!cut_mount(line, &mount))
            continue;
        size_t point = strlen(root) + strlen(mount.point);
        if (is_found && group->mounted == point &&
            strncmp(group->folder + strlen(root), mount.point, point - strlen(root)) == 0)
            is_found = false;
        struct control_group other = {.is_unified = is_unified};
        if (!shows(&mount, is_unified, controller) || !find_in_mount(root, &mount, path, &other))
            continue;
        if (!is_found || strlen(other.folder) - other.mounted > strlen(group->folder) - group->mounted)
            *group = other;
        is_found = true;
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return is_found;
}

/* Goes to the group above; false: there is none to be seen. */
static bool go_up(struct control_group *group)
{
    if (strlen(group->folder) <= group->mounted)
        return false;
    *strrchr(group->folder, '/') = '\0';
    return true;
}

/* The numbers of the first line of a file of a group; "max" is -1. How many there are, 0 without a file. */
static int read_numbers(const struct control_group *group, const char *name, int64_t *numbers, int most)
{
    FILE *file = open_file(group->folder, name);
    char line[128];
    int count = 0;
    if (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *rest = line;
        for (char *word; count < most && (word = strsep(&rest, " \n")) != NULL && word[0] != '\0'; count++)
            numbers[count] = strcmp(word, "max") == 0 ? -1 : strtoll(word, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return count;
}

/* Negative: there is none. */
static int64_t read_number(const struct control_group *group, const char *name)
{
    int64_t number = -1;
    read_numbers(group, name, &number, 1);
    return number;
}

/* A line of the kind "name 123". Negative: there is none. */
static int64_t read_entry(const struct control_group *group, const char *name, const char *entry)
{
    FILE *file = open_file(group->folder, name);
    char line[128];
    size_t length = strlen(entry);
    int64_t number = -1;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, entry, length) == 0 && line[length] == ' ')
            number = strtoll(line + length + 1, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    return number;
}

double cgroup_cpu_quota(const char *root)
{
    struct control_group group;
    double least = 0;
    if (!find_group(root, "cpu", &group))
        return 0;
    do {
        int64_t quota[2] = {-1, -1}; /* and its period; microseconds both */
        if (group.is_unified) {
            read_numbers(&group, "/cpu.max", quota, 2);
        } else {
            quota[0] = read_number(&group, "/cpu.cfs_quota_us");
            quota[1] = read_number(&group, "/cpu.cfs_period_us");
        }
        double cores = (double)quota[0] / (double)quota[1];
        if (quota[0] > 0 && quota[1] > 0 && (least == 0 || cores < least))
            least = cores;
    } while (go_up(&group));
    return least;
}

/* A group that is stopped because one above it is does not count that itself. */
double cgroup_throttled(const char *root)
{
    struct control_group group;
    double sum = NAN;
    if (!find_group(root, "cpu", &group))
        return NAN;
    do {
        int64_t stopped = read_entry(&group, "/cpu.stat", group.is_unified ? "throttled_usec" : "throttled_time");
        if (stopped >= 0)
            sum = (isnan(sum) ? 0 : sum) + (double)stopped / (group.is_unified ? 1e6 : 1e9);
    } while (go_up(&group));
    return sum;
}

static uint64_t lesser(uint64_t left, int64_t right)
{
    return right >= 0 && (uint64_t)right < left ? (uint64_t)right : left;
}

/* The memory that one group may still take. Use that cannot be read counts as none. */
static uint64_t memory_left(const struct control_group *group)
{
    bool is_unified = group->is_unified;
    uint64_t limit = lesser(UINT64_MAX, read_number(group, is_unified ? "/memory.max" : "/memory.limit_in_bytes"));
    /* Above memory.high a group is slowed down as far as it takes. Those of version 1 tell the least limit of all above
     * them, be they mounted here or not. */
    limit = lesser(limit, is_unified ? read_number(group, "/memory.high")
                                     : read_entry(group, "/memory.stat", "hierarchical_memory_limit"));
    if (limit == UINT64_MAX)
        return limit;
    int64_t used = read_number(group, is_unified ? "/memory.current" : "/memory.usage_in_bytes");
    int64_t inactive = read_entry(group, "/memory.stat", is_unified ? "inactive_file" : "total_inactive_file");
    int64_t active = read_entry(group, "/memory.stat", is_unified ? "active_file" : "total_active_file");
    used -= (inactive > 0 ? inactive : 0) + (active > 0 ? active : 0);
    if (used < 0)
        return limit;
    return (uint64_t)used < limit ? limit - (uint64_t)used : 0;
}

uint64_t cgroup_memory_left(const char *root)
{
    /* Version 1 has no word for "no limit" but the largest number of whole pages. */
    static const uint64_t no_limit = UINT64_C(1) << 62;
    struct control_group group;
    uint64_t least = UINT64_MAX;
    if (!find_group(root, "memory", &group))
        return UINT64_MAX;
    do {
        uint64_t left = memory_left(&group);
        least = left < least ? left : least;
        /* In version 1, a group may leave it to those below it to count for themselves. */
    } while (go_up(&group) && (group.is_unified || read_number(&group, "/memory.use_hierarchy") != 0));
    return least < no_limit ? least : UINT64_MAX;
}
