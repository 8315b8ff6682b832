"""The layout of the index file: one SQLite database, written once, then only read.

``ranges`` is clustered by package and lower bound, its bounds are memcomparable version keys, so that "affected?" is
one indexed range look-up and all rows of a package lie side by side. What rows share (words, channels, severities)
stands once in ``details``; the text of an advisory once in ``records``.
"""

from __future__ import annotations

#: Raised when the layout, the spelling of names or any version key changes: an index of another format is rebuilt,
#: never misread.
FORMAT = "7"

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, format TEXT NOT NULL, as_of TEXT NOT NULL, recorded TEXT NOT NULL,
    digest TEXT NOT NULL, facts INTEGER NOT NULL, problems INTEGER NOT NULL
);
CREATE TABLE imports (
    source INTEGER, recorded TEXT, as_of TEXT NOT NULL, digest TEXT NOT NULL, facts INTEGER NOT NULL,
    problems INTEGER NOT NULL, PRIMARY KEY (source, recorded)
) WITHOUT ROWID;
CREATE TABLE coverage (
    scope TEXT, source INTEGER, recorded_from TEXT, recorded_to TEXT, rows INTEGER NOT NULL,
    PRIMARY KEY (scope, source, recorded_from, recorded_to)
) WITHOUT ROWID;
CREATE TABLE packages (
    scope TEXT, name TEXT, naming TEXT, id INTEGER NOT NULL,
    shared INTEGER NOT NULL, stated INTEGER NOT NULL,
    PRIMARY KEY (scope, name, naming)
) WITHOUT ROWID;
CREATE TABLE records (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, body BLOB NOT NULL, published TEXT NOT NULL,
    withdrawn TEXT NOT NULL, recorded_from TEXT NOT NULL, recorded_to TEXT NOT NULL
);
CREATE TABLE details (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE ranges (
    package INTEGER, low BLOB, high BLOB, record INTEGER, detail INTEGER NOT NULL, fix TEXT NOT NULL,
    PRIMARY KEY (package, low, high, record, detail, fix)
) WITHOUT ROWID;
CREATE TABLE statements (
    package INTEGER, record INTEGER, detail INTEGER, why TEXT NOT NULL, PRIMARY KEY (package, record, detail, why)
) WITHOUT ROWID;
CREATE TABLE intel (
    cve TEXT, kind TEXT, source INTEGER, recorded_from TEXT, recorded_to TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (cve, kind, source, recorded_from)
) WITHOUT ROWID;
CREATE TABLE lifecycles (
    product TEXT, cycle TEXT, source INTEGER, recorded_from TEXT, recorded_to TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (product, cycle, source, recorded_from)
) WITHOUT ROWID;
"""
