#include "conc_bench/platform/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "proc_file.h"

enum { PATH_BYTES = 320 };

void process_end_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void process_outlive_parent(void)
{
    prctl(PR_SET_PDEATHSIG, 0);
}

bool process_adopt_orphans(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1UL) == 0;
}

void process_yield(void)
{
    sched_yield();
}

int process_await_signal(const sigset_t *awaited, siginfo_t *signal)
{
    return sigwaitinfo(awaited, signal);
}

void process_sleep_until(int64_t instant)
{
    enum { NANOSECONDS = 1000000000 };
    /* An absolute instant: what a thread loses between two looks at the clock does not make it sleep longer. */
    const struct timespec until = {.tv_sec = (time_t)(instant / NANOSECONDS), .tv_nsec = (long)(instant % NANOSECONDS)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

void process_be_punctual(void)
{
    prctl(PR_SET_TIMERSLACK, 1UL);
}

static bool write_own(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t written = write(file, text, strlen(text));
    close(file);
    return written == (ssize_t)strlen(text);
}

bool process_reset_peak(void)
{
    return write_own("/proc/self/clear_refs", "5");
}

void process_be_killed_first(void)
{
    (void)write_own("/proc/self/oom_score_adj", "1000");
}

int64_t process_peak_bytes(const struct rusage *usage)
{
    return (int64_t)usage->ru_maxrss * 1024;
}

/* Trees */

/* A process and its parent. */
struct parent_link {
    pid_t pid;
    pid_t parent;
};

/* The state of the search of a tree. */
struct tree_search {
    const char *root;
    struct process_tree *tree;
    bool has_all_parents;             /* every process was asked for its parent */
    struct parent_link *parent_links; /* the links that were found then */
    size_t parent_link_count;
};

/* False: no memory, or the process would not say. */
static bool add_parent_link(struct tree_search *search, pid_t pid)
{
    char path[PATH_BYTES];
    struct proc_field parent = {.name = "PPid"};
    snprintf(path, sizeof(path), "%s/proc/%ld/status", search->root, (long)pid);
    if (proc_file_read(path, &parent, 1) != 0)
        return errno == ENOENT || errno == ESRCH; /* it has gone meanwhile */
    if (parent.value < 0)
        return true;
    struct parent_link *longer = realloc(search->parent_links, (search->parent_link_count + 1) * sizeof(*longer));
    if (longer == NULL)
        return false;
    search->parent_links = longer;
    longer[search->parent_link_count++] = (struct parent_link){.pid = pid, .parent = (pid_t)parent.value};
    return true;
}

/* Looks once for the whole tree. Where others' processes are hidden (hidepid), those of the tree are still seen if its
 * first is, because they are the same user's. */
static bool find_parent_links(struct tree_search *search)
{
    if (search->has_all_parents)
        return true;
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/proc", search->root);
    DIR *folder = opendir(path);
    bool is_whole = folder != NULL;
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0)
            is_whole &= add_parent_link(search, pid);
    }
    if (folder != NULL)
        closedir(folder);
    search->has_all_parents = is_whole;
    return is_whole;
}

static bool add_tree(struct tree_search *search, pid_t pid, unsigned depth);

/* The children that one thread has made, or taken over. 1: the kernel keeps no list; -1: it could not be read. */
static int add_children_of_thread(struct tree_search *search, pid_t pid, const char *thread, unsigned depth)
{
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof(path), "%s/proc/%ld/task/%s/children", search->root, (long)pid, thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 1;
    bool is_whole = true;
    char *number = NULL;
    size_t capacity = 0;
    while (is_whole && getdelim(&number, &capacity, ' ', file) > 0) {
        pid_t child = (pid_t)strtol(number, NULL, 10);
        is_whole = child <= 0 || add_tree(search, child, depth);
    }
    is_whole = is_whole && !ferror(file) && feof(file);
    free(number);
    fclose(file);
    return is_whole ? 0 : -1;
}

/* The same of all threads, any of which may fork. */
static int add_children_by_thread(struct tree_search *search, pid_t pid, unsigned depth)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/proc/%ld/task", search->root, (long)pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT ? 0 : 1; /* it has gone meanwhile */
    int status = 1;
    const struct dirent *entry;
    while (status >= 0 && (entry = readdir(folder)) != NULL) {
        int one = entry->d_name[0] == '.' ? 1 : add_children_of_thread(search, pid, entry->d_name, depth);
        status = one == 1 ? status : one; /* a thread may have gone meanwhile */
    }
    closedir(folder);
    return status;
}

static bool add_children(struct tree_search *search, pid_t pid, unsigned depth)
{
    int status = add_children_by_thread(search, pid, depth);
    if (status <= 0)
        return status == 0;
    bool is_whole = find_parent_links(search);
    for (size_t i = 0; is_whole && i < search->parent_link_count; i++) {
        if (search->parent_links[i].parent == pid)
            is_whole = add_tree(search, search->parent_links[i].pid, depth);
    }
    return is_whole;
}

static bool add_tree(struct tree_search *search, pid_t pid, unsigned depth)
{
    enum { DEEPEST = 100 }; /* nobody has so many ancestors; a ring would have no end */
    struct process_tree *tree = search->tree;
    pid_t *longer = depth <= DEEPEST ? realloc(tree->pids, (tree->count + 1) * sizeof(*longer)) : NULL;
    if (longer == NULL)
        return false;
    tree->pids = longer;
    longer[tree->count++] = pid;
    return add_children(search, pid, depth + 1);
}

bool process_find_tree(const char *root, pid_t pid, struct process_tree *tree)
{
    struct tree_search search = {.root = root, .tree = tree};
    bool is_whole = add_tree(&search, pid, 0);
    free(search.parent_links);
    return is_whole;
}

void process_tree_release(struct process_tree *tree)
{
    free(tree->pids);
    *tree = (struct process_tree){0};
}

/* One process */

bool process_read_status(const char *root, pid_t pid, struct process_status *status)
{
    char path[PATH_BYTES];
    struct proc_field fields[] = {{.name = "Threads"}, {.name = "VmHWM"}};
    snprintf(path, sizeof(path), "%s/proc/%ld/status", root, (long)pid);
    bool is_read = proc_file_read(path, fields, sizeof(fields) / sizeof(fields[0])) == 0;
    *status = (struct process_status){
        .threads = fields[0].value > 0 ? (uint32_t)fields[0].value : 0,
        .peak_bytes = fields[1].value >= 0 ? fields[1].value * 1024 : -1,
    };
    return is_read;
}

bool process_read_memory(const char *root, pid_t pid, struct process_memory *memory)
{
    char path[PATH_BYTES];
    struct proc_field fields[] = {{.name = "Rss"}, {.name = "Pss"}, {.name = "Pss_Shmem"}};
    snprintf(path, sizeof(path), "%s/proc/%ld/smaps_rollup", root, (long)pid);
    proc_file_read(path, fields, sizeof(fields) / sizeof(fields[0]));
    *memory = (struct process_memory){
        .resident = fields[0].value * 1024,
        .proportional = fields[1].value * 1024,
        .shared = fields[2].value > 0 ? fields[2].value * 1024 : 0,
    };
    return fields[0].value >= 0 && fields[1].value >= 0;
}

int64_t process_count_descriptors(const char *root, pid_t pid)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/proc/%ld/fd", root, (long)pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    int64_t count = 0;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.'; /* without "." and ".." */
    closedir(folder);
    return count;
}

/* Adds the first two figures of a thread's schedstat. */
static bool add_thread(const char *path, struct process_schedule *schedule)
{
    char line[96];
    char *first, *second;
    FILE *file = fopen(path, "re");
    bool is_read = file != NULL && fgets(line, sizeof(line), file) != NULL;
    if (file != NULL)
        fclose(file);
    if (!is_read)
        return false;
    schedule->on_cpu += strtoll(line, &first, 10);
    schedule->run_queue_wait += strtoll(first, &second, 10);
    return first != line && second != first;
}

/* Thread by thread: the figures of the process would be its main thread's alone. A kernel that does not count says
 * "0 0 0", which cannot be, since whoever could be found has run. */
bool process_read_schedule(const char *root, pid_t pid, struct process_schedule *schedule)
{
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof(path), "%s/proc/%ld/task", root, (long)pid);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool is_read = folder != NULL;
    *schedule = (struct process_schedule){0};
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/proc/%ld/task/%s/schedstat", root, (long)pid, entry->d_name);
        is_read &= add_thread(path, schedule);
    }
    if (folder != NULL)
        closedir(folder);
    return is_read && schedule->on_cpu > 0;
}
