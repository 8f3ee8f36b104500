#!/usr/bin/env python3
"""board_line: in a file with what a firmware wrote, out that on a TCP port of its own (its number is the first line of stdout) to who connects. A line of stdin unplugs it, the next one
plugs it in again."""
import socket
import sys


def main():
    with open(sys.argv[1], "rb") as file:
        said = file.read()
    port = 0
    while True:
        with socket.create_server(("127.0.0.1", port)) as listener:
            if not port:
                port = listener.getsockname()[1]
                print(port, flush=True)
            board, _ = listener.accept()
        board.sendall(said)
        sys.stdin.readline()
        board.close()
        if not sys.stdin.readline():
            return


main()
