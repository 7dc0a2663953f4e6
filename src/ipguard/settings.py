"""A workspace folder and its settings: `ipguard.toml`, overridden by IPGUARD_… in the environment."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from ipguard.errors import NotConfigured, WrongUse

FILE_NAME = "ipguard.toml"
WORKSPACE_VARIABLE = "IPGUARD_WORKSPACE"
DATABASE_VARIABLE = "IPGUARD_DATABASE_URL"
PASSPHRASE_VARIABLE = "IPGUARD_EVIDENCE_PASSPHRASE"  # noqa: S105 — the variable's name, not a secret
PASSPHRASE_FILE_VARIABLE = "IPGUARD_EVIDENCE_PASSPHRASE_FILE"  # noqa: S105
PDF_PASSPHRASE_VARIABLE = "IPGUARD_PDF_PASSPHRASE"  # noqa: S105
OIDC_SECRET_VARIABLE = "IPGUARD_OIDC_SECRET"  # noqa: S105
MAIL_PASSWORD_VARIABLE = "IPGUARD_MAIL_PASSWORD"  # noqa: S105


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Crawling(_Section):
    """How we introduce ourselves and how gently we ask."""

    contact_url: str = ""
    """A page that says who crawls and how to object; part of the User-Agent."""
    contact_mail: str = ""
    """Sent in the From header (RFC 9110 §10.1.2)."""
    min_gap_seconds: float = Field(default=1.0, ge=0.0)
    """Between two requests to one host; robots.txt and a source may ask for more."""
    chromium: str = ""
    """Path of the Chromium for browser captures; the first one of this machine if empty."""
    name_servers: tuple[str, ...] = ()
    """Asked about hits, as `address` or `address:port` (`[address]:port` for IPv6); this machine's own if empty."""
    rdap_services: Path | None = None
    """A file like https://data.iana.org/rdap/dns.json (RFC 9224), relative to the workspace; a small table if none."""

    keys: Path = Path("keys.toml")
    """A file with the keys of sources that want one, relative to the workspace; only its owner may read it (0600)."""

    @property
    def servers(self) -> tuple[tuple[str, int], ...] | None:
        """Address and port of each name server; None for this machine's own."""
        return tuple(map(_server, self.name_servers)) or None

    @field_validator("name_servers")
    @classmethod
    def _known_servers(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            _server(one)
        return given


def _server(text: str) -> tuple[str, int]:
    """Address and port of a name server; raises ValueError where it is none."""
    bare = text.strip("[]") if text.count(":") != 1 and "]:" not in text else ""
    host, _, port = (bare, "", "53") if bare else text.rpartition(":")
    address = str(ip_address(host.strip("[]")))
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"{text!r} has no usable port")
    return address, int(port)


class Authority(_Section):
    """A time-stamping authority (RFC 3161)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    url: str
    """`local` runs one in process: for trying things out, without legal value."""
    roots: Path | None = None
    """PEM file of the roots its tokens must lead to, relative to the workspace."""


class Witness(_Section):
    """Somebody else who sees every checkpoint and vouches that the log has one history (C2SP tlog-witness)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    url: str
    vkey: str
    """The witness's verifier key, as its keeper gave it to you."""


class Signer(_Section):
    """A certificate that signs the report of every bundle; its passphrase is IPGUARD_PDF_PASSPHRASE."""

    pkcs12: Path
    """PKCS#12 file, relative to the workspace."""
    authority: str = ""
    """Name of one of the time-stamping authorities, for the signature's own stamp."""


class Evidence(_Section):
    """How evidence is signed, stamped, kept and told."""

    origin: str = "ipguard.invalid/log"
    """Name of the log, part of every checkpoint; set once by `ipguard init`."""
    legal_basis: str = "Legitimate interest: establishment and defence of legal claims"
    authorities: tuple[Authority, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    beacon_url: str = ""
    """A drand beacon (…/public/latest) asked before each batch is kept: exhibits are shown not to be older."""
    retain_days: int = Field(default=0, ge=0)
    """How long exhibits are to be kept at least; 0 says nothing."""
    organisation: str = ""
    """Whom you work for, as the papers of a bundle name it."""
    time_zone: str = "UTC"
    """IANA zone of the local times that stand beside UTC in those papers."""
    language: Literal["en", "zh", "ja"] = "en"
    """Language of the report in a bundle."""
    pdf_signer: Signer | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no time zone; write one like Asia/Shanghai") from error
        return name


class Console(_Section):
    """Where the console listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65535)
    language: str = "en"
    exhibit_port: int = Field(default=0, ge=0, le=65535)
    """Where captured pages of strangers are shown, apart from the console; 0: the port after the console's."""
    exhibit_origin: str = Field(default="", pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$")
    """How a browser reaches that port, where a proxy stands before it: another host or port than the console's own."""


class Oidc(_Section):
    """A provider that signs people in (OpenID Connect); needs the extra `oidc`. Its secret is IPGUARD_OIDC_SECRET."""

    issuer: str
    """As its discovery document names it, for example https://login.example.com/realms/staff"""
    client_id: str
    label: str = ""
    """Its name on the button."""
    scopes: tuple[str, ...] = ("openid", "profile")
    groups_claim: str = "groups"
    """The claim of the id_token that lists somebody's groups."""
    roles: dict[str, Literal["analyst", "legal", "reader"]] = {}
    """Group to role: whoever is in one of these gets an account at the first sign-in. None of them makes an admin."""
    public_url: str = ""
    """Where browsers reach the console, if not as the request says: https://ipguard.example"""

    @field_validator("issuer", "public_url")
    @classmethod
    def _safe(cls, url: str) -> str:
        parts = urlsplit(url)
        near = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
        if url and not (near or (parts.scheme == "https" and parts.hostname)):
            raise ValueError("must begin with https://")
        return url


class People(_Section):
    """How people sign in and how long they stay."""

    idle_minutes: int = Field(default=120, ge=5, le=24 * 60)
    """A session that nobody used for so long ends."""
    session_hours: int = Field(default=12, ge=1, le=30 * 24)
    """It ends in any case after this; NIST SP 800-63B §2.2.3 says twelve hours at AAL2."""
    second_step_for: tuple[Literal["analyst", "legal", "admin", "reader"], ...] = ()
    """Roles that must set up codes as a second step before they can do anything else."""
    oidc: Oidc | None = None


class Embeddings(_Section):
    """A model of yours that says which pictures are alike; needs the extra `embeddings`."""

    model: Path
    """ONNX file, relative to the workspace; takes 1 × 3 × size × size, answers with one vector."""
    size: int = Field(default=224, ge=16, le=1024)
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """Of R, G and B in 0..1; those of ImageNet, with which most models were trained."""
    threshold: float = Field(gt=0.0, lt=1.0)
    """Cosine from which two pictures are called alike: it is the model's, so there is no default."""


class Matching(_Section):
    """What is asked beside the matchers that always run."""

    ocr: bool = False
    """Read text in pictures; needs the extra `ocr`, and about a second of CPU a picture."""
    embeddings: Embeddings | None = None


class MailServer(_Section):
    """A mail server that takes our mail; its password is IPGUARD_MAIL_PASSWORD."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a server on this machine only."""
    user: str = ""
    sender: str = Field(pattern=r"^[^\r\n]+@[^\r\n]+$")
    ca_file: Path | None = None
    """PEM of the roots its certificate leads to, relative to the workspace; the system's if not given."""


class Notify(_Section):
    """How people are told."""

    console_url: str = Field(default="", pattern=r"^(https?://[^\s]+)?$")
    """Where people reach the console; messages carry links only where it is given."""
    local_hosts: tuple[str, ...] = ()
    """Receivers of webhooks that may have an address that is not public."""
    mail: MailServer | None = None


class Settings(_Section):
    """Everything a workspace can set."""

    database_url: SecretStr = SecretStr("")
    """Empty: SQLite in the workspace."""
    crawling: Crawling = Crawling()
    matching: Matching = Matching()
    evidence: Evidence = Evidence()
    console: Console = Console()
    people: People = People()
    notify: Notify = Notify()


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder with everything one rights-protection centre keeps."""

    folder: Path
    settings: Settings

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL; the environment wins, then the file, then SQLite in the workspace."""
        configured = os.environ.get(DATABASE_VARIABLE) or self.settings.database_url.get_secret_value()
        return configured or f"sqlite:///{self.folder / 'ipguard.db'}"

    @property
    def evidence(self) -> Path:
        """The evidence store."""
        return self.folder / "evidence"

    @property
    def pictures(self) -> Path:
        """Pictures by content: references and listing pictures."""
        return self.folder / "pictures"

    @property
    def marketplaces(self) -> Path:
        """Recipes of one's own: a folder each; they win over those that come with the package."""
        return self.folder / "marketplaces"

    @property
    def exports(self) -> Path:
        """Bundles that were exported."""
        return self.folder / "exports"

    @property
    def evidence_passphrase(self) -> bytes | None:
        """Opens the evidence store's keys: from the environment, or a file that it names, never from settings.

        Raises:
            NotConfigured: the file cannot be read.
        """
        if value := os.environ.get(PASSPHRASE_VARIABLE):
            return value.encode()
        file = os.environ.get(PASSPHRASE_FILE_VARIABLE)
        if not file:
            return None
        try:
            return Path(file).read_bytes().rstrip(b"\r\n") or None
        except OSError as error:
            raise NotConfigured(
                f"The passphrase file {file} cannot be read: {error.strerror}",
                hint=f"Correct {PASSPHRASE_FILE_VARIABLE}.",
            ) from error

    @property
    def oidc_secret(self) -> str:
        """What the console shows the OpenID provider; from the environment only, empty for a public client."""
        return os.environ.get(OIDC_SECRET_VARIABLE, "")

    @property
    def mail_password(self) -> str:
        """Opens the mail server; from the environment only."""
        return os.environ.get(MAIL_PASSWORD_VARIABLE, "")

    @property
    def channel_keys(self) -> Path:
        """Secrets of channels that were typed in."""
        return self.folder / "channel-keys"

    @property
    def pdf_passphrase(self) -> bytes | None:
        """Opens the certificate that signs reports; from the environment only."""
        value = os.environ.get(PDF_PASSPHRASE_VARIABLE)
        return value.encode() if value else None


def open_workspace(folder: Path | None = None) -> Workspace:
    """The workspace in `folder`, or in IPGUARD_WORKSPACE, or here.

    Raises:
        NotConfigured: there is no workspace there.
        WrongUse: its settings file has mistakes; all of them are named.
    """
    place = folder or Path(os.environ.get(WORKSPACE_VARIABLE) or ".")
    file = place / FILE_NAME
    if not file.is_file():
        raise NotConfigured(f"No workspace in {place.resolve()}", hint=f"Make one: ipguard init {place}")
    return Workspace(place.resolve(), read_settings(file))


def read_settings(file: Path) -> Settings:
    """Settings from a TOML file, every mistake named."""
    try:
        return Settings.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongUse(f"Cannot read {file}: {error}", hint="Correct the file.") from error
    except ValidationError as error:
        lines = "\n".join(
            f"  • {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise WrongUse(f"{file} has mistakes:\n{lines}", hint="Correct the settings named above.") from error
