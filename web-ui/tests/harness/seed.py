#!/usr/bin/env python3
"""Copies the newest run of a database, with its event and its steps, many times over, as if years had gone by.

Arguments: the database's file, how many copies, how far back the oldest lies in milliseconds. The server must not run.
Columns are copied by name, whatever they are, so that a new one needs no change here."""

import sqlite3
import sys

STATUSES = "CASE WHEN n % 50 = 0 THEN 'failed' WHEN n % 331 = 0 THEN 'dead' ELSE 'succeeded' END"


def copy(database, table, key, source, changed):
    """Inserts one copy of the source's rows for each number, with some columns computed."""
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(name, f"source.{name}") for name in names)
    columns = ", ".join(names)
    database.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS source, numbers WHERE source.{key} = ?", (source,)
    )


def main(path, count, span_ms):
    database = sqlite3.connect(path)
    database.execute("CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)")
    database.executemany("INSERT INTO numbers VALUES (?)", ((n,) for n in range(1, count + 1)))
    run, event = database.execute("SELECT id, event_id FROM runs ORDER BY id DESC LIMIT 1").fetchone()
    moved = {}
    for column in ("received_at", "created_at", "started_at", "finished_at", "retry_at"):
        moved[column] = f"source.{column} - ({count} - n) * {span_ms // count}"
    # Rows that are older than the copied one would have smaller ids; so the original goes first and time runs up to it.
    event_row = {"id": f"{event} + n", "public_id": "randomblob(16)", "dedup_key": "NULL"}
    for column, kind in (("body", "BLOB"), ("parsed", "TEXT")):
        renamed = f"replace(CAST(source.{column} AS TEXT), 'A-1001', 'A-' || (1001 + n))"
        event_row[column] = f"CAST({renamed} AS {kind})"
    copy(database, "events", "id", event, moved | event_row)
    run_row = {"id": f"{run} + n", "public_id": "randomblob(16)", "event_id": f"{event} + n", "status": STATUSES}
    copy(database, "runs", "id", run, moved | run_row)
    copy(database, "steps", "run_id", run, moved | {"run_id": f"{run} + n"})
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
