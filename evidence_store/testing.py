"""Contract suites that ship with the ports: subclass, say how one is made, and run them with pytest."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod

import pytest

from evidence_store.blobs.store import BlobStore, read, receive
from evidence_store.digest import sha256
from evidence_store.errors import Malformed, StoreError, TimestampError
from evidence_store.timestamps.authority import TimestampAuthority
from evidence_store.timestamps.check import check_stamp


class BlobStoreContract(ABC):
    """What every `BlobStore` promises."""

    @pytest.fixture
    @abstractmethod
    def store(self) -> BlobStore:
        """An empty store."""

    def test_bytes_come_back_as_they_went_in(self, store: BlobStore) -> None:
        """Read after write, the empty blob included."""
        for data in (b"", b"\x00", b"listing" * 100_000):
            assert read(store, receive(store, data)) == data

    def test_the_same_bytes_are_kept_once(self, store: BlobStore) -> None:
        """Putting twice changes nothing."""
        receive(store, b"twice")
        receive(store, b"twice")

        assert list(store.digests()) == [sha256(b"twice")]

    def test_every_digest_is_told(self, store: BlobStore) -> None:
        """`digests` is complete."""
        kept = {receive(store, bytes([n])) for n in range(50)}

        assert set(store.digests()) == kept

    def test_what_is_not_there_is_said(self, store: BlobStore) -> None:
        """A missing blob is an error of ours."""
        with pytest.raises(StoreError):
            store.open(sha256(b"never kept"))

    def test_a_name_that_is_no_digest_is_refused(self, store: BlobStore) -> None:
        """Nobody walks out of the store."""
        for name in ("../../etc/passwd", "", "A" * 64):
            with pytest.raises((Malformed, StoreError)):
                read(store, name)

    def test_a_reader_may_stop_half_way(self, store: BlobStore) -> None:
        """Streams are closed by their reader, and the bytes stay."""
        digest = receive(store, b"x" * 10_000)
        with store.open(digest) as stream:
            assert isinstance(stream.read(10), bytes)

        assert io.BytesIO(read(store, digest)).read(1) == b"x"


class TimestampAuthorityContract(ABC):
    """What every `TimestampAuthority` promises."""

    @pytest.fixture
    @abstractmethod
    def authority(self) -> TimestampAuthority:
        """An authority that works."""

    def test_its_stamp_is_good_for_what_was_asked(self, authority: TimestampAuthority) -> None:
        """Query and response belong together and lead to its roots."""
        digest = bytes.fromhex(sha256(b"asked"))
        token = authority.stamp(digest)

        assert check_stamp(digest, token.query, token.response, authority.roots).at.tzinfo is not None

    def test_its_stamp_is_good_for_nothing_else(self, authority: TimestampAuthority) -> None:
        """Another digest is refused."""
        token = authority.stamp(bytes.fromhex(sha256(b"asked")))
        with pytest.raises(TimestampError):
            check_stamp(bytes.fromhex(sha256(b"other")), token.query, token.response, authority.roots)

    def test_two_stamps_do_not_answer_each_other_s_query(self, authority: TimestampAuthority) -> None:
        """Nonces tell them apart."""
        digest = bytes.fromhex(sha256(b"asked"))
        one, two = authority.stamp(digest), authority.stamp(digest)
        with pytest.raises(TimestampError, match="nonce"):
            check_stamp(digest, one.query, two.response, authority.roots)

    def test_it_has_a_name_that_can_name_files(self, authority: TimestampAuthority) -> None:
        """a-z, 0-9 and dashes."""
        assert authority.name.replace("-", "").isalnum()
        assert authority.name == authority.name.lower()
