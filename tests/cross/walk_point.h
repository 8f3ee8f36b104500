/* walk_point: in calls from random code, out a comparison of the runtime's walk with libgcc's unwinder at each of them. */
#ifndef TESTS_CROSS_WALK_POINT_H
#define TESTS_CROSS_WALK_POINT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Compares the stack of its caller: by one walker that reuses what it knew and by one that knows nothing. */
void walk_point(void);
/* The same number for the same run of the program. */
unsigned walk_random(unsigned below);

/* Random recursion (walk_random.c). */
void walk_wander(int depth);
void walk_wander_start(void);
/* The same in C++ with exceptions; NULL where the program has no C++ (walk_throw.cc). */
void walk_throw(int depth) __attribute__((weak));

#ifdef __cplusplus
}
#endif
#endif
