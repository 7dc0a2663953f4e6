"""The report prints what a court asks for, on every page, and nothing silently disappears."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from evidence_store.bundles.papers import fonts
from evidence_store.bundles.papers.fonts import Typeface, typeface
from evidence_store.bundles.papers.pictures import printable
from evidence_store.bundles.papers.report import report_pdf
from evidence_store.bundles.papers.signing import sign_pdf
from evidence_store.bundles.story import PdfSigner
from evidence_store.errors import EvidenceError, SigningKeyError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def pdf(story_in) -> bytes:
    return report_pdf(story_in("en"))


@pytest.fixture
def pages(pdf, tmp_path) -> list[str]:
    (tmp_path / "report.pdf").write_bytes(pdf)
    command = ["pdftotext", "-layout", tmp_path / "report.pdf", "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    return text.replace("\u200b", "").split("\f")[:-1]


@pytest.mark.needs("pdftotext")
def test_every_page_of_an_exhibit_says_where_and_when(pages):
    exhibit_pages = [page for page in pages if page.lstrip().startswith("Exhibit E-000")]
    assert len(exhibit_pages) >= 6
    for page in exhibit_pages:
        joined = "".join(page.split())
        assert "https://moon-harbor.example/products/lantern-tee?variant=1234567890&utm_campaign=" in joined
        assert "https://moon-harbor.example/p/lantern" in joined
        assert "2026-11-24 12:00:00 UTC" in page
        assert "2026-11-24 20:00:00 +0800 Asia/Shanghai" in page


@pytest.mark.needs("pdftotext")
def test_pages_are_numbered_without_a_gap_and_the_index_leads_to_them(pages):
    for number, page in enumerate(pages, 1):
        assert page.rstrip().endswith(f"CASE-0007-{number:06}")
    first = next(n for n, page in enumerate(pages, 1) if page.lstrip().startswith("Exhibit E-0001"))
    assert f"CASE-0007-{first:06}" in pages[1]


@pytest.mark.needs("pdftotext")
def test_hostile_and_foreign_text_is_printed_as_it_is_or_spelled_out(pages):
    whole = "\n".join(pages)
    for text in ("星灯", "ランタン", "한국어", "<b>bold</b>", "#let x = 1", "<U+202E>"):
        assert text in whole
    assert "\u202e" not in whole
    assert "characters have no glyph" in whole
    assert "NO LEGAL VALUE" in whole
    assert "cannot be decoded" in whole


def test_it_is_pdf_a_and_the_same_each_time(pdf, story_in):
    assert b'pdfaid:part="2"' in pdf or b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert report_pdf(story_in("en")) == pdf


@pytest.mark.parametrize(("language", "word"), [("zh", "证物目录"), ("ja", "証拠目録")])
@pytest.mark.needs("pdftotext")
def test_it_speaks_chinese_and_japanese(story_in, language, word, tmp_path):
    (tmp_path / "r.pdf").write_bytes(report_pdf(story_in(language)))
    done = subprocess.run(["pdftotext", tmp_path / "r.pdf", "-"], capture_output=True, check=True)
    assert word in done.stdout.decode()


def test_chinese_without_a_font_is_refused_not_printed_as_boxes(story_in, monkeypatch):
    bare = Typeface((fonts.BUILT_IN,), fonts.BUILT_IN_COVERS)
    monkeypatch.setattr("evidence_store.bundles.papers.report.typeface", lambda _language: bare)
    with pytest.raises(EvidenceError, match="boxes"):
        report_pdf(story_in("en"))


def test_what_has_no_glyph_is_spelled_out_and_counted():
    face = typeface("en")
    assert face.visible("a\u0007\u202eb\U000f0000") == "a<U+0007><U+202E>b<U+F0000>"
    assert face.spelled_out == 3


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"x" * 100, b"<svg/>", b"%PDF-1.7"])
def test_what_is_no_picture_is_not_shown(data):
    assert printable(data).slices == ()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A throw-away certificate as PKCS#12, valid for a year around NOON."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away exporter")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOON - timedelta(days=180))
        .not_valid_after(NOON + timedelta(days=180))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, True, False, False, False), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("cert") / "exporter.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", key, made, None, BestAvailableEncryption(b"open"))
    )
    return path


@pytest.mark.needs("pdfsig")
def test_a_signed_report_is_valid_for_poppler_and_a_changed_one_is_not(pdf, certificate, tmp_path):
    signed = sign_pdf(pdf, PdfSigner(certificate, b"open"), NOON)

    def said(data: bytes) -> str:
        (tmp_path / "signed.pdf").write_bytes(data)
        return subprocess.run(
            ["pdfsig", "-nocert", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False
        ).stdout

    assert "Signature is Valid" in said(signed)
    where = signed.index(b"2026")
    assert "Signature is Valid" not in said(signed[:where] + b"2025" + signed[where + 4 :])


def test_a_certificate_that_cannot_be_used_is_said_so(pdf, certificate, tmp_path):
    for signer, at in (
        (PdfSigner(certificate, b"wrong"), NOON),
        (PdfSigner(tmp_path / "none.p12", b"open"), NOON),
        (PdfSigner(certificate, b"open"), NOON + timedelta(days=400)),
    ):
        with pytest.raises(SigningKeyError):
            sign_pdf(pdf, signer, at)
