#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/export.h"

/* Each test works in an empty folder of its own, and so with names that need no prefix. */

static char folder[64];

static int enter_empty_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test_export.XXXXXX");
    return mkdtemp(folder) != NULL && chmod(folder, 0755) == 0 ? chdir(folder) : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    DIR *entries = opendir(".");
    if (entries == NULL)
        return -1;
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove(entry->d_name);
    }
    closedir(entries);
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static size_t count_entries(void)
{
    size_t count = 0;
    DIR *entries = opendir(".");
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return count;
}

static void write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected)
{
    char content[256];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t length = fread(content, 1, sizeof(content) - 1, file);
    content[length] = '\0';
    fclose(file);
    assert_string_equal(content, expected);
}

static void assert_refused(const char *path, const char *part)
{
    struct error error = {0};
    char quoted[300];
    snprintf(quoted, sizeof(quoted), "\"%s\"", path);
    assert_int_equal(export_check(path, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    if (strstr(error.message, quoted) == NULL || strstr(error.message, part) == NULL)
        fail_msg("\"%s\" does not say %s and \"%s\"", error.message, quoted, part);
}

static void test_a_file_appears_when_it_is_complete(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    assert_int_equal(export_open("report", &export, &error), 0);
    fputs("new", export.stream);
    fflush(export.stream);
    assert_int_equal(access("report", F_OK), -1);
    assert_int_equal(export_commit(&export, &error), 0);
    assert_content("report", "new");
    assert_int_equal(count_entries(), 1);
    assert_null(export.stream);
    export_abandon(&export); /* nothing is left to give up */
    assert_content("report", "new");
}

static void test_the_old_file_stays_until_the_new_one_is_complete(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    write_file("report", "old and longer");
    assert_int_equal(export_check("report", &error), 0);
    assert_int_equal(export_open("report", &export, &error), 0);
    fputs("new", export.stream);
    fflush(export.stream);
    assert_content("report", "old and longer");
    assert_int_equal(export_commit(&export, &error), 0);
    assert_content("report", "new");
    assert_int_equal(count_entries(), 1);
}

static void test_giving_up_leaves_what_was_there(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    write_file("report", "old");
    assert_int_equal(export_open("report", &export, &error), 0);
    fputs("half of a rep", export.stream);
    export_abandon(&export);
    assert_content("report", "old");
    assert_int_equal(count_entries(), 1);

    assert_int_equal(export_open("other", &export, &error), 0);
    fputs("half of a rep", export.stream);
    export_abandon(&export);
    export_abandon(&export);
    assert_int_equal(count_entries(), 1);
}

static void test_rights_are_those_of_any_new_file(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    struct stat status;
    mode_t before = umask(0027);
    assert_int_equal(export_open("report", &export, &error), 0);
    assert_int_equal(umask(before), 0027);
    assert_int_equal(export_commit(&export, &error), 0);
    assert_int_equal(stat("report", &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
}

static void test_a_dash_is_standard_output(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    assert_int_equal(export_check("-", &error), 0);
    assert_int_equal(export_open("-", &export, &error), 0);
    assert_ptr_equal(export.stream, stdout);
    assert_int_equal(export_commit(&export, &error), 0);
    assert_true(fcntl(STDOUT_FILENO, F_GETFD) != -1); /* still open */
    assert_int_equal(export_open("-", &export, &error), 0);
    export_abandon(&export);
    assert_true(fcntl(STDOUT_FILENO, F_GETFD) != -1);
    assert_int_equal(count_entries(), 0);
}

static void test_checking_leaves_no_trace(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(export_check("report", &error), 0);
    assert_int_equal(count_entries(), 0);
    write_file("report", "old");
    assert_int_equal(export_check("report", &error), 0);
    assert_content("report", "old");
    assert_int_equal(count_entries(), 1);
    assert_int_equal(error.kind, ERROR_NONE);
}

static void test_what_cannot_be_written_is_found_beforehand(void **state)
{
    (void)state;
    write_file("file", "");
    assert_refused(".", strerror(EISDIR));
    assert_refused(folder, strerror(EISDIR));
    assert_refused("missing/report", strerror(ENOENT));
    assert_refused("file/report", strerror(ENOTDIR));
    assert_int_equal(count_entries(), 1);
}

/* Root may write everything, so this is tried as nobody. 0: refused as it should be. */
static int check_as_nobody(const char *path)
{
    enum { NOBODY = 65534 };
    struct error error = {0};
    if (getuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return 1;
    if (export_check(path, &error) == 0 || error.kind != ERROR_ENVIRONMENT)
        return 2;
    return strstr(error.message, path) != NULL && strstr(error.message, strerror(EACCES)) != NULL ? 0 : 3;
}

static void assert_refused_to_nobody(const char *path)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(check_as_nobody(path));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_missing_rights_are_found_beforehand(void **state)
{
    (void)state;
    /* Renaming could replace a file that is not to be written; but nobody asked for that. */
    write_file("read-only", "old");
    assert_int_equal(chmod("read-only", 0444), 0);
    assert_int_equal(chmod(".", 0777), 0);
    assert_refused_to_nobody("read-only");
    assert_content("read-only", "old");
    assert_int_equal(chmod(".", 0555), 0);
    assert_refused_to_nobody("report");
    assert_int_equal(chmod(".", 0755), 0);
}

static void test_a_folder_that_went_away_is_the_environment(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    assert_int_equal(export_open("missing/report", &export, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "\"missing/report\""));
    assert_null(export.stream);
    assert_null(export.temporary);
}

static void assert_full(const char *path, size_t bytes)
{
    struct export export;
    struct error error = {0};
    assert_int_equal(export_check(path, &error), 0);
    assert_int_equal(export_open(path, &export, &error), 0);
    for (size_t i = 0; i < bytes; i++)
        fputc('x', export.stream);
    errno = 0;
    assert_int_equal(export_commit(&export, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    if (strstr(error.message, path) == NULL || strstr(error.message, strerror(ENOSPC)) == NULL)
        fail_msg("\"%s\" does not say \"%s\" and why", error.message, path);
    assert_null(export.stream);
}

/* The device is reached by a link only: an export that renamed where it must write in place would otherwise take the
 * device of the whole machine away, as root may. */
static void test_a_full_disk_is_told(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(symlink("/dev/full", "device"), 0);
    assert_full("device", 1);
    assert_full("device", 1 << 20); /* more than any buffer: fails long before the end */
    assert_int_equal(lstat("device", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(count_entries(), 1);
}

static void test_a_file_that_cannot_take_its_place_leaves_nothing(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    assert_int_equal(export_open("report", &export, &error), 0);
    fputs("new", export.stream);
    assert_int_equal(mkdir("report", 0755), 0);
    assert_int_equal(export_commit(&export, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "\"report\""));
    assert_int_equal(count_entries(), 1);
    assert_int_equal(rmdir("report"), 0);
}

static void test_a_pipe_is_written_in_place(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    char content[16] = "";
    struct stat status;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(export_check("pipe", &error), 0);
    assert_int_equal(export_open("pipe", &export, &error), 0);
    assert_null(export.temporary);
    fputs("report", export.stream);
    assert_int_equal(export_commit(&export, &error), 0);
    assert_int_equal(read(reader, content, sizeof(content) - 1), 6);
    assert_string_equal(content, "report");
    close(reader);
    assert_int_equal(stat("pipe", &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
}

static void test_a_pipe_without_a_reader_is_an_error(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(export_check("pipe", &error), 0);
    assert_int_equal(export_open("pipe", &export, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "nobody reads"));
    assert_null(export.stream);
}

static void test_a_reader_that_takes_nothing_is_an_error(void **state)
{
    (void)state;
    static const char block[1 << 20];
    struct export export;
    struct error error = {0};
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(export_open("pipe", &export, &error), 0);
    export.patience = NANOSECONDS_PER_MILLISECOND;
    fwrite(block, 1, sizeof(block), export.stream);
    assert_int_equal(export_commit(&export, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_non_null(strstr(error.message, "taken nothing"));
    assert_null(export.stream);
    close(reader);
}

static void test_a_link_to_nothing_yet_makes_it(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    struct stat status;
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(export_check("link", &error), 0);
    assert_int_equal(access("target", F_OK), -1);
    assert_int_equal(export_open("link", &export, &error), 0);
    fputs("new", export.stream);
    assert_int_equal(export_commit(&export, &error), 0);
    assert_int_equal(lstat("link", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_content("target", "new");
    assert_int_equal(symlink("circle", "circle"), 0);
    assert_refused("circle", strerror(ELOOP));
}

static void test_a_link_stays_and_what_it_leads_to_is_written(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    struct stat status;
    write_file("target", "before");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(export_check("link", &error), 0);
    assert_int_equal(export_open("link", &export, &error), 0);
    fputs("after", export.stream);
    assert_int_equal(export_commit(&export, &error), 0);
    assert_int_equal(lstat("link", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_content("target", "after");
}

/* Anyone who may write to the folder could have laid the link, to have somebody else's file written over. */
static void test_a_link_where_others_write_is_not_followed(void **state)
{
    (void)state;
    struct export export;
    struct error error = {0};
    write_file("precious", "before");
    assert_int_equal(mkdir("open", 0700), 0);
    assert_int_equal(chmod("open", 01777), 0);
    assert_int_equal(symlink("../precious", "open/link"), 0);
    assert_int_equal(symlink("/dev/null", "open/device"), 0);
    assert_refused("open/link", "everybody");
    assert_refused("open/device", "everybody");
    assert_int_equal(export_open("open/link", &export, &error), -1);
    assert_int_equal(error.kind, ERROR_ENVIRONMENT);
    assert_content("precious", "before");
    /* A file of one's own there is fine. */
    assert_int_equal(export_check("open/file", &error), 0);
    assert_int_equal(unlink("open/link"), 0);
    assert_int_equal(unlink("open/device"), 0);
}

static void test_a_link_to_a_folder_is_a_folder(void **state)
{
    (void)state;
    assert_int_equal(symlink("/", "root"), 0);
    assert_refused("root", strerror(EISDIR));
    assert_int_equal(count_entries(), 1);
}

#define UNIT_TEST(name) cmocka_unit_test_setup_teardown(name, enter_empty_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_a_file_appears_when_it_is_complete),
        UNIT_TEST(test_the_old_file_stays_until_the_new_one_is_complete),
        UNIT_TEST(test_giving_up_leaves_what_was_there),
        UNIT_TEST(test_rights_are_those_of_any_new_file),
        UNIT_TEST(test_a_dash_is_standard_output),
        UNIT_TEST(test_checking_leaves_no_trace),
        UNIT_TEST(test_what_cannot_be_written_is_found_beforehand),
        UNIT_TEST(test_missing_rights_are_found_beforehand),
        UNIT_TEST(test_a_folder_that_went_away_is_the_environment),
        UNIT_TEST(test_a_full_disk_is_told),
        UNIT_TEST(test_a_file_that_cannot_take_its_place_leaves_nothing),
        UNIT_TEST(test_a_pipe_is_written_in_place),
        UNIT_TEST(test_a_pipe_without_a_reader_is_an_error),
        UNIT_TEST(test_a_reader_that_takes_nothing_is_an_error),
        UNIT_TEST(test_a_link_to_nothing_yet_makes_it),
        UNIT_TEST(test_a_link_to_a_folder_is_a_folder),
        UNIT_TEST(test_a_link_stays_and_what_it_leads_to_is_written),
        UNIT_TEST(test_a_link_where_others_write_is_not_followed),
    };
    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
