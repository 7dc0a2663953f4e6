"""Signing the report with a certificate of the exporter's (PAdES, ETSI EN 319 142-1), by pyHanko."""

from __future__ import annotations

import io
from datetime import datetime

from evidence_store.bundles.story import PdfSigner
from evidence_store.errors import EvidenceError, SigningKeyError


def sign_pdf(pdf: bytes, signer: PdfSigner, at: datetime) -> bytes:
    """The report with an invisible PAdES signature, stamped by an authority where the signer names one.

    Raises:
        SigningKeyError: the certificate cannot be read, the passphrase does not open it, or it is not valid at `at`.
        EvidenceError: pyHanko is not installed, or the authority gave no stamp.
    """
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.sign import PdfSignatureMetadata, SimpleSigner
        from pyhanko.sign import PdfSigner as HankoSigner
        from pyhanko.sign.fields import SigSeedSubFilter
        from pyhanko.sign.general import SigningError
        from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
    except ImportError as error:
        raise EvidenceError(
            "Signing the report needs pyHanko, which is not installed", hint="pip install 'ipguard[sign]'"
        ) from error
    key = SimpleSigner.load_pkcs12(str(signer.pkcs12), passphrase=signer.passphrase)
    if key is None or key.signing_cert is None:
        raise SigningKeyError(
            f"The certificate in {signer.pkcs12} does not open",
            hint="Check the file and IPGUARD_PDF_PASSPHRASE.",
        )
    validity = key.signing_cert["tbs_certificate"]["validity"]
    if not validity["not_before"].native <= at <= validity["not_after"].native:
        raise SigningKeyError(
            f"The certificate in {signer.pkcs12} is not valid at {at:%Y-%m-%d}",
            hint="Configure a current one.",
        )
    metadata = PdfSignatureMetadata(
        field_name="Exporter", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    stamper = HTTPTimeStamper(signer.time_url, timeout=20) if signer.time_url else None
    out = io.BytesIO()
    try:
        HankoSigner(metadata, signer=key, timestamper=stamper).sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out
        )
    except (SigningError, PdfError, TimestampRequestError, OSError, ValueError) as error:
        raise EvidenceError(f"The report cannot be signed: {error}") from error
    return out.getvalue()
