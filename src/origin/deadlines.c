#include "deadlines.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

static int make_room(struct deadlines *deadlines)
{
    if (deadlines->count < deadlines->capacity)
        return 0;
    size_t capacity = deadlines->capacity == 0 ? FIRST_CAPACITY : deadlines->capacity * 2;
    struct deadline *heap = realloc(deadlines->heap, capacity * sizeof(heap[0]));
    if (heap == NULL)
        return -1;
    deadlines->heap = heap;
    deadlines->capacity = capacity;
    return 0;
}

int deadlines_add(struct deadlines *deadlines, nanoseconds due, void *item)
{
    if (make_room(deadlines) != 0)
        return -1;
    struct deadline *heap = deadlines->heap;
    size_t hole = deadlines->count++;
    while (hole > 0 && due < heap[(hole - 1) / 2].due) {
        heap[hole] = heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    heap[hole] = (struct deadline){due, item};
    return 0;
}

void *deadlines_take(struct deadlines *deadlines, nanoseconds now)
{
    struct deadline *heap = deadlines->heap;
    if (deadlines->count == 0 || heap[0].due > now)
        return NULL;
    void *item = heap[0].item;
    struct deadline last = heap[--deadlines->count];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child + 1 < deadlines->count && heap[child + 1].due < heap[child].due)
            child++;
        if (child >= deadlines->count || last.due <= heap[child].due)
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = last;
    return item;
}

void deadlines_release(struct deadlines *deadlines)
{
    free(deadlines->heap);
    *deadlines = (struct deadlines){0};
}
