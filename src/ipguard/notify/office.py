"""The post office: one round looks what there is to tell, and tries what is due. Run by the schedule, or by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Engine, select
from sqlmodel import Session, col

from ipguard.database.engine import reading, transaction
from ipguard.errors import IpguardError
from ipguard.notify.channels import get_channel
from ipguard.notify.events import Trial, event_id, from_json
from ipguard.notify.gather import is_quiet, look
from ipguard.notify.outbox import claim, failed, forget_old, put, sent, waiting
from ipguard.notify.port import Notifier, Undelivered
from ipguard.notify.tables import ChannelRow, DeliveryRow

LOG = structlog.get_logger(__name__)
AT_ONCE = 50
"""Deliveries of one round: what is left waits for the next tick."""


@dataclass(frozen=True, slots=True)
class Office:
    """What a round needs."""

    database: Engine
    notifier_of: Callable[[ChannelRow], Notifier]
    """Raises NotConfigured where the channel's secret or the mail server is not there."""
    now: Callable[[], datetime]

    def is_due(self) -> bool:
        """Whether a round would do anything."""
        with reading(self.database) as session:
            return waiting(session, self.now())

    def round(self) -> int:
        """Look, and deliver what is due; returns how many deliveries got through."""
        self.collect()
        done = 0
        for _ in range(AT_ONCE):
            outcome = self._one()
            if outcome is None:
                break
            done += outcome
        return done

    def collect(self) -> int:
        """Put into the outbox what there is to tell; returns how many deliveries are new."""
        fresh = 0
        with transaction(self.database) as session:
            now = self.now()
            for channel in self._due(session, now):
                fresh += sum(put(session, channel, event, now) for event in look(session, channel, now))
                session.add(channel)
            forget_old(session, now)
        return fresh

    def try_out(self, name: str, *, by: str) -> str:
        """Tell a channel at once that it works; returns what went wrong, or nothing."""
        with transaction(self.database) as session:
            now = self.now()
            channel = get_channel(session, name)
            put(session, channel, Trial(event_id("test", channel.id, now.isoformat()), now, by), now)
            row = session.scalars(
                select(DeliveryRow)
                .where(col(DeliveryRow.channel_id) == channel.id, col(DeliveryRow.kind) == "test")
                .order_by(col(DeliveryRow.id).desc())
                .limit(1)
            ).one()
            row.next_try_at = now
            session.add(row)
        return self._deliver(row, channel, once=True)

    def _due(self, session: Session, now: datetime) -> list[ChannelRow]:
        wanted = select(ChannelRow).where(~col(ChannelRow.paused), col(ChannelRow.next_at) <= now)
        return list(session.scalars(wanted.order_by(col(ChannelRow.id)).with_for_update(skip_locked=True)))

    def _one(self) -> int | None:
        with transaction(self.database) as session:
            now = self.now()
            quiet = [one.id or 0 for one in session.scalars(select(ChannelRow)) if is_quiet(one, now)]
            row = claim(session, now, quiet=quiet)
            channel = session.get_one(ChannelRow, row.channel_id) if row else None
        if row is None or channel is None:
            return None
        return 0 if self._deliver(row, channel) else 1

    def _deliver(self, row: DeliveryRow, channel: ChannelRow, *, once: bool = False) -> str:
        number = row.id or 0
        try:
            self.notifier_of(channel).notify(from_json(row.event))
        except IpguardError as error:
            trouble = (
                error
                if isinstance(error, Undelivered)
                else Undelivered(str(error), again=True, hint=error.hint)
            )
            if once:
                trouble.again = False
            with transaction(self.database) as session:
                failed(session, number, trouble, self.now())
            LOG.warning("not delivered", channel=channel.name, delivery=number, again=trouble.again)
            return " ".join(filter(None, [f"{trouble}.", trouble.hint]))
        with transaction(self.database) as session:
            sent(session, number, self.now())
        return ""
