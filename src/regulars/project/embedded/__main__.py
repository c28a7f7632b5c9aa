"""python -m regulars.project.embedded start|stop|status|url"""

from __future__ import annotations

import sys

from regulars.project.database import data_directory
from regulars.project.embedded import lifecycle
from regulars.project.embedded.cluster import Cluster
from regulars.project.plainly import PlainError, say


def main(arguments: list[str]) -> int:
    cluster = Cluster.at(data_directory())
    match arguments:
        case ["start"]:
            lifecycle.start(cluster, keep=True)
            print(cluster.url())
        case ["stop"]:
            lifecycle.stop(cluster)
        case ["status"]:
            ready = lifecycle.is_ready(cluster)
            print(say(zh="运行中", en="running") if ready else say(zh="未运行", en="not running"))
            return 0 if ready else 3
        case ["url"]:
            print(cluster.url())
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except PlainError as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(refusal.exit_code)
