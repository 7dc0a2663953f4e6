"""What can go wrong with evidence, by whose fault it is.

EvidenceError
├── StoreError        the store on this machine
│   ├── StoreLocked       another process holds it
│   ├── StoreDamaged      bytes on disk differ from what was promised
│   ├── LogRolledBack     the log is behind, or differs from, a checkpoint it has signed
│   └── OutOfSpace        the disk is full; names what was kept
├── SigningKeyError   the signing key: missing, wrong passphrase, wrong permissions
├── TimestampError    a time-stamping authority: unreachable, refused, or its token is not good
├── WitnessError      a witness: unreachable, refused, or its cosignature is not good
└── Malformed         bytes handed to us do not have the form FORMAT.md says
"""

from __future__ import annotations


class EvidenceError(Exception):
    """Base of every error that leaves this package; `hint` says what to try."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class StoreError(EvidenceError):
    """The store on this machine cannot do what was asked."""


class StoreLocked(StoreError):
    """Another process is writing to this store."""

    hint = "Wait for it to finish, or stop the other ipguard process."


class StoreDamaged(StoreError):
    """Bytes on disk differ from what was promised; nothing is repaired silently."""

    hint = "Restore the store from a backup; keep the damaged copy."


class LogRolledBack(StoreError):
    """The log on disk is behind, or differs from, a checkpoint it has signed."""

    hint = "Someone put an old copy back, or the log was changed. Restore the newest backup."


class OutOfSpace(StoreError):
    """The disk is full. What was acknowledged before is safe."""

    hint = "Free some space and run the same command again."


class SigningKeyError(EvidenceError):
    """The signing key is missing, unreadable, or does not open with this passphrase."""


class TimestampError(EvidenceError):
    """A time-stamping authority did not give a good token; the evidence itself is kept."""

    hint = "The stamp is asked for again by itself; `ipguard evidence stamp` tries now."


class WitnessError(EvidenceError):
    """A witness did not cosign a checkpoint; the evidence and the log's own signature are kept."""

    hint = "The witness is asked again by itself; `ipguard evidence stamp` tries now."


class Malformed(EvidenceError):
    """Bytes do not have the form FORMAT.md says."""
