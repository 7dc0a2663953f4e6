"""Channels, outbox, feeds, and requests that were answered.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "answered_request",
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("who", "key", name=op.f("pk_answered_request")),
    )
    with op.batch_alter_table("answered_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answered_request_at"), ["at"], unique=False)

    op.create_table(
        "notify_channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_ref", sa.String(), nullable=False),
        sa.Column("secret_ref", sa.String(), nullable=False),
        sa.Column("events", JSON, nullable=False),
        sa.Column("works", JSON, nullable=False),
        sa.Column("min_score", sa.Float(), nullable=False),
        sa.Column("daily_at", sa.String(), nullable=False),
        sa.Column("quiet_from", sa.String(), nullable=False),
        sa.Column("quiet_to", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("paused_why", sa.String(), nullable=False),
        sa.Column("seen", JSON, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_channel")),
        sa.UniqueConstraint("name", name=op.f("uq_notify_channel_name")),
    )
    with op.batch_alter_table("notify_channel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notify_channel_next_at"), ["next_at"], unique=False)

    op.create_table(
        "notify_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("last_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_feed")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_notify_feed_secret_sha256")),
    )
    op.create_table(
        "notify_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("event", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["notify_channel.id"],
            name=op.f("fk_notify_delivery_channel_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_delivery")),
        sa.UniqueConstraint("channel_id", "event_id", name=op.f("uq_notify_delivery_channel_id_event_id")),
    )
    with op.batch_alter_table("notify_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notify_delivery_channel_id"), ["channel_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notify_delivery_next_try_at"), ["next_try_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notify_delivery_state"), ["state"], unique=False)

    op.create_table(
        "notify_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["notify_delivery.id"],
            name=op.f("fk_notify_attempt_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notify_attempt")),
    )
    with op.batch_alter_table("notify_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notify_attempt_delivery_id"), ["delivery_id"], unique=False)


def downgrade() -> None:
    """Bring them back."""
    with op.batch_alter_table("notify_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notify_attempt_delivery_id"))

    op.drop_table("notify_attempt")
    with op.batch_alter_table("notify_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notify_delivery_state"))
        batch_op.drop_index(batch_op.f("ix_notify_delivery_next_try_at"))
        batch_op.drop_index(batch_op.f("ix_notify_delivery_channel_id"))

    op.drop_table("notify_delivery")
    op.drop_table("notify_feed")
    with op.batch_alter_table("notify_channel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notify_channel_next_at"))

    op.drop_table("notify_channel")
    with op.batch_alter_table("answered_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answered_request_at"))

    op.drop_table("answered_request")
