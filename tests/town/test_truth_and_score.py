"""The truth names every fault with its energies; findings are scored against it, by command line too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mingdu.main.cli.town import NoSuchFile, register
from mingdu.town.faults import Kind
from mingdu.town.model import Town
from mingdu.town.score import AREA_BALANCE, BadFinding, read_findings, score
from mingdu.town.truth import truth_of, typed_end_digits

Row = dict[str, Any]


@pytest.fixture(scope="module")
def truth(town: Town) -> Row:
    return truth_of(town)


def finding_of(fault: Row, rule: str) -> Row:
    return {"usage_point": fault["usage_point"], "rule": rule, "first": fault["from"], "last": fault["to"]}


def faults_of(truth: Row, kind: Kind) -> list[Row]:
    return [fault for fault in truth["faults"] if fault["kind"] == kind]


def command_line() -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)
    register(app)
    return app


def test_energies_of_each_kind_tell_what_the_fault_hides(truth: Row) -> None:
    assert all(fault["true_wh"] > 0 for fault in truth["faults"])
    assert all(
        fault["recorded_wh"] == 0 for kind in (Kind.GAP, Kind.STUCK) for fault in faults_of(truth, kind)
    )
    assert all(fault["recorded_wh"] == -fault["true_wh"] for fault in faults_of(truth, Kind.REVERSED))
    assert all(fault["recorded_wh"] > 10 * fault["true_wh"] for fault in faults_of(truth, Kind.SPIKE))
    assert all(fault["recorded_wh"] < -9 * 10**8 for fault in faults_of(truth, Kind.ROLL_OVER))
    assert all(fault["recorded_wh"] < -(10**6) for fault in faults_of(truth, Kind.EXCHANGE))
    (thief,) = faults_of(truth, Kind.THIEF)
    assert 0.4 < thief["recorded_wh"] / thief["true_wh"] < 0.9


def test_every_month_of_every_point_is_told(truth: Row, town: Town) -> None:
    energy = truth["monthly_energy_wh"]
    assert len(energy) == 603
    assert energy["P0530100042"]["2026-12"] == 310_000
    assert sum(energy["P0530100201"].values()) == town.factory.import_wh.sum()
    assert all(months["2026-12"] > 0 for months in energy.values())


def test_silence_and_typing_error_are_told(truth: Row) -> None:
    assert truth["silent"]["terminal"] == "530126900042"
    assert truth["silent"]["from"] == "2026-12-28T00:00:00+08:00"
    assert truth["mistyped"]["typed_digits"] == 653_847


@pytest.mark.parametrize(("true_digits", "typed"), [(635_847, 653_847), (123_456, 132_456), (100, 100)])
def test_a_tired_hand_swaps_hundreds_and_tens(true_digits: int, typed: int) -> None:
    assert typed_end_digits(true_digits) == typed


def test_a_finding_on_the_fault_is_found_and_elsewhere_is_a_false_alarm(truth: Row) -> None:
    stuck = faults_of(truth, Kind.STUCK)
    far = {**finding_of(stuck[0], "STUCK"), "first": "2026-01-03T00:00", "last": "2026-01-05T00:00"}
    healthy = {**finding_of(stuck[0], "STUCK"), "usage_point": "P0530100042"}
    findings = read_findings([finding_of(stuck[0], "STUCK"), far, healthy, finding_of(stuck[1], "GAP")])
    scores = {each.kind: each for each in score(findings, truth, 1_000)}
    assert (scores[Kind.STUCK].planted, scores[Kind.STUCK].found) == (3, 1)
    assert scores[Kind.STUCK].false_alarms == 2
    assert scores[Kind.STUCK].as_json()["false_alarms_per_million_meter_days"] == 2_000
    assert scores[Kind.STUCK].as_json()["recall_per_mille"] == 333
    # A finding of another rule on a planted fault is no find, and no false alarm either.
    assert (scores[Kind.GAP].found, scores[Kind.GAP].false_alarms) == (0, 0)


def test_a_kind_that_was_not_planted_has_no_recall() -> None:
    (gap, *_) = score([], {"faults": []}, 10)
    assert gap.as_json()["recall_per_mille"] is None


@pytest.mark.parametrize(
    "row",
    [
        {"usage_point": "P1", "rule": "GAP", "first": "2026-12-01"},
        {"usage_point": "P1", "rule": "GAP", "first": "yesterday", "last": "2026-12-01"},
        {"usage_point": "P1", "rule": None, "first": "2026-12-01", "last": "2026-12-01"},
        ["P1", "GAP"],
        {"usage_point": "P1", "rule": "gap", "first": "2026-12-01", "last": "2026-12-01"},
        {"usage_point": "P1", "rule": "GAP", "day": "2026-12-01", "first_interval": 4},
        {"usage_point": "P1", "rule": "GAP", "day": "2026-12-01", "first_interval": 4, "latest_interval": ""},
    ],
    ids=["no end", "no time", "no rule", "no object", "unknown rule", "no interval", "no number"],
)
def test_refuses_a_finding_that_cannot_be_read(row: Any) -> None:
    with pytest.raises(BadFinding, match="finding 1"):
        read_findings([row])


def test_build_writes_a_town(tmp_path: Path) -> None:
    run = CliRunner().invoke(
        command_line(), ["town", "build", "--points", "3", "--seed", "5", "--out", str(tmp_path)]
    )
    assert run.exit_code == 0, run.output
    assert run.output.startswith("files=29 ")
    assert (tmp_path / "registry.json").is_file()


def test_truth_prints_json() -> None:
    run = CliRunner().invoke(command_line(), ["town", "truth", "--points", "60", "--seed", "20"])
    assert json.loads(run.output)["points"] == 60


@pytest.mark.parametrize("form", ["json", "csv"])
def test_score_reads_json_and_csv(tmp_path: Path, form: str) -> None:
    (thief,) = faults_of(truth_of(Town(20, points=60)), Kind.THIEF)
    finding = finding_of(thief, AREA_BALANCE)
    file = tmp_path / f"findings.{form}"
    lines = [",".join(finding), ",".join(finding.values())]
    file.write_text(json.dumps([finding]) if form == "json" else "\n".join(lines))
    run = CliRunner().invoke(
        command_line(), ["town", "score", "--points", "60", "--seed", "20", "--findings", str(file)]
    )
    scores = {each["kind"]: each for each in json.loads(run.output)}
    assert scores["thief"]["recall_per_mille"] == 1_000
    assert scores["gap"]["found"] == 0


def test_score_refuses_a_file_that_is_not_there_or_not_findings(tmp_path: Path) -> None:
    broken, single = tmp_path / "broken.json", tmp_path / "single.json"
    broken.write_text("{")
    single.write_text("{}")
    for path, error in ((tmp_path / "none.json", NoSuchFile), (broken, BadFinding), (single, BadFinding)):
        run = CliRunner().invoke(command_line(), ["town", "score", "--points", "5", "--findings", str(path)])
        assert isinstance(run.exception, error)
