#!/usr/bin/env bash
# docs: every command that the tutorial, docs/live.md, remote.md, replay.md and advice.md and the pages of docs/commands show does what they say.
set -eu
exec python3 "$SOURCE/tests/docs/docs.py" "$SOURCE"/docs/tutorial.md "$SOURCE"/docs/live.md "$SOURCE"/docs/remote.md "$SOURCE"/docs/replay.md "$SOURCE"/docs/advice.md "$SOURCE"/docs/commands/*.md
