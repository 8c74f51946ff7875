from pathlib import Path

import pytest

from adjudicator.problems import Refused
from ingest.found import find

WANTED = ("claims", "claim_lines", "price_lists")


def test_files_find_their_table(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "elsewhere").mkdir()
    names = [
        "Claims.CSV",
        "claims-2025-06.csv.gz",
        "claims.part1.parquet",
        "claim_lines.parquet",
        "claim_lines_2.csv",
        "claims/part-0.parquet",
        "claims/anything.csv",
        "claims/notes.txt",
        "claims.xlsx",
        "readme.md",
        "claimsx.csv",
        ".claims.csv",
        "_claims.csv",
        "provisions.csv",
        "set_aside.csv",
        "elsewhere/claims.csv",
    ]
    for name in names:
        (tmp_path / name).touch()
    found = find([tmp_path, tmp_path / "claim_lines.parquet"], WANTED)
    files = {
        table: [str(path.relative_to(tmp_path)) for path in paths] for table, paths in found.files.items()
    }
    assert files == {
        "claims": [
            "Claims.CSV",
            "claims-2025-06.csv.gz",
            "claims.part1.parquet",
            "claims/anything.csv",
            "claims/part-0.parquet",
        ],
        "claim_lines": ["claim_lines.parquet", "claim_lines_2.csv"],
        "price_lists": [],
    }
    told = [problem.told() for problem in found.warnings]
    ignored = [Path(line.split(": ")[0]).name for line in told]
    assert ignored == ["claims.xlsx", "notes.txt", "claimsx.csv", "readme.md"]
    assert told[0].endswith(
        "claims.xlsx: warning: the file is ignored: its name is not that of a table → name it <table>.csv, "
        "<table>.csv.gz or <table>.parquet; the tables are claim_lines, claims, price_lists"
    )


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no such file or folder"):
        find([tmp_path / "nowhere"], WANTED)
