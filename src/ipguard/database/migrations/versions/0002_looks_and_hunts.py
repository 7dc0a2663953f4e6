"""Pictures that were seen are kept to be compared again.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

JSON = sa.JSON().with_variant(JSONB(), "postgresql")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "hunt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_id", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("pictures_total", sa.Integer(), nullable=False),
        sa.Column("listings", sa.Integer(), nullable=False),
        sa.Column("listings_total", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("new_alerts", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hunt")),
    )
    with op.batch_alter_table("hunt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hunt_state"), ["state"], unique=False)

    op.create_table(
        "picture_finding",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("work_id", sa.String(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("finding", JSON, nullable=False),
        sa.PrimaryKeyConstraint("sha256", "work_id", "reference", name=op.f("pk_picture_finding")),
    )
    op.create_table(
        "picture_fingerprint",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_picture_fingerprint")),
    )
    op.create_table(
        "picture_look",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("skipped", JSON, nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_picture_look")),
    )
    op.create_table(
        "watchlist_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist_edition")),
    )
    with op.batch_alter_table("reference_picture", schema=None) as batch_op:
        batch_op.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Bring them back."""
    with op.batch_alter_table("reference_picture", schema=None) as batch_op:
        batch_op.drop_column("edition")

    op.drop_table("watchlist_edition")
    op.drop_table("picture_look")
    op.drop_table("picture_fingerprint")
    op.drop_table("picture_finding")
    with op.batch_alter_table("hunt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hunt_state"))

    op.drop_table("hunt")
