"""tools: in a load's command and a folder for output, out the command line and environment of each tool that is measured beside the others."""
import os


def library(name):
    return os.path.join("/usr/lib", os.uname().machine + "-linux-gnu", name)


def bare(command, folder, build):
    return command, {}


def heaptracer(command, folder, build):
    return [os.path.join(build, "heaptracer"), "run", "-o", os.path.join(folder, "trace.htrc"), "--", *command], {}


def heaptracer_sampled(command, folder, build):
    return [os.path.join(build, "heaptracer"), "run", "--sample", "512K", "-o", os.path.join(folder, "trace.htrc"), "--", *command], {}


def heaptrack(command, folder, build):
    return ["heaptrack", "-o", os.path.join(folder, "trace"), *command], {}


def heaptrack_record_only(command, folder, build):
    return ["heaptrack", "--raw", "-o", os.path.join(folder, "trace"), *command], {}


def memcheck(command, folder, build):
    return ["valgrind", "--leak-check=full", "--log-file=" + os.path.join(folder, "memcheck.txt"), *command], {}


def massif(command, folder, build):
    return ["valgrind", "--tool=massif", "--massif-out-file=" + os.path.join(folder, "massif.out"), *command], {}


def jemalloc(command, folder, build):
    return command, {"LD_PRELOAD": library("libjemalloc.so.2"), "MALLOC_CONF": "prof:true,lg_prof_sample:19,prof_final:true,prof_prefix:" + os.path.join(folder, "jeprof")}


def gperftools(command, folder, build):
    return command, {"LD_PRELOAD": library("libtcmalloc.so.4"), "HEAPPROFILE": os.path.join(folder, "heap")}


TOOLS = {
    "none": bare,
    "heaptracer": heaptracer,
    "heaptracer-sampled": heaptracer_sampled,
    "heaptrack": heaptrack,
    "heaptrack-record-only": heaptrack_record_only,
    "memcheck": memcheck,
    "massif": massif,
    "jemalloc": jemalloc,
    "gperftools": gperftools,
}
# What stands for the traced program in the process list, where the tool runs it inside itself.
PROCESS_NAME = {"memcheck": "memcheck-amd64-", "massif": "massif-amd64-l"}
# These take minutes on ten million events: a few loads tell enough.
SLOW = {"memcheck", "massif", "gperftools"}
SLOW_LOADS = ("sqlite3", "jq", "churn")
ABOUT = {
    "heaptracer": "every event, full stack, time, thread, address, exact order; the compressed trace is complete on disk",
    "heaptracer-sampled": "the same recorder, Poisson samples by bytes, one per 512 KiB",
    "heaptrack": "Debian's 1.4: every event, stacks to 64 frames, no time, thread or address; with its interpreter and zstd",
    "heaptrack-record-only": "the same without the interpreter: a raw stream through zstd, to be interpreted later",
    "memcheck": "valgrind, --leak-check=full: looks for errors, keeps no profile",
    "massif": "valgrind: snapshots of live bytes by stack",
    "jemalloc": "another allocator with sampled profiling, one per 512 KiB",
    "gperftools": "tcmalloc with its heap profiler: live and total by stack, no events",
}
