"""A generated scheme: the same for the same seed, whole in itself, and plausible."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pandas as pd
import pytest

from adjudicator.generation import generate
from adjudicator.generation.faults import Fault
from adjudicator.problems import Refused
from adjudicator.product.check import RegisterCodes, check_products
from adjudicator.scheme import open_scheme
from ingest.tables import ClaimsReading, read_claims, read_registers
from tests.generation.generated_scheme import FAMILIES, MONTHS, SEED, Generated


def files_of(folder: Path) -> list[Path]:
    return sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())


# The same, always.


def test_the_same_seed_gives_the_same_bytes(generated: Generated, tmp_path: Path) -> None:
    generate(tmp_path / "again", FAMILIES, MONTHS, SEED)
    assert files_of(tmp_path / "again") == files_of(generated.folder)
    _, differing, unread = filecmp.cmpfiles(
        generated.folder, tmp_path / "again", map(str, files_of(generated.folder)), shallow=False
    )
    assert not differing
    assert not unread


def test_a_month_does_not_depend_on_the_months_after_it(generated: Generated, tmp_path: Path) -> None:
    generate(tmp_path / "short", FAMILIES, 2, SEED)
    months = sorted((tmp_path / "short" / "claims").iterdir())
    assert len(months) == 2
    for month in months:
        for file in month.iterdir():
            longer = generated.folder / "claims" / month.name / file.name
            assert filecmp.cmp(file, longer, shallow=False), file


def test_another_seed_gives_other_claims(generated: Generated, tmp_path: Path) -> None:
    generate(tmp_path / "other", FAMILIES, 1, SEED + 1)
    name = Path("claims", "2026-01", "claims.parquet")
    assert not filecmp.cmp(tmp_path / "other" / name, generated.folder / name, shallow=False)


def test_csv_says_the_same(generated: Generated, tmp_path: Path) -> None:
    generate(tmp_path / "csv", FAMILIES, MONTHS, SEED, form="csv")
    assert [file.stem for file in files_of(tmp_path / "csv")] == [
        file.stem for file in files_of(generated.folder)
    ]
    one, other = (_claims_of(folder, "2026-02") for folder in (tmp_path / "csv", generated.folder))
    assert one.claims.equals(other.claims)
    assert one.lines.equals(other.lines)


@pytest.mark.parametrize("seed", [0, 17])
def test_a_country_may_be_one_family_with_or_without_a_policy(tmp_path: Path, seed: int) -> None:
    made = generate(tmp_path / "scheme", 1, 1, seed)
    assert made.families == 1
    assert _claims_of(tmp_path / "scheme").claims.num_rows == made.claims


@pytest.mark.parametrize("currency", ["XAF", "KWD"])
def test_amounts_have_the_decimals_of_the_currency(tmp_path: Path, currency: str) -> None:
    generate(tmp_path / "scheme", 30, 1, 1, currency=currency)
    scheme = open_scheme(tmp_path / "scheme")
    assert scheme.settings.currency == currency
    assert not len(read_registers(scheme.registers, scheme.settings.decimals).set_aside)


def test_progress_is_told_from_nothing_to_all(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    generate(tmp_path / "scheme", 20, 2, 1, progress=lambda *said: told.append(said))
    for stage in ("generation.registers", "generation.claims"):
        steps = [(done, total) for key, done, total in told if key == stage]
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1]
        assert steps == sorted(steps)


# Whole in itself.


def test_the_scheme_is_read_without_a_complaint(generated: Generated) -> None:
    scheme = open_scheme(generated.folder)
    reading = read_registers(scheme.registers, scheme.settings.decimals)
    assert not reading.warnings
    assert not len(reading.set_aside)
    claims = _claims_of(generated.folder)
    assert not len(claims.set_aside)
    assert (claims.claims.num_rows, claims.lines.num_rows) == (generated.made.claims, generated.made.lines)


def _claims_of(folder: Path, month: str = "*") -> ClaimsReading:
    facilities = read_registers(folder / "registers", 2).tables["facilities"]
    return read_claims(sorted((folder / "claims").glob(month)), 2, facilities)


@pytest.mark.parametrize(
    ("table", "column", "register", "key"),
    [
        ("price_lists", "code", "provisions", "code"),
        ("locations", "parent", "locations", "code"),
        ("facilities", "location", "locations", "code"),
        ("facilities", "service_price_list", "price_lists", "price_list"),
        ("facilities", "item_price_list", "price_lists", "price_list"),
        ("catchments", "facility", "facilities", "code"),
        ("catchments", "location", "locations", "code"),
        ("families", "location", "locations", "code"),
        ("insurees", "family", "families", "family"),
        ("policies", "family", "families", "family"),
        ("covers", "policy", "policies", "policy"),
        ("covers", "insuree", "insurees", "insuree"),
        ("contributions", "policy", "policies", "policy"),
    ],
)
def test_registers_refer_to_each_other(
    generated: Generated, table: str, column: str, register: str, key: str
) -> None:
    told = generated.register(table)[column].dropna()
    assert told.isin(generated.register(register)[key]).all()


@pytest.mark.parametrize(
    ("column", "register", "key"),
    [
        ("facility", "facilities", "code"),
        ("referred_from", "facilities", "code"),
        ("insuree", "insurees", "insuree"),
        ("diagnosis", "diagnoses", "code"),
        ("diagnosis_1", "diagnoses", "code"),
    ],
)
def test_claims_refer_to_registers(generated: Generated, column: str, register: str, key: str) -> None:
    assert generated.claims[column].dropna().isin(generated.register(register)[key]).all()


def test_lines_refer_to_claims_and_provisions(generated: Generated) -> None:
    claims, lines, provisions = generated.claims, generated.lines, generated.register("provisions")
    assert set(lines["claim"]) == set(claims["claim"])
    held = set(zip(provisions["kind"], provisions["code"], strict=True))
    assert set(zip(lines["kind"], lines["code"], strict=True)) <= held


def test_policies_are_of_the_products_in_the_folder(generated: Generated) -> None:
    products = {source.definition.product for source in open_scheme(generated.folder).products}
    assert set(generated.register("policies")["product"]) <= products


def test_numbers_are_unique_and_count_up(generated: Generated) -> None:
    claims = generated.claims
    assert claims["claim"].is_unique
    assert not generated.lines.duplicated(["claim", "line"]).any()
    parts = claims["claim"].astype(str).str.extract(r"^(HF\d{4})-(\d{4})-(\d{6})$")
    assert (parts[0] == claims["facility"].astype(str)).all()
    for _, numbers in parts.groupby(0):
        assert numbers[2].astype(int).tolist() == list(range(1, len(numbers) + 1))


def test_the_shipped_products_fit_the_registers(generated: Generated) -> None:
    scheme = open_scheme(generated.folder)
    codes = RegisterCodes.of(read_registers(scheme.registers, scheme.settings.decimals).tables)
    assert not [problem.told() for problem in check_products(scheme.products, codes)]


# Plausible.


def days(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column)


def test_claims_are_in_the_month_in_which_they_are_claimed(generated: Generated) -> None:
    claims = generated.claims
    assert (days(claims["date_claimed"]).dt.strftime("%Y-%m") == claims["month"]).all()


def test_dates_are_in_order(generated: Generated) -> None:
    claims = generated.claims
    first, claimed = days(claims["date_from"]), days(claims["date_claimed"])
    last = days(claims["date_to"]).fillna(first)
    assert (first <= last).all()
    assert (last < claimed).all()


def test_sound_claims_are_of_the_living(generated: Generated) -> None:
    insurees = generated.register("insurees").set_index("insuree")
    patients = insurees.loc[generated.sound["insuree"]]
    first = days(generated.sound["date_from"]).to_numpy()
    last = days(generated.sound["date_to"]).fillna(days(generated.sound["date_from"])).to_numpy()
    assert (days(patients["birth_date"]).to_numpy() <= first).all()
    died = days(patients["valid_to"]).to_numpy()
    assert not (died < last).any()


def test_claims_come_from_open_facilities(generated: Generated) -> None:
    facilities = generated.register("facilities").set_index("code").loc[generated.claims["facility"]]
    first = days(generated.claims["date_from"]).to_numpy()
    assert not (days(facilities["valid_to"]).to_numpy() < first).any()


def test_people_are_of_all_ages(generated: Generated) -> None:
    insurees = generated.register("insurees")
    age = (pd.Timestamp("2026-04-30") - days(insurees["birth_date"])).dt.days // 365
    assert 0.40 < (age < 18).mean() < 0.60
    assert 0.02 < (age >= 65).mean() < 0.08
    assert age.max() < 110
    assert 0.45 < (insurees["sex"] == "male").mean() < 0.55
    assert insurees["head"].sum() == FAMILIES
    heads = insurees[insurees["head"]]
    assert ((pd.Timestamp("2026-04-30") - days(heads["birth_date"])).dt.days // 365 >= 19).all()


def test_utilisation_is_what_was_asked_for(generated: Generated) -> None:
    assert 0.6 < generated.made.claims / FAMILIES / MONTHS < 1.1
    assert 3 < generated.made.lines / generated.made.claims < 5


def test_there_is_care_of_every_kind(generated: Generated) -> None:
    provisions = generated.register("provisions").drop_duplicates("code").set_index("code")
    categories = set(provisions.loc[generated.lines["code"]]["category"].dropna())
    assert categories >= {"surgery", "delivery", "antenatal", "hospitalization", "consultation", "visit"}
    assert set(generated.claims["visit_type"]) == {"other", "referral", "emergency"}
    stays = days(generated.claims["date_to"]) > days(generated.claims["date_from"])
    assert 0.02 < stays.mean() < 0.10
    levels = generated.register("facilities").set_index("code").loc[generated.claims["facility"]]["level"]
    assert set(levels) == {"hospital", "health_centre", "dispensary"}


def test_policies_are_in_every_state(generated: Generated) -> None:
    policies = generated.register("policies")
    assert set(policies["status"]) == {"idle", "ready", "active", "suspended", "expired"}
    assert set(policies["stage"]) == {"new", "renewal"}
    assert (days(policies["effective"]) <= days(policies["expiry"])).all()
    at_once = policies[policies["status"].isin(["active", "ready"])].groupby("family")["product"].nunique()
    assert at_once.max() > 1


def test_covers_lie_within_their_policies_and_some_begin_later(generated: Generated) -> None:
    covers = generated.register("covers").merge(
        generated.register("policies"), on="policy", suffixes=("", "_policy")
    )
    assert (days(covers["effective"]) >= days(covers["effective_policy"])).all()
    assert (days(covers["expiry"]) == days(covers["expiry_policy"])).all()
    late = (days(covers["effective"]) > days(covers["effective_policy"])).mean()
    assert 0 < late < 0.2


def test_unpaid_policies_have_no_contribution(generated: Generated) -> None:
    policies, contributions = generated.register("policies"), generated.register("contributions")
    idle = policies[policies["status"] == "idle"]["policy"]
    assert not contributions["policy"].isin(idle).any()
    assert (contributions["amount"] > 0).all()


def test_registers_have_versions_and_silent_price_lists(tmp_path: Path) -> None:
    generate(tmp_path / "year", 30, 8, 1)
    year = Generated(tmp_path / "year", None)  # type: ignore[arg-type]
    provisions, lists = year.register("provisions"), year.register("price_lists")
    assert provisions.duplicated(["kind", "code"]).any()
    assert lists.duplicated(["price_list", "kind", "code"]).any()
    assert 0.2 < lists["price"].isna().mean() < 0.8


# Planted faults.


def test_faults_refer_to_claims_and_lines(generated: Generated) -> None:
    faults, claims, lines = generated.faults, generated.claims, generated.lines
    assert len(faults) == generated.made.faults
    keys = set(zip(claims["facility"], claims["claim"], strict=True))
    assert set(zip(faults["facility"], faults["claim"], strict=True)) <= keys
    about_lines = faults[faults["line"].notna()]
    held = set(zip(lines["claim"], lines["line"], strict=True))
    assert set(zip(about_lines["claim"], about_lines["line"], strict=True)) <= held
    assert set(faults["fault"]) <= set(Fault.words())
    assert faults["note"].str.len().min() > 10


def test_few_claims_have_faults_and_most_kinds_occur(generated: Generated) -> None:
    share = generated.faults["claim"].nunique() / generated.made.claims
    assert 0.003 < share < 0.03
    assert generated.faults["fault"].nunique() >= 10


def test_duplicates_are_what_they_repeat(generated: Generated) -> None:
    claims = generated.claims.set_index("claim")
    repeated = generated.faults[generated.faults["fault"] == "duplicate"]
    assert len(repeated)
    for claim, note in zip(repeated["claim"], repeated["note"], strict=True):
        other = next(word.strip(",") for word in note.split() if word.startswith("HF"))
        same = ["facility", "insuree", "date_from", "diagnosis"]
        assert claims.loc[claim, same].tolist() == claims.loc[other, same].tolist()
        assert claims.loc[claim, "date_claimed"] > claims.loc[other, "date_claimed"]


def test_without_faults_none_are_labelled(tmp_path: Path) -> None:
    made = generate(tmp_path / "sound", 50, 1, 1, faults=False)
    assert made.faults == 0
    assert not list((tmp_path / "sound").glob("faults.*"))


# What is refused.


@pytest.mark.parametrize(
    "asked",
    [
        {"families": 0},
        {"months": 0},
        {"seed": -1},
        {"utilisation": 0.0},
        {"start": "January"},
        {"start": "2026-13"},
        {"start": "1999-01"},
    ],
    ids=str,
)
def test_what_cannot_be_generated_is_refused(tmp_path: Path, asked: dict[str, object]) -> None:
    arguments = {"families": 10, "months": 1, "seed": 1, **asked}
    with pytest.raises(Refused):
        generate(tmp_path / "scheme", **arguments)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(Refused, match="not empty"):
        generate(tmp_path, 10, 1, 1)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]
