/* Runs a program in which the system refuses some calls, as it does in containers whose profile does not know them:
 *
 *     refuse ERROR CALL[,CALL...] PROGRAM [ARGUMENT...]
 *
 * ERROR is EPERM (what profiles of old container engines answer) or ENOSYS (newer ones). What the program starts is
 * held to the same. Ends with 77 where filters of system calls (seccomp(2)) are not to be had. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOT_TO_BE_HAD = 77, MOST = 16 };

#define CALL(name)                                                                                                     \
    {                                                                                                                  \
#name, SYS_##name                                                                                              \
    }

static const struct {
    const char *name;
    long number;
} calls[] = {
    CALL(clone3), CALL(madvise), CALL(memfd_create),      CALL(prctl),      CALL(rseq),
    CALL(statx),  CALL(sysinfo), CALL(sched_getaffinity), CALL(faccessat2), CALL(epoll_pwait2),
};

/* Negative: not in the table. */
static long number_of(const char *name)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(calls[i].name, name) == 0)
            return calls[i].number;
    }
    return -1;
}

/* A call that is in the list jumps to the end of the filter. */
static unsigned short make_filter(const long *numbers, unsigned count, unsigned error, struct sock_filter *filter)
{
    unsigned short length = 0;
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < count; i++)
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)numbers[i],
                                                        (unsigned char)(count - i), 0);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
    return length;
}

int main(int argc, char **argv)
{
    long numbers[MOST];
    unsigned count = 0;
    struct sock_filter filter[MOST + 3];
    if (argc < 4)
        return 2;
    unsigned error = strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS;
    for (char *name = strtok(argv[2], ","); name != NULL && count < MOST; name = strtok(NULL, ",")) {
        numbers[count] = number_of(name);
        if (numbers[count++] < 0) {
            fprintf(stderr, "refuse: no such call in the table: %s\n", name);
            return 2;
        }
    }
    struct sock_fprog program = {make_filter(numbers, count, error, filter), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("refuse");
        return NOT_TO_BE_HAD;
    }
    execv(argv[3], argv + 3);
    perror(argv[3]);
    return 126;
}
