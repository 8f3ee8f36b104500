/* quiet: answers of a port that a firmware may replace by functions of the same names. Included by the one file of a port that has none of its own. */
#ifndef TARGET_OS_BARE_QUIET_H
#define TARGET_OS_BARE_QUIET_H

#include <heaptracer/port.h>

__attribute__((weak)) void ht_port_led(enum ht_light light)
{
    (void)light;
}

__attribute__((weak)) void ht_port_print(char letter)
{
    (void)letter;
}

__attribute__((weak)) struct ht_image ht_port_image(void)
{
    return (struct ht_image){NULL, 0};
}

#endif
