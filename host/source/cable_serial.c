/* cable_serial: a serial device's own words are of the kernel, whose headers cannot stand beside those of <termios.h>: so that any rate can be set. */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cable_open.h"

static int serial_fail(int fd)
{
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

int cable_open_serial(const char *path, uint32_t baud)
{
    struct termios2 settings;
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (ioctl(fd, TCGETS2, &settings))
        return serial_fail(fd);
    settings.c_iflag = IGNBRK | IGNPAR;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cflag = CS8 | CREAD | CLOCAL | BOTHER;
    settings.c_ispeed = settings.c_ospeed = baud;
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    if (ioctl(fd, TCSETS2, &settings))
        return serial_fail(fd);
    return fd;
}
