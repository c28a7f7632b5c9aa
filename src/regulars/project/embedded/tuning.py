"""Settings of the embedded server, after the memory and the disk of the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psutil

_MB = 1024 * 1024


def _within(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def memory() -> int:
    """Bytes of memory this process group may use: the machine's, or the container's limit if that is lower."""
    total = int(psutil.virtual_memory().total)
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def settings(*, root: Path, memory_bytes: int | None = None) -> dict[str, str]:
    """Server settings. Every acknowledged commit is on disk: fsync, synchronous_commit and full_page_writes stay on.

    Neither statements nor row values reach the log, for they hold personal data.
    """
    ram = (memory_bytes if memory_bytes is not None else memory()) // _MB
    free = shutil.disk_usage(root).free // _MB
    try:
        shared_disk = shutil.disk_usage("/dev/shm").total // _MB
    except OSError:
        shared_disk = 0
    return {
        "listen_addresses": "",
        "max_connections": "300",
        "superuser_reserved_connections": "5",
        "shared_buffers": f"{_within(64, ram // 8, 4096)}MB",
        "effective_cache_size": f"{_within(128, ram // 2, 65536)}MB",
        "work_mem": f"{_within(4, ram // 600, 64)}MB",
        "maintenance_work_mem": f"{_within(32, ram // 48, 1024)}MB",
        "dynamic_shared_memory_type": "posix" if shared_disk >= 512 else "mmap",
        "wal_buffers": "16MB",
        "max_wal_size": f"{_within(256, free // 8, 3072)}MB",
        "min_wal_size": f"{_within(80, free // 32, 1024)}MB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers_per_gather": "2" if (os.cpu_count() or 1) > 2 else "1",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "autovacuum_vacuum_scale_factor": "0.1",
        "autovacuum_analyze_scale_factor": "0.05",
        "idle_in_transaction_session_timeout": "10min",
        "client_connection_check_interval": "5s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "off",
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_checkpoints": "off",
        "log_line_prefix": "%m [%p] ",
    }
