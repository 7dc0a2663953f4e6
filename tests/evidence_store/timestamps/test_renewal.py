"""A stamp outlives its certificate and its hash, by our reading and by BouncyCastle's."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_store.errors import Malformed, TimestampError
from evidence_store.timestamps.local_authority import LocalAuthority
from evidence_store.timestamps.renewal import check_record, first_record, renew_hash, renew_stamps

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTE = b"ipguard.test/log\n7\nroot\n\n-- signature\n"
YEAR = timedelta(days=365)
JARS = ":".join(f"/usr/share/java/{name}.jar" for name in ("bcprov", "bcpkix", "bcutil"))
SUPPORT = Path(__file__).parents[2] / "support" / "java"


def authority(folder: Path, at: datetime) -> LocalAuthority:
    return LocalAuthority(folder, now=lambda: at)


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> LocalAuthority:
    return authority(tmp_path_factory.mktemp("tsa1"), NOON)


@pytest.fixture(scope="module")
def second(tmp_path_factory) -> LocalAuthority:
    return authority(tmp_path_factory.mktemp("tsa2"), NOON + 9 * YEAR)


@pytest.fixture(scope="module")
def third(tmp_path_factory) -> LocalAuthority:
    return authority(tmp_path_factory.mktemp("tsa3"), NOON + 15 * YEAR)


@pytest.fixture(scope="module")
def roots(first, second, third) -> bytes:
    return first.roots + second.roots + third.roots


def ask(tsa: LocalAuthority):
    return lambda digest: tsa.stamp(digest).response


@pytest.fixture(scope="module")
def records(first, second, third) -> dict[str, bytes]:
    """One record at each age of its life, for NOTE."""
    import hashlib

    young = first_record(first.stamp(hashlib.sha256(NOTE).digest()).response)
    (renewed,) = renew_stamps([young], ask(second))
    (rehashed,) = renew_hash([renewed], [NOTE], ask(third))
    return {"young": young, "renewed": renewed, "rehashed": rehashed}


def test_each_age_says_when_the_first_stamp_was_made(records, roots):
    for name, at, stamps in (
        ("young", NOON, 1),
        ("renewed", NOON + 9 * YEAR, 2),
        ("rehashed", NOON + 15 * YEAR, 3),
    ):
        found = check_record(records[name], NOTE, roots, at)
        assert found.stamps[0].at == NOON
        assert len(found.stamps) == stamps
    assert found.hashes == ("sha256", "sha512")


def test_without_renewal_a_record_dies_with_its_certificate(records, roots):
    with pytest.raises(TimestampError, match="not renewed before its certificate ended"):
        check_record(records["young"], NOTE, roots, NOON + 11 * YEAR)
    assert check_record(records["renewed"], NOTE, roots, NOON + 11 * YEAR).stamps[0].at == NOON


def test_a_renewal_that_came_too_late_is_refused(records, third, roots):
    (late,) = renew_stamps([records["young"]], ask(third))
    with pytest.raises(TimestampError, match="after its certificate had ended"):
        check_record(late, NOTE, roots, NOON + 15 * YEAR)


def test_another_document_is_refused_at_every_age(records, roots):
    for record in records.values():
        with pytest.raises(TimestampError):
            check_record(record, NOTE + b"!", roots, NOON)


def test_a_root_that_is_not_given_is_not_trusted(records, first):
    with pytest.raises(TimestampError):
        check_record(records["renewed"], NOTE, first.roots, NOON + 9 * YEAR)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 9), st.data())
def test_one_new_stamp_takes_over_any_number_of_records(first, second, third, roots, count, data):
    import hashlib

    notes = [b"note %d" % n for n in range(count)]
    young = [first_record(first.stamp(hashlib.sha256(one).digest()).response) for one in notes]
    asked = []

    def once(tsa):
        def stamp(digest: bytes) -> bytes:
            asked.append(digest)
            return tsa.stamp(digest).response

        return stamp

    old = renew_hash(renew_stamps(young, once(second)), notes, once(third))
    assert [len(digest) for digest in asked] == [32, 64]
    chosen = data.draw(st.integers(0, count - 1))
    assert len(check_record(old[chosen], notes[chosen], roots, NOON + 15 * YEAR).stamps) == 3
    other = data.draw(st.integers(0, count - 1))
    if other != chosen:
        with pytest.raises(TimestampError):
            check_record(old[chosen], notes[other], roots, NOON + 15 * YEAR)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_bytes_make_the_check_fail_in_another_way(records, roots, data):
    record = bytearray(records[data.draw(st.sampled_from(sorted(records)))])
    for _ in range(data.draw(st.integers(1, 4))):
        record[data.draw(st.integers(0, len(record) - 1))] ^= data.draw(st.integers(1, 255))
    cut = (
        bytes(record[: data.draw(st.integers(0, len(record)))]) if data.draw(st.booleans()) else bytes(record)
    )
    try:
        found = check_record(cut, NOTE, roots, NOON)
    except (TimestampError, Malformed):
        return
    assert found.stamps[0].at == NOON  # what is outside every signature may change; the date may not


@pytest.fixture(scope="session")
def bouncy_castle(tmp_path_factory):
    """Asks BouncyCastle about a record."""
    if not all(Path(jar).exists() for jar in JARS.split(":")):
        pytest.skip("BouncyCastle's jars are not here: libbcpkix-java")
    classes = tmp_path_factory.mktemp("classes")
    source = SUPPORT / "CheckEvidenceRecord.java"
    subprocess.run(["javac", "-cp", JARS, "-d", classes, source], check=True, capture_output=True)

    def check(place: Path, record: bytes, data: bytes, at: datetime, certificate: Path) -> str:
        (place / "record.er").write_bytes(record)
        (place / "data").write_bytes(data)
        command = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}:{classes}", "CheckEvidenceRecord"]
        given_to = [place / "record.er", place / "data", str(int(at.timestamp())), certificate]
        return subprocess.run(
            [*command, *given_to], check=True, capture_output=True, text=True
        ).stdout.strip()

    return check


@pytest.mark.needs("javac")
def test_bouncy_castle_agrees_at_every_age(bouncy_castle, tmp_path, first, second, third):
    import hashlib

    others = [b"another note", b"and another"]
    notes = [NOTE, *others]
    young = [first_record(first.stamp(hashlib.sha256(one).digest()).response) for one in notes]
    renewed = renew_stamps(young, ask(second))
    rehashed = renew_hash(renewed, notes, ask(third))
    ages = ((young, first, NOON), (renewed, second, NOON + 9 * YEAR), (rehashed, third, NOON + 15 * YEAR))
    for records, tsa, at in ages:
        (tmp_path / "tsa.pem").write_bytes((tsa._folder / "tsa.pem").read_bytes())
        certificate = tmp_path / "tsa.pem"
        assert bouncy_castle(tmp_path, records[0], NOTE, at, certificate) == "VALID"
        assert bouncy_castle(tmp_path, records[0], NOTE + b"!", at, certificate).startswith("INVALID")
